//! Imports run downward only, between rooms and inside them.

use std::fs;

use crate::files::{root, sources};
use crate::modules::{Crate, circles};

/// The modules from the lowest up. A module may use itself and those before it.
const ORDER: &[&str] = &[
    "base",
    "config",
    "signing",
    "db",
    "pdf",
    "tenant",
    "jobs",
    "mail",
    "audit",
    "import",
    "auth",
    "members",
    "records",
    "expenses",
    "web",
    "account",
    "portal",
    "console",
    "worker",
    "connections",
    "app",
    "demo",
    "cli",
    "main",
];

fn rank(module: &str) -> usize {
    ORDER
        .iter()
        .position(|known| *known == module)
        .unwrap_or_else(|| panic!("{module} has no place in ORDER"))
}

#[test]
fn imports_run_downward() {
    for (from, used) in Crate::read(&sources()).uses() {
        let Some(room) = from.first() else { continue };
        for other in used.iter().filter_map(|other| other.first()) {
            assert!(rank(other) <= rank(room), "{} uses {other}", from.join("::"));
        }
    }
}

/// Two files that use each other can't be read, moved or tested alone. [`crate::modules`] says what counts as a
/// use.
#[test]
fn no_files_use_each_other_in_a_circle() {
    let uses = Crate::read(&sources()).uses();
    assert!(uses.values().map(|used| used.len()).sum::<usize>() > 500);
    let mut told = String::new();
    for circle in circles(&uses) {
        for name in &circle {
            let within = uses[name].iter().filter(|used| circle.contains(used));
            let within: Vec<String> = within.map(|used| used.join("::")).collect();
            told += &format!("{} uses {}\n", name.join("::"), within.join(", "));
        }
        told += "\n";
    }
    assert!(told.is_empty(), "\n{told}");
}

/// The finder works whichever way the files name each other.
#[test]
fn a_circle_is_seen_through_every_way_to_name_a_file() {
    let source = |path: &str, text: &str| (root().join("src").join(path), text.to_owned());
    let ways = [
        ("use crate::room::other::There;", "There"),
        ("use super::other::{self, Unused};", "other::There"),
        ("use super::{other as far};", "far::There"),
        ("", "super::other::There"),
        // In these cases a third file re-exports it.
        ("use super::Shown;", "Shown"),
        ("use super::other::*;", "There"),
    ];
    for (import, name) in ways {
        let sources = [
            source("room/mod.rs", "mod one;\nmod other;\npub use self::other::There as Shown;\n"),
            source("room/one.rs", &format!("{import}\npub struct Here;\nfn f(_: {name}) {{}}\n")),
            source("room/other.rs", "use super::one::Here;\npub struct There(Here);\n"),
        ];
        let found = circles(&Crate::read(&sources).uses());
        assert_eq!(found.len(), 1, "{import} {name}");
        assert_eq!(found[0].len(), 2, "the room itself only declares and re-exports: {found:?}");
    }
    let innocent = [
        source("room/mod.rs", "mod one;\nmod other;\npub use self::other::There;\n"),
        source("room/one.rs", "pub(in crate::room) struct Here; // super::other::There\n"),
        source("room/other.rs", "use super::one::Here;\nconst TEXT: &str = \"super::one\";\n"),
    ];
    assert!(circles(&Crate::read(&innocent).uses()).is_empty());
}

#[test]
fn the_map_in_lib_names_every_module_in_this_order() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let map: Vec<&str> = lib.lines().filter(|line| line.starts_with("//! |")).collect();
    let place =
        |module: &str| map.iter().position(|line| line.starts_with(&format!("//! | [`{module}`]")));
    let places: Vec<usize> = ORDER
        .iter()
        .rev()
        .filter(|module| **module != "main")
        .map(|module| place(module).unwrap_or_else(|| panic!("{module} is not on the map")))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}
