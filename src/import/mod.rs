//! All importers share this room. It reads a CSV file of any size row by row, in UTF-8 or CP932. An operator can map
//! other headings, and each error names its row and column.
//!
//! An import has two steps, and each is one transaction. [`staging`] reads the file and keeps its rows in permanent
//! tables, under the id of the batch that they become. Then a job merges the rows with set-based statements. It needs
//! only the id, so it can run in a worker on another machine. If a process is killed in either step, nothing is
//! half-done.

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

/// The step that a job reports while it merges a file.
pub const MERGING: &str = "merging";

/// At most this many errors are kept one by one. The rest are only counted, so that memory stays flat.
const MAX_TOLD: usize = 1_000;

/// A mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    /// The line of the file on which the row begins. The headings are line 1.
    pub row: u64,
    /// The heading in the file. It is empty if the error is about the whole row.
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

/// The mistakes of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowErrors {
    pub told: Vec<RowError>,
    /// The number of errors after the first thousand.
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

    /// Returns `Ok` if there is no mistake.
    ///
    /// # Errors
    /// [`ImportError::Rows`] with the mistakes, sorted by row.
    pub fn into_result(mut self) -> Result<(), ImportError> {
        if self.is_empty() {
            return Ok(());
        }
        self.told.sort_by_key(|error| error.row);
        Err(ImportError::Rows(self))
    }
}

/// The result of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub added: i64,
    pub changed: i64,
    pub unchanged: i64,
}

impl Counts {
    /// Returns the number of rows in the file. The operator compares it with the sender's number, because a CSV file
    /// that was cut between two rows looks complete.
    #[must_use]
    pub const fn rows(self) -> i64 {
        self.added + self.changed + self.unchanged
    }
}

/// Converts the number of rows that a statement changed to the type of [`Counts`].
pub(crate) fn row_count(affected: u64) -> i64 {
    i64::try_from(affected).unwrap_or(i64::MAX)
}

/// The reason why nothing was imported.
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
    /// The staged file is gone: it was swept because it waited too long, or another process has merged it or given it
    /// up.
    #[error("読み込んだ内容がもうありません。もう一度取り込んでください")]
    Forgotten,
    /// The claims that match no member differ from those that the operator has kept in a file.
    #[error("加入者が見つからない明細が、書き出したあとで変わりました。もう一度取り込んでください")]
    OthersUnmatched,
    #[error("台帳に食い違いがあります: {0}")]
    Inconsistent(String),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A function that is called from time to time with the number of bytes read so far.
pub type ProgressFn<'p> = dyn FnMut(u64) + Send + 'p;

/// The mistakes because of which a job refused to merge a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileRejection {
    Rows(RowErrors),
    /// The mistake is about the file as a whole.
    Whole(String),
}

impl From<FileRejection> for ImportError {
    fn from(rejection: FileRejection) -> Self {
        match rejection {
            FileRejection::Rows(errors) => Self::Rows(errors),
            FileRejection::Whole(reason) => Self::Heading(reason),
        }
    }
}

impl ImportError {
    /// Separates a mistake of the file, which is a normal result of the job, from a failure of the job.
    ///
    /// # Errors
    /// Returns the [`JobError`] with which the job must fail.
    pub fn into_rejection(self) -> Result<FileRejection, JobError> {
        match self {
            Self::Rows(errors) => Ok(FileRejection::Rows(errors)),
            Self::Heading(reason) => Ok(FileRejection::Whole(reason)),
            Self::Database(error) => Err(error.into()),
            Self::File(_)
            | Self::Stopped
            | Self::Forgotten
            | Self::OthersUnmatched
            | Self::Inconsistent(_) => Err(JobError::Final(self.to_string())),
        }
    }
}

/// One import of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportRun {
    /// The id of the staged file, which is also the id of the batch that it becomes.
    pub batch: BatchId,
    pub by: String,
    /// If true, everything is done and then rolled back.
    pub dry_run: bool,
}
