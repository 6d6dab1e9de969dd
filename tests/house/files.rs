//! The sources, as the house's tests read them.

use std::fs;
use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns every file of the product.
pub fn sources() -> Vec<(PathBuf, String)> {
    sources_below(&["src"])
}

pub fn sources_below(folders: &[&str]) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    for folder in folders {
        walk(&root().join(folder), &mut found);
    }
    assert!(found.len() > 50);
    found
}

/// Returns the room or door that a file belongs to.
pub fn module(path: &Path) -> String {
    let below = path.strip_prefix(root().join("src")).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// Returns the module of a file: `["web", "form"]` for `src/web/form/mod.rs` and for
/// `src/web/form.rs`.
pub fn module_of(path: &Path) -> Vec<String> {
    let below = path.strip_prefix(root().join("src")).unwrap().with_extension("");
    let mut parts: Vec<String> =
        below.components().map(|part| part.as_os_str().to_str().unwrap().to_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod" || last == "lib") {
        parts.pop();
    }
    parts
}

/// Returns the files that only a test build has: those declared by `#[cfg(test)] mod name;`, and those
/// below them.
pub fn only_in_tests(sources: &[(PathBuf, String)]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (path, text) in sources {
        let stem = path.file_stem().unwrap();
        let home = if stem == "mod" || stem == "lib" {
            path.parent().unwrap().to_owned()
        } else {
            path.with_extension("")
        };
        for rest in text.split("#[cfg(test)]\n").skip(1) {
            let line = rest.lines().next().unwrap().strip_suffix(';').unwrap_or_default();
            let name = line.split_once("mod ").map(|(_, name)| name);
            found.extend(name.map(|name| home.join(name)));
        }
    }
    found
}

/// Removes the items that only a test build has. As rustfmt formats them, an item ends at the first line with the
/// same indent as its first line that ends with `;` or `}`.
pub fn without_tests(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        for line in lines.by_ref() {
            let is_as_deep = line.len() - line.trim_start().len() == indent;
            if is_as_deep && line.ends_with([';', '}', ',']) {
                break;
            }
        }
    }
    kept
}
