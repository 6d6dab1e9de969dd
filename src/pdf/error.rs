//! The reason why no PDF was made.

use crate::db::Passing;

#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// The queue is full; try again in a second.
    #[error("typesetting is busy")]
    Busy,
    #[error("typesetting has stopped")]
    Stopped,
    #[error("typesetting panicked")]
    Panicked,
    #[error("there is no template {0}")]
    NoTemplate(&'static str),
    #[error("data of a document: {0}")]
    Data(#[from] serde_json::Error),
    /// A mistake that Typst finds in a template.
    #[error("typesetting {template}: {reason}")]
    Template { template: &'static str, reason: String },
}

impl Passing for PrintError {
    fn is_passing(&self) -> bool {
        matches!(self, Self::Busy)
    }
}
