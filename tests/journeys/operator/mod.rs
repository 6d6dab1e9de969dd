//! The operator works at a terminal with the real program.

pub mod asking;
pub mod commands;
pub mod helping;
pub mod letters;
pub mod plans;
pub mod roster;

use std::process::{Command, Output};

use crate::support::worker::BackgroundWorker;
use crate::support::world::World;

impl World {
    /// Makes a command of the real program on this world's database.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kosmo"));
        let keys = self.settings().sealing.keys_file.expect("a file of keys");
        command
            .args(arguments)
            .env("KOSMO_DATABASE__URL", self.database.url())
            .env("KOSMO_SEALING__KEYS_FILE", keys);
        command
    }

    pub(crate) fn kosmo(&self, arguments: &[&str]) -> Output {
        if BackgroundWorker::is_awaited_by(arguments) {
            self.start_worker();
        }
        self.command(arguments).output().expect("kosmo runs")
    }
}

pub(crate) fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8(both).expect("UTF-8")
}
