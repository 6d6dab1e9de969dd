//! Files that operators give and get.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::import::source::read_text;

/// Reads a small text in any of the encodings that operators have; what is wrong where it is in none.
pub(super) fn text(path: &Path) -> anyhow::Result<Result<String, String>> {
    match read_text(path) {
        Ok(text) => Ok(Ok(text)),
        Err(error) if error.kind() == ErrorKind::InvalidData => Ok(Err(error.to_string())),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// A new file for its owner's eyes; never over another.
pub(super) fn create_private(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// Writes a new file that everybody may read; never over another.
pub(super) fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = File::options().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| path.display().to_string())
}

/// A file that was written beside a change, and goes again unless that is kept.
pub(super) struct Provisional(Option<PathBuf>);

impl Provisional {
    pub(super) fn at(path: &Path) -> Self {
        Self(Some(path.to_owned()))
    }

    pub(super) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Provisional {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}
