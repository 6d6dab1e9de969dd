//! The terminal: questions and tables, output files, error messages in Japanese, and exit codes.

pub(super) mod confirm;
pub(super) mod files;
mod interrupt;
pub(super) mod logging;
pub(super) mod operator;
pub(super) mod output;
pub(super) mod told;
pub(super) mod usage;
pub(super) mod watch;

use std::process::ExitCode;

/// The result of a command, which becomes its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandStatus {
    Done,
    /// It could not be done, or the operator said no; a message was printed.
    Failed,
    /// It needs a yes, and there was nobody to ask.
    Unconfirmed,
    /// The operator's input has mistakes, or `doctor` found some. They were printed.
    Rejected,
}

impl From<CommandStatus> for ExitCode {
    fn from(outcome: CommandStatus) -> Self {
        match outcome {
            CommandStatus::Done => Self::SUCCESS,
            CommandStatus::Failed => Self::FAILURE,
            CommandStatus::Unconfirmed => Self::from(2),
            CommandStatus::Rejected => Self::from(3),
        }
    }
}
