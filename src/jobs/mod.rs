//! Work that outlasts a request: imports, publishing, clean-up.
//!
//! A [`Job`] is put into the queue by [`enqueue`], in the transaction that causes it, and runs in a worker: one worker
//! at a time, again after a failure or a worker's death, given up with its reason after some attempts. [`status`]
//! tells how far it is, [`output`] what it came to, [`cancel`] ends it.
//!
//! | module | what lives there |
//! |---|---|
//! | [`kind`] | what a job is, and the list of those that a worker can run |
//! | [`consent`] | what people agreed to before a job changes what others see |
//! | [`error`] | why a job did not end well |
//! | [`context`] | what a running job works with: transactions, progress |
//! | [`runner`] | takes jobs, runs them, keeps them while they run |
//! | `queue` | the statements of the runner |
//! | [`waiting`], [`turns`] | which unions have work, and whose turn it is; for the outbox, too |
//!
//! The room is our own because the job queues at hand (`graphile_worker`, `apalis-postgres`) take the oldest job of all
//! from one table whose keys know no union: a union with a thousand jobs would go before everybody else's, no row-level
//! security could tell the unions' jobs apart, and the table could not be spread over machines by union.

pub mod consent;
pub mod context;
pub mod error;
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

/// For how long anybody may look at a job that is done.
const KEEP_DONE_FOR: TimeDelta = TimeDelta::days(2);
/// For how long anybody may ask why a job was given up, or cancelled.
const KEEP_FOR: TimeDelta = TimeDelta::days(90);
/// So that no transaction holds many rows.
const BATCH: i64 = 1_000;

/// Puts a job into the queue; it begins once the transaction is committed.
///
/// While a job with this `key` waits or runs, that one's id is returned and nothing is added.
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
        // None if it ended between the two statements: then there is room for this one.
        if let Some(id) = living {
            return Ok(id);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum JobState {
    /// It waits for its turn, or for its next attempt.
    Queued,
    Running,
    Done,
    Cancelled,
    /// It was given up; [`JobStatus::last_error`] says why.
    Failed,
}

/// A job, as people watch it.
#[derive(Debug, Clone, Serialize)]
pub struct JobStatus {
    pub id: JobId,
    pub kind: String,
    pub state: JobState,
    pub created_at: DateTime<Utc>,
    pub attempts: i16,
    /// How far it has come, in units of its kind.
    pub done: i64,
    /// What `done` comes to in the end, once the job knows.
    pub of: Option<i64>,
    /// What it is at, in a word of its kind.
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

/// Returns what a job of the transaction's union came to; None if it is not done.
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

/// Returns up to `limit` jobs of the transaction's union, the newest first: those before `before`.
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

/// Asks for the end of a job that waits or runs; a worker ends it within seconds. Returns true if there was one.
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

/// Forgets a batch of jobs that nobody asks about any more. Returns true if there may be more.
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
