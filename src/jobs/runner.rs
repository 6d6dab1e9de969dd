//! Takes jobs that are due, fairly between unions, and renews their leases while they run.
//!
//! A worker runs one job of a union at a time, so that a union with a thousand jobs does not take all places. Each
//! job is a task of its own, so that a panic fails only that job.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::context::JobContext;
use super::error::JobError;
use super::kind::Kinds;
use super::queue::{self, AttemptOutcome, CHANNEL, Claimed, Hold};
use super::turns;
use super::waiting::{Waiting, rest_until};
use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::db::Db;
use crate::db::actor::{Actor, ActorKind};
use crate::tenant::directory::Directory;

/// The most jobs that a worker runs at once.
const MOST_AT_ONCE: u32 = 4;
/// A job holds one connection for its transaction, and uses a second one to report its progress.
const CONNECTIONS_A_JOB: u32 = 2;
/// The most connections that [`Runner::run`] uses: those of its jobs, one to survey and one to take jobs. Listening
/// uses a connection outside of this number.
pub const CONNECTIONS: u32 = MOST_AT_ONCE * CONNECTIONS_A_JOB + 2;
/// The queue's name in the table that keeps the unions' turns.
const QUEUE: &str = "jobs";
/// A lease is renewed many times before it ends. A renewal also notices a cancelled job, so the job ends within this
/// time.
const RENEW_EVERY: Duration = Duration::from_secs(5);
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// A worker that stops tries this many times to write down how a job ended. If it can't, another worker takes the job
/// after the lease.
const TRIES_AT_THE_END: usize = 3;

/// Runs jobs of all unions.
#[derive(Clone)]
pub struct Runner {
    db: Db,
    clock: Clock,
    directory: Arc<Directory>,
    kinds: Kinds,
    waiting: Arc<Waiting<TenantId>>,
}

impl Runner {
    #[must_use]
    pub fn new(db: Db, clock: Clock, directory: Arc<Directory>, kinds: Kinds) -> Self {
        Self { db, clock, directory, kinds, waiting: Arc::default() }
    }

    /// Runs jobs until `stop`. Jobs that are still running then are given back.
    pub async fn run(&self, stop: &CancellationToken) {
        let hear = |payload: &str| payload.parse().ok().map(TenantId);
        tokio::select! {
            () = self.waiting.listen(&self.db, CHANNEL, hear) => {}
            () = self.survey_often() => {}
            () = self.work(stop, false) => {}
        }
    }

    /// Runs all jobs that are due, and those that fall due in the meantime.
    pub async fn drain(&self, stop: &CancellationToken) -> Result<(), sqlx::Error> {
        self.survey().await?;
        self.work(stop, true).await;
        Ok(())
    }

    async fn survey_often(&self) {
        loop {
            self.waiting.rest_after(self.survey().await).await;
        }
    }

    /// Finds the unions that have jobs, and logs the jobs that only a newer release knows.
    async fn survey(&self) -> Result<(), sqlx::Error> {
        let kinds = self.kinds.names();
        let mut platform = self.db.platform().await?;
        let now = turns::time(platform.conn(), &self.clock).await?;
        platform.commit().await?;
        for union in self.directory.all() {
            let mut tx = self.db.tenant(union.id, &actor()).await?;
            let peeked = queue::peek(&mut tx, &kinds).await?;
            tx.commit().await?;
            self.waiting.note_due(union.id, peeked.due_at, now);
            if !peeked.unknown_kinds.is_empty() {
                let (tenant, kinds) = (union.config.slug.as_str(), peeked.unknown_kinds);
                tracing::warn!(tenant, ?kinds, "jobs wait for a release that knows them");
            }
        }
        Ok(())
    }

