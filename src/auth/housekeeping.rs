//! What is done every hour for each union, whoever asks for it or not.

use chrono::TimeDelta;

use crate::auth::eligibility;
use crate::base::clock::Clock;
use crate::db::TenantTx;
use crate::tenant::policy::TenantConfig;

/// Every bucket is full again by then.
const FULL_AGAIN: TimeDelta = TimeDelta::days(1);
/// Nobody asks any more what became of a link.
const LINK_IS_OVER: TimeDelta = TimeDelta::days(1);
/// So that no transaction holds many rows.
const BATCH: i64 = 1_000;

/// Closes accounts whose time is over (T12); how many.
///
/// # Errors
/// The database's.
pub async fn tidy(
    tx: &mut TenantTx,
    clock: &Clock,
    policy: &TenantConfig,
) -> Result<usize, sqlx::Error> {
    eligibility::close_due(tx, clock, &policy.after_loss).await
}

/// Forgets a batch of limits that limit nothing any more, of links that are over, and of tokens of sessions that are
/// over. Returns true if there may be more.
///
/// # Errors
/// The database's.
pub async fn sweep(tx: &mut TenantTx, clock: &Clock) -> Result<bool, sqlx::Error> {
    let buckets = sqlx::query!(
        "delete from throttles
         where (bucket, key_hash) in (select bucket, key_hash from throttles
                                      where updated_at < $1 limit $2)",
        clock.now() - FULL_AGAIN,
        BATCH
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    let links = sqlx::query!(
        "delete from password_resets
         where account_id in (select account_id from password_resets
                              where expires_at < $1 limit $2)",
        clock.now() - LINK_IS_OVER,
        BATCH
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    let tokens = sqlx::query!(
        "delete from retired_tokens
         where token_hash in (select r.token_hash from retired_tokens r
                              join sessions s on s.tenant_id = r.tenant_id and s.id = r.session_id
                              where s.ended_at is not null limit $1)",
        BATCH
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    Ok(buckets.max(links).max(tokens) >= BATCH.unsigned_abs())
}
