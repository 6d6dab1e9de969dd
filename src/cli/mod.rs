//! The operator's door, with a file for each command. Commands print in Japanese. They only call
//! functions of the rooms, which other doors can call too.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command's output is its page")]

mod audit;
mod command;
mod doctor;
mod expenses;
mod import;
mod jobs;
mod letters;
mod mail;
mod maintenance;
mod members;
mod server;
mod staff;
mod tenant;
mod terminal;
mod terms;

pub use self::command::run;
pub(crate) use self::terminal::CommandStatus;
use self::terminal::operator::{Operator, UnionArg};
use self::terminal::{confirm, files, output, told, watch};
