//! How any command speaks with the person at the terminal: questions and tables, files it writes, complaints in
//! Japanese, and exit codes.

pub(super) mod confirm;
pub(super) mod files;
pub(super) mod logging;
pub(super) mod operator;
pub(super) mod output;
pub(super) mod told;
pub(super) mod usage;
pub(super) mod watch;

use std::process::ExitCode;

/// What a command came to; its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// It was not to be done, which was said.
    Failed,
    /// A yes was missing, and nobody there to give it.
    Unconfirmed,
    /// What the operator gave has mistakes, or `doctor` found some; they were printed.
    Rejected,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Failed => Self::FAILURE,
            Outcome::Unconfirmed => Self::from(2),
            Outcome::Rejected => Self::from(3),
        }
    }
}
