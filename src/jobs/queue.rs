//! The runner's statements: they take a job, keep it, and write down its result.
//!
//! Taking a job moves its due time past the lease. If the worker is killed, the job falls due again by itself.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use super::error::JobError;
use super::turns;
use crate::base::clock::Clock;
use crate::base::ids::{HoldId, JobId, TenantId};
use crate::db::TenantTx;
use crate::db::actor::Actor;

/// The NOTIFY channel. Its payload is the union that has new work, or work to cancel.
pub(super) const CHANNEL: &str = "kosmo_jobs";
/// A job belongs to its worker for this long after the worker last renewed the lease.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(60);
/// A job is given up after this many attempts.
const MOST_ATTEMPTS: i16 = 8;
const LONGEST_PAUSE_SECONDS: i64 = 600;
/// The reason of a failure can be a long chain of errors, so it is cut to this many characters.
const LONGEST_REASON: usize = 1_000;

/// One worker's hold on one job. A statement that names it changes nothing once another worker has the job.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hold {
    pub(super) tenant: TenantId,
    pub(super) id: JobId,
    pub(super) hold: HoldId,
    pub(super) attempts: i16,
}

/// A job that a worker has taken.
pub(super) struct Claimed {
    pub(super) hold: Hold,
    pub(super) kind: String,
    pub(super) payload: Value,
    pub(super) asked_by: Actor,
    pub(super) cancel_asked: bool,
}

impl Claimed {
    /// Returns true if the job has used up its attempts. This happens if the worker of the last attempt died before
    /// it could write down a failure.
    pub(super) fn is_over(&self) -> bool {
        self.hold.attempts > MOST_ATTEMPTS
    }
}

/// The result of a worker's attempt at a job.
#[derive(Debug)]
pub(super) enum AttemptOutcome {
    Done(Value),
    Failed(JobError),
    Cancelled,
    /// The worker stops. Another worker begins the job at once, and this attempt is not counted.
    GivenBack,
}

/// The waiting and running jobs of a union.
pub(super) struct Peeked {
    /// The time when the next job of a kind that this worker knows is due.
    pub(super) due_at: Option<DateTime<Utc>>,
    pub(super) unknown_kinds: Vec<String>,
}

pub(super) async fn peek(tx: &mut TenantTx, kinds: &[String]) -> Result<Peeked, sqlx::Error> {
    sqlx::query_as!(
        Peeked,
        r#"select min(case when state = 'queued' and cancel_asked_at is not null
                           then cancel_asked_at else due_at end)
                      filter (where kind = any($2)) as due_at,
                  coalesce(array_agg(distinct kind) filter (where kind <> all($2)), '{}')
                      as "unknown_kinds!"
           from jobs where tenant_id = $1 and state in ('queued', 'running')"#,
        tx.tenant() as TenantId,
        kinds
    )
    .fetch_one(tx.conn())
    .await
}

/// Takes the union's next job that is due, or that was cancelled while it waited.
pub(super) async fn claim(
    tx: &mut TenantTx,
    clock: &Clock,
    now: DateTime<Utc>,
    kinds: &[String],
) -> Result<Option<Claimed>, sqlx::Error> {
    let (tenant, hold) = (tx.tenant(), HoldId::new(clock));
    let row = sqlx::query!(
        r#"update jobs
           set state = 'running', held_by = $2, due_at = $4, attempts = attempts + 1
           where tenant_id = $1
             and id = (select id from jobs
                       where tenant_id = $1 and state in ('queued', 'running') and kind = any($5)
                         and (due_at <= $3 or (state = 'queued' and cancel_asked_at is not null))
                       order by due_at, id limit 1 for update skip locked)
           returning id as "id: JobId", kind, payload, asked_by as "asked_by: Json<Actor>", attempts,
                     cancel_asked_at is not null as "cancel_asked!""#,
        tenant as TenantId,
        hold as HoldId,
        now,
        now + LEASE,
        kinds
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Claimed {
        hold: Hold { tenant, id: row.id, hold, attempts: row.attempts },
        kind: row.kind,
        payload: row.payload,
        asked_by: row.asked_by.0,
        cancel_asked: row.cancel_asked,
    }))
}

/// Renews the lease. Returns `Some(true)` if the job was asked to end, and `None` if another worker has the job.
pub(super) async fn renew(
    tx: &mut TenantTx,
    clock: &Clock,
    hold: Hold,
) -> Result<Option<bool>, sqlx::Error> {
    let now = turns::time(tx.conn(), clock).await?;
    sqlx::query_scalar!(
        r#"update jobs set due_at = $4
           where tenant_id = $1 and id = $2 and held_by = $3 and state = 'running'
           returning cancel_asked_at is not null as "cancel_asked!""#,
        hold.tenant as TenantId,
        hold.id as JobId,
        hold.hold as HoldId,
        now + LEASE
    )
    .fetch_optional(tx.conn())
    .await
}