    async fn work(&self, stop: &CancellationToken, until_empty: bool) {
        let mut running = JoinSet::new();
        let mut busy = HashSet::new();
        while !stop.is_cancelled() {
            let is_full = running.len() >= MOST_AT_ONCE as usize;
            let is_free = |tenant: &TenantId| !busy.contains(tenant);
            let mut ready = self.waiting.ready();
            ready.retain(is_free);
            if !is_full && !ready.is_empty() {
                match self.take(&ready).await {
                    Ok(Some(claimed)) => {
                        busy.insert(claimed.hold.tenant);
                        running.spawn(self.clone().attend(claimed, stop.clone()));
                    }
                    Ok(None) => {}
                    Err(error) => {
                        tracing::warn!(%error, "the worker can't take jobs");
                        stop.run_until_cancelled(tokio::time::sleep(TRY_AGAIN_AFTER)).await;
                    }
                }
                continue;
            }
            if until_empty && running.is_empty() {
                return;
            }
            let next = self.waiting.next(is_free).filter(|_| !is_full);
            tokio::select! {
                Some(ended) = running.join_next() => {
                    // `join_next` returns an error only if a task panicked or was aborted, and these tasks do
                    // neither.
                    if let Ok(tenant) = ended {
                        busy.remove(&tenant);
                        self.waiting.note(tenant);
                    }
                }
                () = self.waiting.changed() => {}
                () = rest_until(next) => {}
                () = stop.cancelled() => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    async fn take(&self, ready: &[TenantId]) -> Result<Option<Claimed>, sqlx::Error> {
        let mut platform = self.db.platform().await?;
        let now = turns::time(platform.conn(), &self.clock).await?;
        let turn = turns::take(&mut platform, QUEUE, ready, 1, now).await?;
        platform.commit().await?;
        let Some(tenant) = turn.first().map(|turn| turn.tenant) else {
            // None of these unions exists any more.
            ready.iter().for_each(|union| self.waiting.forget(*union));
            return Ok(None);
        };
        self.waiting.forget(tenant);
        let kinds = self.kinds.names();
        let take = async {
            let mut tx = self.db.tenant(tenant, &actor()).await?;
            let claimed = queue::claim(&mut tx, &self.clock, now, &kinds).await?;
            let due_at = queue::peek(&mut tx, &kinds).await?.due_at;
            tx.commit().await?;
            Ok((claimed, due_at))
        };
        let (claimed, due_at) =
            take.await.inspect_err(|_: &sqlx::Error| self.waiting.note(tenant))?;
        // If a job is due but could not be taken, another worker has locked it. It may be free in a moment.
        let soonest =
            Instant::now() + if claimed.is_some() { Duration::ZERO } else { TRY_AGAIN_AFTER };
        if let Some(due_at) = due_at {
            let wait = (due_at - now).to_std().unwrap_or_default();
            self.waiting.note_from(tenant, (Instant::now() + wait).max(soonest));
        }
        Ok(claimed)
    }

    /// Runs a job to its end, and writes down how it ended.
    async fn attend(self, claimed: Claimed, stop: CancellationToken) -> TenantId {
        let (hold, kind) = (claimed.hold, claimed.kind.clone());
        let outcome = self.outcome(claimed, &stop).await;
        let job = hold.id;
        match &outcome {
            AttemptOutcome::Done(_) => tracing::info!(%job, kind, "job done"),
            AttemptOutcome::Failed(error) => {
                tracing::warn!(%job, kind, attempts = hold.attempts, %error, "job failed");
            }
            AttemptOutcome::Cancelled => tracing::info!(%job, kind, "job cancelled"),
            AttemptOutcome::GivenBack => tracing::info!(%job, kind, "job given back"),
        }
        let mut tries = 0;
        while let Err(error) = self.settle(hold, &outcome).await {
            tracing::warn!(%job, kind, %error, "what became of a job is not written down yet");
            tries += 1;
            if stop.is_cancelled() && tries >= TRIES_AT_THE_END {
                break;
            }
            tokio::time::sleep(TRY_AGAIN_AFTER).await;
        }
        hold.tenant
    }

    async fn settle(&self, hold: Hold, outcome: &AttemptOutcome) -> Result<(), sqlx::Error> {
        let mut tx = self.db.tenant(hold.tenant, &actor()).await?;
        queue::settle(&mut tx, &self.clock, hold, outcome).await?;
        tx.commit().await
    }

    async fn outcome(&self, claimed: Claimed, stop: &CancellationToken) -> AttemptOutcome {
        let hold = claimed.hold;
        if claimed.cancel_asked {
            return AttemptOutcome::Cancelled;
        }
        if claimed.is_over() {
            let reason = "its worker died in the last attempt".to_owned();
            return AttemptOutcome::Failed(JobError::Final(reason));
        }
        // The person who asked for the job may have changed the policy a moment before.
        let tenant = match self.directory.in_force(&self.db, hold.tenant).await {
            Ok(Some(tenant)) => tenant,
            Ok(None) => {
                let reason = "the union's policy is unreadable".to_owned();
                return AttemptOutcome::Failed(JobError::Passing(reason));
            }
            Err(error) => return AttemptOutcome::Failed(error.into()),
        };
        let cx = JobContext {
            db: self.db.clone(),
            clock: self.clock.clone(),
            tenant,
            hold,
            actor: for_whom(claimed.asked_by, hold, &claimed.kind),
        };
        let Some(run) = self.kinds.run(&claimed.kind, claimed.payload, cx) else {
            return AttemptOutcome::GivenBack;
        };
        // A `JoinSet` aborts its task when it is dropped.
        let mut task = JoinSet::new();
        task.spawn(run);
        loop {
            let ended = tokio::select! {
                ended = task.join_next() => Some(ended),
                () = tokio::time::sleep(RENEW_EVERY) => None,
                () = stop.cancelled() => return ended_by(&mut task, AttemptOutcome::GivenBack).await,
            };
            match ended {
                Some(Some(Ok(Ok(output)))) => return AttemptOutcome::Done(output),
                Some(Some(Ok(Err(JobError::Lost)))) => return self.why_lost(hold).await,
                Some(Some(Ok(Err(error)))) => return AttemptOutcome::Failed(error),
                Some(Some(Err(_)) | None) => {
                    return AttemptOutcome::Failed(JobError::Passing(
                        "the job panicked".to_owned(),
                    ));
                }
                None => {}
            }
            match self.renew(hold).await {
                Ok(Some(false)) => {}
                Ok(Some(true)) => return ended_by(&mut task, AttemptOutcome::Cancelled).await,
                Ok(None) => {
                    return ended_by(&mut task, AttemptOutcome::Failed(JobError::Lost)).await;
                }
                // The job goes on, since other workers can't take it without the database, either.
                Err(error) => {
                    tracing::warn!(job = %hold.id, %error, "a job's lease is not renewed")
                }
            }
        }
    }

    async fn renew(&self, hold: Hold) -> Result<Option<bool>, sqlx::Error> {
        let mut tx = self.db.tenant_unflushed(hold.tenant, &actor()).await?;
        let renewed = queue::renew(&mut tx, &self.clock, hold).await?;
        tx.commit().await?;
        Ok(renewed)
    }

    /// Finds out if a lost job was cancelled, or if another worker has it.
    async fn why_lost(&self, hold: Hold) -> AttemptOutcome {
        match self.renew(hold).await {
            Ok(Some(true)) => AttemptOutcome::Cancelled,
            _ => AttemptOutcome::Failed(JobError::Lost),
        }
    }
}

/// Returns the actor in whose name a job runs: the person who asked for it, or the job itself if the system asked.
fn for_whom(asked_by: Actor, hold: Hold, kind: &str) -> Actor {
    match asked_by.kind {
        ActorKind::System => Actor::job(hold.id.0, kind),
        _ => asked_by,
    }
}

/// The runner's own statements change nothing that the audit trail records.
fn actor() -> Actor {
    Actor::system("jobs")
}

/// Aborts a job, and waits until its task is gone.
async fn ended_by<T: 'static>(task: &mut JoinSet<T>, outcome: AttemptOutcome) -> AttemptOutcome {
    task.shutdown().await;
    outcome
}
