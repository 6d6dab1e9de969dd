//! Doors contain no SQL. Rooms contain no HTTP and name no page of a door.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::files::{module, module_of, only_in_tests, sources, without_tests};
use crate::modules::{Crate, Name, strings};

/// Modules that speak HTTP or argv.
const DOORS: &[&str] = &["web", "account", "portal", "console", "cli", "demo"];
/// The web doors, each with the pages that both have.
const WEB_DOORS: [[&str; 2]; 2] = [["account", "portal"], ["account", "console"]];
/// Modules that decide and store.
const ROOMS: &[&str] =
    &["auth", "members", "records", "expenses", "tenant", "mail", "audit", "import", "jobs"];

/// Returns the product's own code in some rooms or doors, without tests.
fn product(wanted: &[&str]) -> Vec<(PathBuf, String)> {
    let sources = sources();
    let tests = only_in_tests(&sources);
    let found: Vec<_> = sources
        .into_iter()
        .filter(|(path, _)| wanted.contains(&module(path).as_str()))
        .filter(|(path, _)| !tests.iter().any(|test| path.with_extension("").starts_with(test)))
        .map(|(path, text)| (path, without_tests(&text)))
        .collect();
    assert!(!found.is_empty());
    found
}

/// Every way to send a statement: sqlx's macros and functions, or a connection or pool.
const SQL: [&str; 12] = [
    "sqlx::query",
    "query!",
    "query_as",
    "query_scalar",
    "query_file",
    "query_with",
    "raw_sql",
    "QueryBuilder",
    ".execute(",
    ".fetch",
    ".conn()",
    "PgListener",
];

/// The types of sqlx that a door may name: errors of rooms' functions, and the server's address.
const SQLX_TYPES: [&str; 3] =
    ["sqlx::Error", "sqlx::migrate::MigrateError", "sqlx::postgres::PgConnectOptions"];

#[test]
fn doors_speak_no_sql_and_rooms_no_http() {
    for (path, text) in product(DOORS).into_iter().chain(product(&["app", "worker"])) {
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let found = SQL.iter().find(|way| line.contains(**way));
            assert_eq!(found, None, "{}: SQL behind a door: {line}", path.display());
            let mut named = line.match_indices("sqlx::").map(|(at, _)| &line[at..]);
            let other = named.find(|name| !SQLX_TYPES.iter().any(|known| name.starts_with(known)));
            assert_eq!(other, None, "{}: a door knows more of sqlx", path.display());
        }
    }
    for (path, text) in product(ROOMS) {
        assert!(!text.contains("axum"), "{}: HTTP in a room", path.display());
    }
}

/// Returns the addresses of some folders' `places.rs` by name, each with what it is.
fn places(folders: &[&str]) -> BTreeMap<String, (String, String)> {
    let mut found = BTreeMap::new();
    for folder in folders {
        let file = format!("{folder}/places.rs");
        let (_, text) = sources().into_iter().find(|(path, _)| path.ends_with(&file)).unwrap();
        let (_, table) = text.split_once("places! {\n").unwrap();
        let (table, _) = table.split_once("\n}").unwrap();
        for line in table.lines().map(str::trim) {
            if line.is_empty() || line.starts_with("//") {
                continue;
            }
            let words: Vec<&str> = line.trim_end_matches(';').split(' ').collect();
            let [kind, name, path] = words[..] else { panic!("{line}") };
            let path = path.trim_matches('"').to_owned();
            assert!(
                found.insert(name.to_owned(), (path, kind.to_owned())).is_none(),
                "{name} twice"
            );
        }
    }
    assert!(found.len() > 20);
    found
}

/// The folders of the web doors' templates.
const FOLDERS: [&str; 3] = ["account/", "portal/", "console/"];

/// If a room named a page, other doors could not call it, and a page that moves would break its mails.
#[test]
fn rooms_name_no_page_and_no_template_of_a_door() {
    let places: Vec<String> =
        places(&["account", "portal", "console"]).into_values().map(|(path, _)| path).collect();
    let leads = |text: &str| {
        let page = places.iter().find(|place| place.len() > 1 && text.contains(place.as_str()));
        page.is_some()
            || text.strip_prefix('/').is_some_and(|rest| rest.starts_with(char::is_lowercase))
            || FOLDERS.iter().any(|folder| text.starts_with(folder))
    };
    for (path, text) in product(ROOMS) {
        let found = strings(&text).into_iter().find(|text| leads(text));
        assert_eq!(found, None, "{}: a page or a template of a door", path.display());
    }
    for (path, text) in product(&["web"]) {
        let is_a_doors = |text: &&String| FOLDERS.iter().any(|folder| text.starts_with(folder));
        let found = strings(&text).iter().find(is_a_doors).cloned();
        assert_eq!(found, None, "{}: a template of a door", path.display());
    }
}

/// A route of a web door: the address's name, and the handlers by method.
struct Route {
    place: String,
    /// For `get` or `post`: the file of the handler, and its arguments.
    handlers: Vec<(String, String)>,
}

