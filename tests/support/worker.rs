//! A worker for tests of commands that wait for a job.

use std::sync::Arc;
use std::thread::JoinHandle;

use kosmo::app;
use kosmo::auth::credentials::hashing::PasswordHasher;
use kosmo::auth::credentials::letters::job::LetterTools;
use kosmo::base::clock::Clock;
use kosmo::base::sealed::Sealer;
use kosmo::config::{HashingSettings, Settings};
use kosmo::db::{Db, DbRole};
use kosmo::jobs::runner::{self, Runner};
use kosmo::mail::message::MailRoom;
use kosmo::portal::places;
use kosmo::tenant::directory::Directory;
use kosmo::web::page::Pages;
use kosmo::worker;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

/// Runs jobs by the machine's clock, like the commands that ask for them. It has a thread of its own, because a test
/// that waits for a command blocks its own thread.
pub struct BackgroundWorker {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl BackgroundWorker {
    pub fn start(options: PgConnectOptions, sealer: Sealer) -> Self {
        let stop = CancellationToken::new();
        let until = stop.clone();
        let work = async move {
            let db = Db::new(options, DbRole::Worker, runner::CONNECTIONS);
            let directory = Directory::load(&db, Settings::default().base_url()).await;
            let directory = Arc::new(directory.expect("the unions"));
            let kinds = worker::kinds(mail_room(), letter_tools(sealer));
            let runner = Runner::new(db.clone(), Clock::System, directory.clone(), kinds);
            tokio::join!(directory.follow(&db, &until), runner.run(&until));
            db.close().await;
        };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(work);
        });
        Self { stop, thread: Some(thread) }
    }

    /// Returns true if a command waits for a worker.
    pub fn is_awaited_by(arguments: &[&str]) -> bool {
        matches!(
            arguments,
            ["members" | "expenses", "import" | "publish" | "withdraw", ..]
                | ["letters", "issue", ..]
        )
    }
}

impl Drop for BackgroundWorker {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the worker panicked");
        }
    }
}

pub fn letter_tools(sealer: Sealer) -> LetterTools {
    LetterTools { hasher: PasswordHasher::new(&HashingSettings::default()), sealer }
}

pub fn mail_room() -> MailRoom {
    let pages = Pages::load(places::of_service).expect("the templates");
    app::mail_room(&pages, &Settings::default())
}
