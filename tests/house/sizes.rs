//! A file is read in one sitting, and a folder is seen at one glance.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::files::{root, sources, sources_below};

/// A folder with more files wants sub-folders that say why.
const MOST_FILES: usize = 12;
const MOST_LINES: usize = 400;
/// Files of the product aim at 150 lines. If half of them are longer than this, many have passed that aim.
const MEDIAN_LINES: usize = 130;

/// Adds each folder with the number of its own files.
fn count_files(folder: &Path, found: &mut BTreeMap<PathBuf, usize>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count_files(&path, found);
        } else {
            *found.entry(folder.to_owned()).or_default() += 1;
        }
    }
}

#[test]
fn a_folder_has_a_dozen_files_at_most() {
    let mut folders = BTreeMap::new();
    for top in ["src", "tests", "templates"] {
        count_files(&root().join(top), &mut folders);
    }
    assert!(folders.len() > 80, "{}", folders.len());
    folders.retain(|_, files| *files > MOST_FILES);
    assert_eq!(folders, BTreeMap::new());
}

#[test]
fn a_file_is_read_in_one_sitting() {
    for (path, text) in sources_below(&["src", "tests"]) {
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{}: {lines} lines", path.display());
    }
}

#[test]
fn most_files_of_the_product_are_short() {
    let mut lines: Vec<usize> = sources().iter().map(|(_, text)| text.lines().count()).collect();
    lines.sort_unstable();
    let median = lines[lines.len() / 2];
    assert!(median <= MEDIAN_LINES, "the median is {median} lines");
}
