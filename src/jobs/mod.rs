//! Jobs do work that takes longer than a request may: imports, publishing, clean-up.
//!
//! [`enqueue`] puts a [`Job`] into the queue, in the transaction that needs it. One worker at a time runs it. It runs
//! again after a failure or a worker's death, and is given up after some attempts; the reason is kept. [`status`]
//! returns its progress, [`output`] returns its result, and [`cancel`] ends it.
//!
//! | module | what lives there |
//! |---|---|
//! | [`kind`] | what a job is, and the list of the jobs that a worker can run |
//! | [`consent`] | a person's consent to changes that others see at once |
//! | [`error`] | why a job did not end well |
//! | [`failures`] | the jobs of a union that were given up |
//! | [`context`] | what a running job works with: transactions, progress |
//! | [`runner`] | takes jobs, runs them, and renews their leases |
//! | `queue` | the statements of the runner |
//! | [`waiting`], [`turns`] | which unions have work, and whose turn it is; the outbox uses them, too |
//!
//! We wrote this room ourselves, because the job queues that exist (`graphile_worker`, `apalis-postgres`) take the
//! oldest job from one table whose keys don't contain the union. With them, a union with a thousand jobs would go
//! before all others, row-level security could not separate the unions' jobs, and the table could not be spread over
//! machines by union.

pub mod consent;
pub mod context;
pub mod error;
pub mod failures;
pub mod kind;
mod queue;
pub mod runner;
pub mod turns;
pub mod waiting;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sqlx::types::Json;

use self::kind::Job;
use self::queue::CHANNEL;
use crate::base::clock::Clock;
use crate::base::ids::{JobId, TenantId};
use crate::db::TenantTx;

/// A job that is done is kept for this long, so that people can look at it.
const KEEP_DONE_FOR: TimeDelta = TimeDelta::days(2);
/// A job that was given up or cancelled is kept for this long, so that people can find out why.
const KEEP_FOR: TimeDelta = TimeDelta::days(90);
/// A sweep deletes at most this many rows at once, so that no transaction locks many rows.
const BATCH: i64 = 1_000;

