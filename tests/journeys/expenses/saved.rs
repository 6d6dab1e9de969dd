//! Files as a browser saves them, and what other programs read in them.

use std::collections::BTreeMap;
use std::process::Command;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, COOKIE, HOST};
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;
use tempfile::NamedTempFile;
use tower::ServiceExt as _;

use crate::support::browser::Browser;
use crate::support::world::World;

/// A file that a browser saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Saved {
    /// The name in browsers.
    pub(crate) name: String,
    /// The name in browsers that read ASCII only.
    pub(crate) plain: String,
    pub(crate) content_type: String,
    pub(crate) bytes: Vec<u8>,
}

impl World {
    /// Saves the file at an address.
    pub(crate) async fn save(&self, browser: &Browser, path: &str) -> Saved {
        let cookies: Vec<_> =
            browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request =
            Request::get(path).header(HOST, &browser.host).header(COOKIE, cookies.join("; "));
        for (name, value) in &browser.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        assert_eq!(parts.status, StatusCode::OK, "{path}");
        let (name, plain) = names(&parts.headers);
        let content_type = parts.headers[CONTENT_TYPE].to_str().expect("ASCII").to_owned();
        let bytes = body.collect().await.expect("a body").to_bytes().to_vec();
        Saved { name, plain, content_type, bytes }
    }
}

fn names(headers: &HeaderMap) -> (String, String) {
    let value = headers[CONTENT_DISPOSITION].to_str().expect("ASCII");
    let rest = value.strip_prefix("attachment; filename=\"").expect("a file to save");
    let (plain, encoded) = rest.split_once("\"; filename*=UTF-8''").expect("two names");
    let name = percent_decode_str(encoded).decode_utf8().expect("UTF-8");
    (name.into_owned(), plain.to_owned())
}

impl Saved {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).expect("UTF-8")
    }

    /// Returns the words on a PDF's pages, line by line, without spaces between them.
    pub(crate) fn words(&self) -> String {
        self.read_by("pdftotext", &["-layout"], &["-"]).split_whitespace().collect()
    }

    /// Returns a PDF's metadata: its title, the size of its pages.
    pub(crate) fn facts(&self) -> BTreeMap<String, String> {
        let told = self.read_by("pdfinfo", &[], &[]);
        let facts = told.lines().filter_map(|line| line.split_once(':'));
        facts.map(|(name, fact)| (name.to_owned(), fact.trim().to_owned())).collect()
    }

    /// Returns a line for each font in a PDF.
    pub(crate) fn fonts(&self) -> Vec<String> {
        let told = self.read_by("pdffonts", &[], &[]);
        told.lines().skip(2).map(str::to_owned).collect()
    }

    /// Runs one of poppler's programs on the file, and returns its output.
    fn read_by(&self, program: &str, before: &[&str], after: &[&str]) -> String {
        let file = NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), &self.bytes).expect("the file is written");
        let output = Command::new(program)
            .args(before)
            .arg(file.path())
            .args(after)
            .output()
            .unwrap_or_else(|error| panic!("infra/dev/setup.sh test brings {program}: {error}"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}