/// Returns every route of some folders, with its handlers' arguments as they are written.
fn routes(folders: &[&str]) -> Vec<Route> {
    let sources = sources();
    let known = Crate::read(&sources);
    let texts: BTreeMap<Name, &String> =
        sources.iter().map(|(path, text)| (module_of(path), text)).collect();
    let mut found = Vec::new();
    for (path, text) in product(folders) {
        for routed in text.split(".route(").skip(1) {
            let (place, rest) = routed.split_once(',').unwrap();
            let place = place.trim();
            assert!(!place.starts_with('"'), "{}: {place} is none of places.rs", path.display());
            let place = place.rsplit("::").next().unwrap().to_owned();
            let rest = rest.split("\n        .").next().unwrap();
            let mut handlers = Vec::new();
            for method in ["get(", "post("] {
                for (at, _) in rest.match_indices(method) {
                    let (handler, _) = rest[at + method.len()..].split_once(')').unwrap();
                    let arguments = arguments(&known, &texts, &path, handler);
                    handlers.push((method.trim_end_matches('(').to_owned(), arguments));
                }
            }
            assert!(!handlers.is_empty(), "{place}");
            found.push(Route { place, handlers });
        }
    }
    found
}

fn arguments(known: &Crate, texts: &BTreeMap<Name, &String>, path: &Path, handler: &str) -> String {
    let from = module_of(path);
    // `totp::show::<Subscriber>`: the extractor that a generic handler is given.
    let (handler, given) = handler.split_once("::<").unwrap_or((handler, ""));
    let named: Vec<String> = handler.split("::").map(str::to_owned).collect();
    let home = if named.len() == 1 { Some(from.clone()) } else { known.written_in(&from, &named) };
    let name = named.last().unwrap();
    let home = home.unwrap_or_else(|| panic!("{}: {handler}", path.display()));
    let declared = |mark: &str| texts[&home].split_once(&format!("async fn {name}{mark}"));
    let (_, rest) = declared("(")
        .or_else(|| declared("<"))
        .unwrap_or_else(|| panic!("{handler} is not in {}", home.join("::")));
    let written = rest[..rest.find("\n}").unwrap()].split(" {\n").next().unwrap();
    format!("{given} {written}")
}

/// Without Fetch Metadata, only its token tells where a form comes from.
#[test]
fn every_posted_form_is_read_by_an_extractor_that_asks_for_its_token() {
    let mut forms = 0;
    for Route { place, handlers } in routes(&["account", "portal", "console"]) {
        for (_, arguments) in handlers.iter().filter(|(method, _)| method == "post") {
            let asks = arguments.contains(": Form<") || arguments.contains(": Sent<");
            assert!(asks, "{place}: its form's token is not asked for: {arguments}");
            forms += 1;
        }
    }
    assert!(forms > 40, "{forms}");
}

#[test]
fn every_place_has_one_route() {
    for door in WEB_DOORS {
        let mut routed: Vec<String> = routes(&door).into_iter().map(|route| route.place).collect();
        routed.sort();
        let places: Vec<String> = places(&door).into_keys().collect();
        assert_eq!(routed, places, "{door:?}");
    }
}

/// If a handler requires a complete sign-in, its page is one to return to after a sign-in or a proof. Exceptions are
/// listed here, with reasons.
#[test]
fn every_page_behind_sign_in_is_one_that_a_sign_in_leads_to() {
    const OTHERS: [&str; 17] = [
        // Downloads.
        "REPORTS_FILE",
        "TRAIL_FILE",
        "EXPENSES_DEDUCTION_FILE",
        "EXPENSES_MONTH_PDF",
        "EXPENSES_SEARCH_PDF",
        "EXPENSES_YEAR_PDF",
        // Pages of a re-authentication, which leads on to another page itself.
        "AGAIN_EMAIL_CODE",
        "AGAIN_EMAIL_CODE_RESEND",
        "AGAIN_PASSKEY",
        "AGAIN_PASSWORD",
        "AGAIN_RECOVERY_CODE",
        "AGAIN_TOTP",
        // The end of the first sign-in, and the sign-out.
        "REGISTERED",
        "SIGN_OUT",
        // Addresses that a page fetches by itself, or only sends a form to.
        "METHODS_TOTP_QR",
        "PASSKEY_OFFER",
        "PROFILE_EMAIL_STATUS",
    ];
    let doors = ["account", "portal", "console"];
    let places = places(&doors);
    let mut others: Vec<String> = Vec::new();
    for Route { place, handlers } in routes(&doors) {
        let complete = ["Subscriber,", "Subscriber>", "Subscriber{", "SignedIn", "Fresh<"];
        let asks = |arguments: &str| {
            let arguments = arguments.replace("Realm = Subscribers", "");
            complete.iter().any(|proof| arguments.contains(proof))
        };
        let is_behind = handlers.iter().any(|(_, arguments)| asks(arguments));
        let is_page = places[&place].1 == "Page";
        assert!(is_behind || !is_page, "{place} is no page behind sign-in");
        if is_behind && !is_page {
            others.push(place);
        }
    }
    let mut expected = OTHERS.map(str::to_owned).to_vec();
    expected.sort();
    others.sort();
    others.dedup();
    assert_eq!(others, expected);
}
