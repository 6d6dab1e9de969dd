//! Results of imports in short form.

use kosmo::import::{Counts, ImportError};

pub fn counts(added: i64, changed: i64, unchanged: i64) -> Counts {
    Counts { added, changed, unchanged }
}

/// Returns a file's mistakes as the operator reads them.
pub fn told(error: ImportError) -> Vec<String> {
    match error {
        ImportError::Rows(errors) => errors.told.iter().map(ToString::to_string).collect(),
        other => vec![other.to_string()],
    }
}
