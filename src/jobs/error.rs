//! Why a job did not end well.

/// Why a job did not end well. The reason is kept and shown to operators: nothing of a person belongs in it.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It may end well the next time.
    #[error("{0}")]
    Passing(String),
    /// Trying again can't help.
    #[error("{0}")]
    Final(String),
    /// The job is another worker's now, or was cancelled: nothing may be written any more.
    #[error("the job is not this worker's any more")]
    Lost,
}

impl From<sqlx::Error> for JobError {
    fn from(error: sqlx::Error) -> Self {
        Self::Passing(error.to_string())
    }
}