/// Puts a job into the queue. It can begin once the transaction is committed.
///
/// If a job with this `key` already waits or runs, nothing is added, and that job's id is returned.
pub async fn enqueue<J: Job>(
    tx: &mut TenantTx,
    clock: &Clock,
    job: &J,
    key: Option<&str>,
) -> Result<JobId, sqlx::Error> {
    let payload = serde_json::to_value(job).map_err(|error| sqlx::Error::Encode(error.into()))?;
    loop {
        let added = sqlx::query_scalar!(
            r#"insert into jobs (tenant_id, id, kind, payload, key, asked_by, created_at, due_at)
               values ($1, $2, $3, $4, $5, $6, $7, coalesce($8, statement_timestamp()))
               on conflict (tenant_id, kind, key) where state in ('queued', 'running') do nothing
               returning id as "id: JobId""#,
            tx.tenant() as TenantId,
            JobId::new(clock) as JobId,
            J::NAME,
            payload,
            key,
            Json(tx.actor()) as _,
            clock.now(),
            clock.held()
        )
        .fetch_optional(tx.conn())
        .await?;
        if let Some(id) = added {
            turns::announce(tx, CHANNEL, &tx.tenant().to_string()).await?;
            return Ok(id);
        }
        let living = sqlx::query_scalar!(
            r#"select id as "id: JobId" from jobs
               where tenant_id = $1 and kind = $2 and key = $3 and state in ('queued', 'running')"#,
            tx.tenant() as TenantId,
            J::NAME,
            key
        )
        .fetch_optional(tx.conn())
        .await?;
        // If that job ended between the two statements, the key is free again, and the next turn of the loop adds
        // this job.
        if let Some(id) = living {
            return Ok(id);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum JobState {
    /// The job waits for its first attempt, or for a retry.
    Queued,
    Running,
    Done,
    Cancelled,
    /// The job was given up; [`JobStatus::last_error`] says why.
    Failed,
}

/// The state of a job, as it is shown to people.
#[derive(Debug, Clone, Serialize)]
pub struct JobStatus {
    pub id: JobId,
    pub kind: String,
    pub state: JobState,
    pub created_at: DateTime<Utc>,
    pub attempts: i16,
    /// The number of units that are done. Each kind of job has its own unit.
    pub done: i64,
    /// The value of `done` at the end. It is `None` until the job knows it.
    pub of: Option<i64>,
    /// The current step, in a word that the kind of job has chosen.
    pub step: Option<String>,
    pub cancel_asked: bool,
    pub last_error: Option<String>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// Returns a job of the transaction's union.
pub async fn status(tx: &mut TenantTx, id: JobId) -> Result<Option<JobStatus>, sqlx::Error> {
    sqlx::query_as!(
        JobStatus,
        r#"select id as "id: JobId", kind, state as "state: JobState", created_at, attempts,
                  progress_done as done, progress_of as of, progress_step as step,
                  cancel_asked_at is not null as "cancel_asked!", last_error, finished_at
           from jobs where tenant_id = $1 and id = $2"#,
        tx.tenant() as TenantId,
        id as JobId
    )
    .fetch_optional(tx.conn())
    .await
}

/// Returns the output of a job of the transaction's union. Returns `None` if the job is not done.
pub async fn output<J: Job>(
    tx: &mut TenantTx,
    id: JobId,
) -> Result<Option<J::Output>, sqlx::Error> {
    let output = sqlx::query_scalar!(
        r#"select output as "output!: Json<J::Output>" from jobs
           where tenant_id = $1 and id = $2 and kind = $3 and state = 'done'"#,
        tx.tenant() as TenantId,
        id as JobId,
        J::NAME
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(output.map(|Json(output)| output))
}

/// Returns up to `limit` jobs of the transaction's union, the newest first. With `before`, only older jobs are
/// returned.
pub async fn list(
    tx: &mut TenantTx,
    before: Option<JobId>,
    limit: i64,
) -> Result<Vec<JobStatus>, sqlx::Error> {
    sqlx::query_as!(
        JobStatus,
        r#"select id as "id: JobId", kind, state as "state: JobState", created_at, attempts,
                  progress_done as done, progress_of as of, progress_step as step,
                  cancel_asked_at is not null as "cancel_asked!", last_error, finished_at
           from jobs where tenant_id = $1 and ($2::uuid is null or id < $2)
           order by id desc limit $3"#,
        tx.tenant() as TenantId,
        before as Option<JobId>,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

/// Asks that a job which waits or runs be cancelled. A worker ends it within seconds. Returns true if there was such
/// a job.
pub async fn cancel(tx: &mut TenantTx, clock: &Clock, id: JobId) -> Result<bool, sqlx::Error> {
    let asked = sqlx::query!(
        "update jobs set cancel_asked_at = $3
         where tenant_id = $1 and id = $2 and state in ('queued', 'running')",
        tx.tenant() as TenantId,
        id as JobId,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    turns::announce(tx, CHANNEL, &tx.tenant().to_string()).await?;
    Ok(asked.rows_affected() > 0)
}

/// Deletes a batch of jobs that have been kept long enough. Returns true if there may be more.
pub async fn sweep(tx: &mut TenantTx, clock: &Clock) -> Result<bool, sqlx::Error> {
    let now = clock.now();
    let swept = sqlx::query!(
        "delete from jobs
         where tenant_id = $1
           and id in (select id from jobs
                      where tenant_id = $1 and state not in ('queued', 'running')
                        and finished_at < $2 and (state = 'done' or finished_at < $3)
                      limit $4)",
        tx.tenant() as TenantId,
        now - KEEP_DONE_FOR,
        now - KEEP_FOR,
        BATCH
    )
    .execute(tx.conn())
    .await?;
    Ok(swept.rows_affected() >= BATCH.unsigned_abs())
}
