//! Doors speak no SQL; rooms no HTTP, and they name no page of a door.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::files::{module, module_of, only_in_tests, sources, without_tests};
use crate::modules::{Crate, Name, strings};

/// What speaks HTTP or argv.
const DOORS: &[&str] = &["web", "portal", "console", "cli", "demo"];
/// What decides and keeps.
const ROOMS: &[&str] =
    &["auth", "members", "records", "expenses", "tenant", "mail", "audit", "import", "jobs"];

/// The product's own code in some rooms or doors, without its tests.
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

/// Every way to send a statement: sqlx's macros and functions, and a connection or a pool in hand.
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

/// What a door may name of sqlx: what a room's function fails with, and how the server is reached.
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

/// The addresses of `portal/places.rs` by name, each with what is found there.
fn places() -> BTreeMap<String, (String, String)> {
    let (_, text) =
        sources().into_iter().find(|(path, _)| path.ends_with("portal/places.rs")).unwrap();
    let (_, table) = text.split_once("\nplaces! {").unwrap();
    let (table, _) = table.split_once("\n}").unwrap();
    let mut found = BTreeMap::new();
    for line in table.lines().map(str::trim) {
        if line.is_empty() || line.starts_with("//") {
            continue;
        }
        let words: Vec<&str> = line.trim_end_matches(';').split(' ').collect();
        let [kind, name, path] = words[..] else { panic!("{line}") };
        let path = path.trim_matches('"').to_owned();
        assert!(found.insert(name.to_owned(), (path, kind.to_owned())).is_none(), "{name} twice");
    }
    assert!(found.len() > 60);
    found
}

/// A room that names a page of a door can't be asked by another door, and a page that moves breaks mails.
#[test]
fn rooms_name_no_page_and_no_template_of_a_door() {
    let places: Vec<String> = places().into_values().map(|(path, _)| path).collect();
    let leads = |text: &str| {
        let page = places.iter().find(|place| place.len() > 1 && text.contains(place.as_str()));
        page.is_some()
            || text.strip_prefix('/').is_some_and(|rest| rest.starts_with(char::is_lowercase))
            || text.starts_with("portal/")
            || text.starts_with("console/")
    };
    for (path, text) in product(ROOMS) {
        let found = strings(&text).into_iter().find(|text| leads(text));
        assert_eq!(found, None, "{}: a page or a template of a door", path.display());
    }
    for (path, text) in product(&["web"]) {
        let is_a_doors =
            |text: &&String| text.starts_with("portal/") || text.starts_with("console/");
        let found = strings(&text).iter().find(is_a_doors).cloned();
        assert_eq!(found, None, "{}: a template of a door", path.display());
    }
}

/// A route of the portal: the place's name, and the handlers by method.
struct Route {
    place: String,
    /// `get` or `post`, where the handler is written, and what it asks for.
    handlers: Vec<(String, String)>,
}

/// Every route of the portal, with each handler's arguments as they are written.
fn routes() -> Vec<Route> {
    let sources = sources();
    let known = Crate::read(&sources);
    let texts: BTreeMap<Name, &String> =
        sources.iter().map(|(path, text)| (module_of(path), text)).collect();
    let mut found = Vec::new();
    for (path, text) in product(&["portal"]) {
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

/// Without Fetch Metadata nothing but its token tells where a form comes from.
#[test]
fn every_posted_form_is_read_by_an_extractor_that_asks_for_its_token() {
    let mut forms = 0;
    for Route { place, handlers } in routes() {
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
    let mut routed: Vec<String> = routes().into_iter().map(|route| route.place).collect();
    routed.sort();
    let places: Vec<String> = places().into_keys().collect();
    assert_eq!(routed, places);
}

/// A page whose handler asks for a complete sign-in is one that a sign-in, or a proof, leads back to; the others are
/// named here, each with its reason.
#[test]
fn every_page_behind_sign_in_is_one_that_a_sign_in_leads_to() {
    const OTHERS: [&str; 15] = [
        // Files to keep.
        "EXPENSES_DEDUCTION_FILE",
        "EXPENSES_MONTH_PDF",
        "EXPENSES_SEARCH_PDF",
        "EXPENSES_YEAR_PDF",
        // A proof once more: it leads to another page itself.
        "AGAIN_EMAIL_CODE",
        "AGAIN_EMAIL_CODE_RESEND",
        "AGAIN_PASSKEY",
        "AGAIN_PASSWORD",
        "AGAIN_RECOVERY_CODE",
        "AGAIN_TOTP",
        // The end of the first sign-in, and the way out.
        "REGISTERED",
        "SIGN_OUT",
        // What a page fetches by itself, or sends a form to.
        "METHODS_TOTP_QR",
        "PASSKEY_OFFER",
        "PROFILE_EMAIL_STATUS",
    ];
    let places = places();
    let mut others: Vec<String> = Vec::new();
    for Route { place, handlers } in routes() {
        let is_behind = handlers.iter().any(|(_, arguments)| arguments.contains("Subscriber"));
        let is_page = places[&place].1 == "Page";
        assert!(is_behind || !is_page, "{place} is no page behind sign-in");
        if is_behind && !is_page {
            others.push(place);
        }
    }
    let mut expected = OTHERS.map(str::to_owned).to_vec();
    expected.sort();
    others.sort();
    assert_eq!(others, expected);
}
