//! What every importer shares: reading a CSV file of any size row by row, in UTF-8 or CP932, with
//! other headings where an operator maps them, and telling errors by row and column.
//!
//! A file is staged and then merged. [`staging`] reads it and keeps its rows in permanent tables, under the id of the
//! batch that they become, in one transaction. What merges them, a set at a time and in one transaction, needs nothing but
//! that id: it is a job of the worker's, on whatever machine. A process that is killed in either leaves nothing half-done.

pub mod batches;
pub mod cell;
pub mod headings;
pub mod kind;
pub mod layout;
pub mod mapping;
pub mod rows;
pub mod source;
pub mod staged;
pub mod staging;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::ids::BatchId;
use crate::jobs::error::JobError;

/// What a job says that it is at while it merges a file.
pub const MERGING: &str = "merging";

/// How many errors are told one by one; the rest are counted, so that memory stays flat.
const MAX_TOLD: usize = 1_000;

/// A mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    /// The line of the file it begins on: the headings are 1.
    pub row: u64,
    /// The heading in the file; empty where the whole row is meant.
    pub column: String,
    pub message: String,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}行目", self.row)?;
        if !self.column.is_empty() {
            write!(f, "「{}」", self.column)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// All mistakes of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowErrors {
    pub told: Vec<RowError>,
    /// Those beyond the first thousand.
    pub untold: u64,
}

impl RowErrors {
    pub fn add(&mut self, row: u64, column: &str, message: impl Into<String>) {
        if self.told.len() < MAX_TOLD {
            self.told.push(RowError { row, column: column.to_owned(), message: message.into() });
        } else {
            self.untold += 1;
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// # Errors
    /// [`ImportError::Rows`] where there is any.
    pub fn into_result(mut self) -> Result<(), ImportError> {
        if self.is_empty() {
            return Ok(());
        }
        self.told.sort_by_key(|error| error.row);
        Err(ImportError::Rows(self))
    }
}

/// What an import came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub added: i64,
    pub changed: i64,
    pub unchanged: i64,
}

impl Counts {
    /// The file's rows: what an operator compares with what was sent, since a CSV that was cut between two
    /// rows does not show it.
    #[must_use]
    pub const fn rows(self) -> i64 {
        self.added + self.changed + self.unchanged
    }
}

/// The rows that a statement touched, as [`Counts`] and the database count them.
pub(crate) fn row_count(affected: u64) -> i64 {
    i64::try_from(affected).unwrap_or(i64::MAX)
}

/// Why nothing was taken in.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{0}")]
    File(#[from] std::io::Error),
    #[error("{0}")]
    Heading(String),
    #[error("{} 件の誤りがあります", .0.told.len() as u64 + .0.untold)]
    Rows(RowErrors),
    #[error("取り込みが中断されました")]
    Stopped,
    /// A file that waited too long to be merged was swept; or it was merged, or given up, by another process.
    #[error("読み込んだ内容がもうありません。もう一度取り込んでください")]
    Forgotten,
    /// The claims that find nobody are not those that the operator has kept.
    #[error("加入者が見つからない明細が、書き出したあとで変わりました。もう一度取り込んでください")]
    OthersUnmatched,
    #[error("台帳に食い違いがあります: {0}")]
    Inconsistent(String),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Called with the bytes read so far, now and then.
pub type Progress<'p> = dyn FnMut(u64) + Send + 'p;

/// What is wrong with a file that a job was to merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    Rows(RowErrors),
    /// What is wrong with the file as a whole.
    Whole(String),
}

impl From<Rejection> for ImportError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Rows(errors) => Self::Rows(errors),
            Rejection::Whole(reason) => Self::Heading(reason),
        }
    }
}

impl ImportError {
    /// Tells a mistake of the file, which is what its job came to, from a failure of the job.
    ///
    /// # Errors
    /// What the job fails with.
    pub fn into_rejection(self) -> Result<Rejection, JobError> {
        match self {
            Self::Rows(errors) => Ok(Rejection::Rows(errors)),
            Self::Heading(reason) => Ok(Rejection::Whole(reason)),
            Self::Database(error) => Err(error.into()),
            Self::File(_)
            | Self::Stopped
            | Self::Forgotten
            | Self::OthersUnmatched
            | Self::Inconsistent(_) => Err(JobError::Final(self.to_string())),
        }
    }
}

/// Who takes a file in, and whether for good.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportRun {
    /// The staged file, and the batch that it becomes.
    pub batch: BatchId,
    pub by: String,
    /// Everything is done and then undone.
    pub dry_run: bool,
}
