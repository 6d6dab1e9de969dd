//! Text files that operators give, and files written together with a change.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::import::source::read_text;

/// Reads a small text in any encoding that operators use. The inner error says that it is in none of
/// them.
pub(in crate::cli) fn text(path: &Path) -> anyhow::Result<Result<String, String>> {
    match read_text(path) {
        Ok(text) => Ok(Ok(text)),
        Err(error) if error.kind() == ErrorKind::InvalidData => Ok(Err(error.to_string())),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// A file written together with a change. It is deleted on drop unless the change is committed.
pub(in crate::cli) struct Provisional(Option<PathBuf>);

impl Provisional {
    pub(in crate::cli) fn at(path: &Path) -> Self {
        Self(Some(path.to_owned()))
    }

    pub(in crate::cli) fn keep(mut self) {
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
