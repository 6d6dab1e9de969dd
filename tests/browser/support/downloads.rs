//! Files that a person downloads, as Chromium saves them.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tempfile::TempDir;

use crate::support::browser::Browser;
use crate::support::wait::wait_for;

/// A saved file, in a folder that is deleted with this.
pub(crate) struct Saved {
    path: PathBuf,
    _folder: TempDir,
}

impl Browser {
    /// Presses the button that saves a file.
    pub(crate) async fn download(&self, words: &str) -> Saved {
        self.saved_by(words, self.press(words)).await
    }

    /// Returns the lines on each printed sheet of the page.
    pub(crate) async fn print(&self) -> Vec<String> {
        let a4 = json!({ "paperWidth": 8.27, "paperHeight": 11.69 });
        let printed = self.devtools("Page.printToPDF", a4).await;
        let bytes = STANDARD.decode(printed["data"].as_str().expect("a PDF")).expect("base64");
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(&bytes).expect("room");
        let text = read_pdf(file.path());
        text.split_terminator('\x0c')
            .map(|sheet| format!("\n{}\n", lines(sheet).join("\n")))
            .collect()
    }

    /// Returns the file that an action saves.
    pub(crate) async fn saved_by(&self, what: &str, done: impl Future<Output = ()>) -> Saved {
        let folder = tempfile::Builder::new().prefix("kosmo-saved-").tempdir().expect("a folder");
        let wanted = json!({ "behavior": "allow", "downloadPath": folder.path() });
        self.devtools("Browser.setDownloadBehavior", wanted).await;
        done.await;
        let path = wait_for(what, || arrived(folder.path()));
        Saved { path, _folder: folder }
    }
}

/// Returns the one file, once it has its final name.
fn arrived(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let [path] = paths.as_slice() else { return None };
    let hidden = path.file_name()?.to_string_lossy().starts_with('.');
    let whole = path.extension() != Some(OsStr::new("crdownload"));
    (whole && !hidden).then(|| path.clone())
}

fn read_pdf(path: &Path) -> String {
    let mut reader = Command::new("pdftotext");
    let read = reader.arg("-layout").arg(path).arg("-").output().expect("pdftotext");
    assert!(read.status.success(), "{}: {read:?}", path.display());
    String::from_utf8(read.stdout).expect("UTF-8")
}

/// Splits text into lines that aren't empty, with one blank between words.
fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect()
}

impl Saved {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn name(&self) -> &str {
        self.path.file_name().and_then(OsStr::to_str).expect("a name")
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(&self.path).expect("UTF-8")
    }

    /// Returns a PDF's lines as `pdftotext` reads them, with one blank between cells.
    pub(crate) fn paper(&self) -> Vec<String> {
        lines(&read_pdf(&self.path))
    }

    /// Returns the text of the file.
    pub(crate) fn words(&self) -> String {
        if self.name().ends_with(".pdf") { self.paper().join("\n") } else { self.text() }
    }
}
