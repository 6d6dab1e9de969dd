//! The rules of the house that a compiler doesn't hold: imports run downward only, doors speak no
//! SQL, rooms no HTTP, and no file is too long.

mod files;
mod modules;
mod sql;
mod statements;

use std::fs;

use crate::files::{module, only_in_tests, root, sources, sources_below};

/// From the ground up. A module may use those before it and itself.
const ORDER: &[&str] = &[
    "base",
    "config",
    "signing",
    "db",
    "pdf",
    "tenant",
    "mail",
    "audit",
    "import",
    "auth",
    "members",
    "records",
    "expenses",
    "web",
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
    for (path, text) in sources() {
        let from = module(&path);
        if from == "lib" {
            continue;
        }
        for line in text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")) {
            for used in line.split("crate::").skip(1) {
                let name: String =
                    used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                assert!(
                    rank(&name) <= rank(&from),
                    "{}: {from} uses {name}: {line}",
                    path.display()
                );
            }
        }
    }
}

/// Modules in circles that are known and have to go. A room may take its own off this list, and nobody adds one.
const NOT_YET: [&str; 0] = [];

/// What two files of a room know of each other, nobody can read, move or test alone. [`modules`] says what
/// counts as a use.
#[test]
fn no_files_use_each_other_in_a_circle() {
    let uses = modules::uses(&sources());
    assert!(uses.values().map(|used| used.len()).sum::<usize>() > 500);
    let mut found: Vec<String> = Vec::new();
    let mut told = String::new();
    for circle in modules::circles(&uses) {
        for name in &circle {
            let within: Vec<String> = uses[name]
                .iter()
                .filter(|used| circle.contains(used))
                .map(|used| used.join("::"))
                .collect();
            told += &format!("{} uses {}\n", name.join("::"), within.join(", "));
            found.push(name.join("::"));
        }
        told += "\n";
    }
    found.sort();
    assert_eq!(found, NOT_YET, "\n{told}");
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

#[test]
fn doors_speak_no_sql_and_rooms_no_http() {
    for (path, text) in sources() {
        let module = module(&path);
        let doors = ["web", "portal", "console", "cli", "demo"];
        let rooms = ["auth", "members", "records", "expenses", "tenant", "mail", "audit", "import"];
        let product = text.split("#[cfg(test)]").next().unwrap();
        if doors.contains(&module.as_str()) {
            let sql = ["sqlx::query", "query!", "query_as", "query_scalar"];
            let found = sql.iter().find(|word| product.contains(**word));
            assert_eq!(found, None, "{}: SQL behind a door", path.display());
        }
        if rooms.contains(&module.as_str()) {
            assert!(!product.contains("axum"), "{}: HTTP in a room", path.display());
        }
    }
}

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

/// Without Fetch Metadata nothing but its token tells where a form comes from.
#[test]
fn every_posted_form_is_read_by_an_extractor_that_asks_for_its_token() {
    let portal: Vec<_> = sources_below(&["src"])
        .into_iter()
        .filter(|(path, _)| module(path) == "portal")
        .map(|(path, text)| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path, text))
        .collect();
    let mut handlers = 0;
    for (_, path, text) in &portal {
        for routed in text.split(".post(").skip(1) {
            let (name, _) = routed.split_once(')').unwrap();
            let (of, name) = name.rsplit_once("::").unwrap_or(("", name));
            let arguments = portal.iter().find_map(|(stem, at, text)| {
                let sibling = stem == of && at.parent() == path.parent();
                let here = if of.is_empty() { at == path } else { sibling };
                let (_, rest) = text.split_once(&format!("async fn {name}(")).filter(|_| here)?;
                rest.split_once(") -> ").map(|(arguments, _)| arguments)
            });
            let arguments = arguments.unwrap_or_else(|| panic!("{}: {of}::{name}", path.display()));
            let asks = arguments.contains(": Form<") || arguments.contains(": Sent<");
            assert!(asks, "{}: {of}::{name} takes no form", path.display());
            handlers += 1;
        }
    }
    assert!(handlers > 40, "{handlers}");
}

/// A page that `portal/next.rs` doesn't list is one that nobody comes back to after a sign-in.
#[test]
fn every_page_behind_sign_in_is_one_that_a_sign_in_leads_to() {
    const OTHERS: [&str; 14] = [
        "/confirm-email",
        "/first-sign-in",
        "/forgotten",
        "/reauthenticate",
        "/reset-password",
        "/sign-in/",
        "/sign-out",
        "/terms",
        // For anybody.
        "/.well-known/",
        "/policies",
        // What a page fetches by itself, or sends a form to.
        "/passkey-offer",
        "/profile/email/status",
        "/sign-in-methods/totp/qr.png",
        "/sessions/others/end",
    ];
    let quoted = |text: &str| text.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    let mut routed: Vec<String> = Vec::new();
    let mut listed: Vec<String> = Vec::new();
    for (path, text) in sources_below(&["src"]) {
        if module(&path) != "portal" {
            continue;
        }
        if path.ends_with("portal/next.rs") {
            let (_, list) = text.split_once("const PAGES").unwrap();
            listed = quoted(list.split_once("];").unwrap().0);
        }
        let named = text.split("&str = ").skip(1).filter(|text| text.starts_with("\"/"));
        for text in text.split(".route(").skip(1).chain(named) {
            let text = text.trim_start().strip_prefix('"');
            routed.extend(text.map(|text| text.split('"').next().unwrap().to_owned()));
        }
    }
    let is_file = |page: &str| page.ends_with("/pdf") || page.ends_with("/{format}/{year}");
    let is_other = |page: &str| OTHERS.iter().any(|start| page.starts_with(start));
    let mut behind: Vec<String> = routed
        .into_iter()
        .filter(|page| page != "/" && page != "/sign-in" && !is_other(page) && !is_file(page))
        .map(|page| {
            let parts = page.split('/').map(|part| if part.starts_with('{') { "*" } else { part });
            parts.collect::<Vec<_>>().join("/")
        })
        .collect();
    behind.sort();
    behind.dedup();
    assert_eq!(behind, listed);
}

/// ASVS 6.5.3, 7.2.3
#[test]
fn secrets_come_from_the_threads_generator_alone() {
    let others = ["SmallRng", "StdRng", "fastrand", "OsRng", "seed_from", "rand::rngs"];
    for (path, text) in sources() {
        let found = others.iter().find(|other| text.contains(**other));
        assert_eq!(found, None, "{}", path.display());
    }
}

/// Calls that `base/files.rs` alone may make, by file and line.
fn calls_past_files(calls: &[&str]) -> Vec<String> {
    let sources = sources();
    let tests = only_in_tests(&sources);
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

/// There it is said who may read what is written.
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

/// There what is no file is refused before anybody waits for it.
#[test]
fn every_file_is_opened_by_base_files() {
    let calls = ["fs::read(", "fs::read_to_string(", "File::open("];
    assert_eq!(calls_past_files(&calls), Vec::<String>::new());
}

#[test]
fn a_file_is_read_in_one_sitting() {
    for (path, text) in sources() {
        assert!(text.lines().count() <= 400, "{}: {} lines", path.display(), text.lines().count());
    }
}
