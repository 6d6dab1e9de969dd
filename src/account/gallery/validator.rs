//! The Nu Html Checker finds nothing wrong with any page, whatever it shows.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use super::Gallery;

/// `infra/dev/setup.sh test` puts it here.
const CHECKER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/vnu-26.9.27.jar");
const UNKNOWN_HOST: &str = include_str!("../../../templates/unknown_host.html");

#[derive(Deserialize)]
struct CheckerReport {
    messages: Vec<CheckerMessage>,
}

/// An error or a warning.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CheckerMessage {
    url: String,
    message: String,
    #[serde(default)]
    extract: String,
}

/// Checks the pages of a folder in one run, because the checker starts slowly.
fn check(folder: &Path) -> Vec<String> {
    let mut java = Command::new("java");
    java.args(["-jar", CHECKER, "--format", "json", "--exit-zero-always", "--stdout"]).arg(folder);
    let output = java.output().expect("java, which `infra/dev/setup.sh test` installs");
    let said = String::from_utf8_lossy(&output.stdout);
    let report: CheckerReport = serde_json::from_str(&said).unwrap_or_else(|error| {
        let log = String::from_utf8_lossy(&output.stderr);
        panic!("{CHECKER}, which `infra/dev/setup.sh test` fetches: {error}: {said}{log}");
    });
    let place = |url: &str| url.rsplit('/').next().unwrap_or_default().to_owned();
    let lines = report.messages.into_iter();
    lines
        .map(|CheckerMessage { url, message, extract }| {
            format!("{}: {message} {extract}", place(&url))
        })
        .collect()
}

/// Checks every page of a gallery.
pub(crate) fn find_nothing_wrong(gallery: &Gallery) {
    let folder = tempfile::tempdir().unwrap();
    for (number, (template, html)) in gallery.shown.iter().enumerate() {
        let name = format!("{number}-{}", template.replace('/', "-"));
        fs::write(folder.path().join(name), html).unwrap();
    }
    fs::write(folder.path().join("unknown_host.html"), UNKNOWN_HOST).unwrap();
    let mut found = check(folder.path());
    found.truncate(20);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_page_with_a_mistake_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let page = UNKNOWN_HOST.replace("<h1>", "<h1 role=\"cell\">");
    fs::write(folder.path().join("page.html"), page).unwrap();
    let found = check(folder.path());
    assert!(found.iter().any(|line| line.contains("Bad value “cell”")), "{found:#?}");
}