/// Keeps other workers from the job while the transaction is open. Returns false if another worker has the job.
///
/// The lock is a weak one: it does not block updates of the row, but a claim skips rows that are locked.
pub(super) async fn keep(tx: &mut TenantTx, hold: Hold) -> Result<bool, sqlx::Error> {
    let kept = sqlx::query_scalar!(
        r#"select true as "kept!" from jobs
           where tenant_id = $1 and id = $2 and held_by = $3 and state = 'running'
           for key share"#,
        hold.tenant as TenantId,
        hold.id as JobId,
        hold.hold as HoldId
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(kept.is_some())
}

/// Writes down the progress of a job, and renews its lease. Returns false if the job has to end.
pub(super) async fn progress(
    tx: &mut TenantTx,
    clock: &Clock,
    hold: Hold,
    done: i64,
    of: Option<i64>,
    step: &str,
) -> Result<bool, sqlx::Error> {
    let now = turns::time(tx.conn(), clock).await?;
    let written = sqlx::query_scalar!(
        r#"update jobs set progress_done = $4, progress_of = $5, progress_step = $6,
                           due_at = $7
           where tenant_id = $1 and id = $2 and held_by = $3 and state = 'running'
           returning cancel_asked_at is null as "goes_on!""#,
        hold.tenant as TenantId,
        hold.id as JobId,
        hold.hold as HoldId,
        done,
        of,
        step,
        now + LEASE
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(written == Some(true))
}

/// Returns an output as the database keeps it.
pub(super) fn written(output: &impl Serialize) -> Result<Value, JobError> {
    serde_json::to_value(output).map_err(|error| JobError::Final(format!("output: {error}")))
}

/// Marks a job as done. Returns false if another worker has it.
pub(super) async fn finish(
    tx: &mut TenantTx,
    clock: &Clock,
    hold: Hold,
    output: &Value,
) -> Result<bool, sqlx::Error> {
    let now = turns::time(tx.conn(), clock).await?;
    let finished = sqlx::query!(
        "update jobs set state = 'done', held_by = null, output = $5,
                         progress_done = coalesce(progress_of, progress_done),
                         finished_at = $4
         where tenant_id = $1 and id = $2 and held_by = $3 and state = 'running'",
        hold.tenant as TenantId,
        hold.id as JobId,
        hold.hold as HoldId,
        now,
        output
    )
    .execute(tx.conn())
    .await?;
    Ok(finished.rows_affected() > 0)
}

/// Writes down how a job ended. Nothing is written if another worker has the job by now.
pub(super) async fn settle(
    tx: &mut TenantTx,
    clock: &Clock,
    hold: Hold,
    outcome: &AttemptOutcome,
) -> Result<(), sqlx::Error> {
    let pause = TimeDelta::zero();
    let (state, attempts, pause, error) = match outcome {
        // If the job has marked itself as done, the hold is over, and this changes nothing.
        AttemptOutcome::Done(output) => return finish(tx, clock, hold, output).await.map(drop),
        AttemptOutcome::Failed(JobError::Lost) => return Ok(()),
        AttemptOutcome::Failed(JobError::Passing(error)) if hold.attempts < MOST_ATTEMPTS => {
            ("queued", hold.attempts, backoff(hold.attempts), Some(error))
        }
        AttemptOutcome::Failed(JobError::Passing(error) | JobError::Final(error)) => {
            ("failed", hold.attempts, pause, Some(error))
        }
        AttemptOutcome::Cancelled => ("cancelled", hold.attempts, pause, None),
        AttemptOutcome::GivenBack => ("queued", hold.attempts - 1, pause, None),
    };
    let now = turns::time(tx.conn(), clock).await?;
    let error = error.map(|error| error.chars().take(LONGEST_REASON).collect::<String>());
    sqlx::query!(
        "update jobs set state = $4, held_by = null, attempts = $5,
                         due_at = $6,
                         last_error = coalesce($7, last_error),
                         finished_at = case when $4 <> 'queued' then $6::timestamptz end
         where tenant_id = $1 and id = $2 and held_by = $3 and state = 'running'",
        hold.tenant as TenantId,
        hold.id as JobId,
        hold.hold as HoldId,
        state,
        attempts,
        now + pause,
        error
    )
    .execute(tx.conn())
    .await?;
    if matches!(outcome, AttemptOutcome::GivenBack) {
        turns::announce(tx, CHANNEL, &hold.tenant.to_string()).await?;
    }
    Ok(())
}

/// Returns the time to back off: 10 s, 20 s, 40 s and so on, up to 10 minutes. Up to a quarter of it is added at
/// random, so that many jobs don't retry at the same moment.
fn backoff(attempts: i16) -> TimeDelta {
    let doublings = u32::from(attempts.clamp(1, 20).unsigned_abs()) - 1;
    let seconds = (10 << doublings).min(LONGEST_PAUSE_SECONDS);
    let jitter = rand::random_range(0..=seconds * 250);
    TimeDelta::seconds(seconds) + TimeDelta::milliseconds(jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_fails_comes_back_later_and_later() {
        for (attempts, least) in [(1, 10), (2, 20), (6, 320), (7, 600), (99, 600)] {
            let wait = backoff(attempts).num_milliseconds();
            assert!((least * 1_000..=least * 1_250).contains(&wait), "{attempts}: {wait}");
        }
    }
}
