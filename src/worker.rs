//! The worker does the background work: it sends mail, runs jobs, enqueues the jobs of every hour, and seals the trail.

pub mod tidy;
pub mod trail;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::auth::credentials::letters::job::{IssueLetters, LetterTools};
use crate::base::clock::Clock;
use crate::config::{DatabaseAddress, Settings};
use crate::db::actor::Actor;
use crate::db::{Db, DbRole};
use crate::expenses::import::job::MergeExpenses;
use crate::expenses::notices::job::{PublishExpenses, WithdrawExpenses};
use crate::jobs::kind::Kinds;
use crate::jobs::{self, runner, runner::Runner};
use crate::mail::delivery;
use crate::mail::delivery::sender::Sender;
use crate::mail::message::MailRoom;
use crate::members::import::job::MergeMembers;
use crate::tenant::directory::Directory;
use tidy::Tidy;

/// One connection reads the changes of unions, one enqueues the hourly jobs, and one seals the trail.
const OWN_CONNECTIONS: u32 = 3;
/// This is the most that all parts of the worker use at once, so that no part waits for another part's connection.
pub const CONNECTIONS: u32 = delivery::CONNECTIONS + runner::CONNECTIONS + OWN_CONNECTIONS;
const EVERY: Duration = Duration::from_secs(60 * 60);
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Returns the jobs that a worker can run.
#[must_use]
pub fn kinds(mail: MailRoom, letters: LetterTools) -> Kinds {
    Kinds::new()
        .with::<Tidy>(())
        .with::<MergeMembers>(())
        .with::<MergeExpenses>(())
        .with::<PublishExpenses>(mail)
        .with::<WithdrawExpenses>(())
        .with::<IssueLetters>(letters)
}

/// Runs the worker until `stop`. It runs jobs of these kinds.
pub async fn run(
    settings: &Settings,
    database: impl Into<DatabaseAddress>,
    kinds: Kinds,
    clock: Clock,
    stop: CancellationToken,
) {
    let db = Db::new(database, DbRole::Worker, CONNECTIONS);
    let sender = Sender::new(settings).await;
    tokio::join!(
        delivery::run(&db, &clock, &sender, settings.mail.per_second, &stop),
        run_jobs(settings, &db, kinds, &clock, &stop),
    );
    db.close().await;
}

/// Waits until the unions are known, then runs jobs and enqueues the hourly ones.
async fn run_jobs(
    settings: &Settings,
    db: &Db,
    kinds: Kinds,
    clock: &Clock,
    stop: &CancellationToken,
) {
    let Some(directory) = stop.run_until_cancelled(directory(settings, db)).await else { return };
    let runner = Runner::new(db.clone(), clock.clone(), directory.clone(), kinds);
    tokio::join!(
        directory.follow(db, stop),
        runner.run(stop),
        tidy_every_hour(db, clock, &directory, stop),
        trail::seal_every_minute(db, clock, &directory, stop)
    );
}

async fn directory(settings: &Settings, db: &Db) -> Arc<Directory> {
    loop {
        match Directory::load(db, settings.base_url()).await {
            Ok(directory) => return Arc::new(directory),
            Err(error) => tracing::warn!(%error, "the worker can't read the unions"),
        }
        tokio::time::sleep(TRY_AGAIN_AFTER).await;
    }
}

async fn tidy_every_hour(db: &Db, clock: &Clock, directory: &Directory, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = ask_to_tidy(db, clock, directory).await {
            tracing::warn!(%error, "not every union is tidied up in this hour");
        }
        stop.run_until_cancelled(tokio::time::sleep(EVERY)).await;
    }
}

/// Enqueues a job for each union to tidy it up. Every worker does so, but the key lets only one such job in at a
/// time.
async fn ask_to_tidy(db: &Db, clock: &Clock, directory: &Directory) -> Result<(), sqlx::Error> {
    let actor = Actor::system("worker");
    for tenant in directory.all() {
        let mut tx = db.tenant(tenant.id, &actor).await?;
        jobs::enqueue(&mut tx, clock, &Tidy {}, Some(Tidy::KEY)).await?;
        tx.commit().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_manual_tells_how_many_connections_a_worker_takes() {
        let manual = include_str!("../infra/production/README.md");
        assert!(manual.contains(&format!("a worker {CONNECTIONS}.")), "{CONNECTIONS}");
    }
}
