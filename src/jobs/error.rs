//! The reason why a job did not end well.

/// The reason why a job did not end well. It is kept and shown to operators, so it must not contain personal data.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// A retry may succeed.
    #[error("{0}")]
    Passing(String),
    /// A retry can't succeed.
    #[error("{0}")]
    Final(String),
    /// Another worker has the job, or it was cancelled. Nothing may be written any more.
    #[error("the job is not this worker's any more")]
    Lost,
}

impl From<sqlx::Error> for JobError {
    fn from(error: sqlx::Error) -> Self {
        Self::Passing(error.to_string())
    }
}
