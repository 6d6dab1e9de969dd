//! Rules of the house that the compiler doesn't check: imports run downward only, doors contain no SQL, rooms contain
//! no HTTP and no page of a door, files are opened in one place, and no file or folder is too long.

mod doors;
mod files;
mod imports;
mod modules;
mod sizes;
mod sql;
mod statements;
mod words;

use std::fs;

use crate::files::{only_in_tests, root, sources, sources_below};

#[test]
fn the_asvs_table_names_tests_that_exist() {
    let root = root();
    let table = fs::read_to_string(root.join("src/auth/asvs.md")).unwrap();
    let tests: String =
        sources_below(&["src", "tests"]).into_iter().map(|(_, text)| text).collect();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .filter(|row: &Vec<&str>| row[0].starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    assert_eq!(rows.len(), 66, "every requirement of V6 and V7");
    for row in rows {
        let [id, _, _, how, named] = row[..] else { panic!("five columns: {row:?}") };
        let names: Vec<&str> = named.split('`').skip(1).step_by(2).collect();
        let excused = how.starts_with("does not hold:") || how.starts_with("does not apply:");
        assert!(excused || !names.is_empty(), "{id} has neither a test nor a reason");
        for name in names {
            assert!(tests.contains(&format!("fn {name}()")), "{id}: there is no test {name}");
        }
    }
}

/// ASVS 6.5.3, 7.2.3: secrets come from the thread's generator.
#[test]
fn secrets_come_from_the_threads_generator_alone() {
    let others = ["SmallRng", "StdRng", "fastrand", "OsRng", "seed_from", "rand::rngs"];
    for (path, text) in sources() {
        let found = others.iter().find(|other| text.contains(**other));
        assert_eq!(found, None, "{}", path.display());
    }
}

/// Returns the calls that only `base/files.rs` may make, by file and line.
fn calls_past_files(calls: &[&str]) -> Vec<String> {
    let sources = sources();
    let tests = only_in_tests(&sources);
    assert!(tests.iter().any(|path| path.ends_with("mail/sns/tests")), "{tests:?}");
    let mut found = Vec::new();
    for (path, text) in &sources {
        let is_test = tests.iter().any(|test| path.with_extension("").starts_with(test));
        if is_test || path.ends_with("base/files.rs") {
            continue;
        }
        let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for (number, line) in product.lines().enumerate() {
            if calls.iter().any(|call| line.contains(call)) {
                found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    found
}

/// Each of its functions says who may read what is written.
#[test]
fn every_file_and_folder_is_written_by_base_files() {
    let calls = [
        "fs::write(",
        "fs::copy(",
        "File::create",
        "File::options",
        "OpenOptions",
        "create_dir",
        "DirBuilder",
    ];
    assert_eq!(calls_past_files(&calls), Vec::<String>::new());
}

/// It refuses everything but regular files, for which a reader could wait for ever.
#[test]
fn every_file_is_opened_by_base_files() {
    let calls = ["fs::read(", "fs::read_to_string(", "File::open("];
    assert_eq!(calls_past_files(&calls), Vec::<String>::new());
}
