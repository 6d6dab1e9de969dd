//! What is done every hour for each union, whoever asks for it or not.

use chrono::TimeDelta;

use super::eligibility;
use crate::base::clock::Clock;
use crate::db::TenantTx;
use crate::tenant::policy::TenantConfig;

/// Every bucket is full again by then.
const FULL_AGAIN: TimeDelta = TimeDelta::days(1);

/// Closes accounts whose time is over (T12), and forgets limits that limit nothing any more, and links and tokens
/// that nobody asks for. How many accounts were closed.
///
/// # Errors
/// The database's.
pub async fn tidy(
    tx: &mut TenantTx,
    clock: &Clock,
    policy: &TenantConfig,
) -> Result<usize, sqlx::Error> {
    sqlx::query!("delete from throttles where updated_at < $1", clock.now() - FULL_AGAIN)
        .execute(tx.conn())
        .await?;
    sqlx::query!("delete from password_resets where expires_at < $1", clock.now() - FULL_AGAIN)
        .execute(tx.conn())
        .await?;
    // Of sessions that are over, nobody has to know the tokens any more.
    sqlx::query!(
        "delete from retired_tokens r using sessions s
         where s.tenant_id = r.tenant_id and s.id = r.session_id and s.ended_at is not null"
    )
    .execute(tx.conn())
    .await?;
    eligibility::close_due(tx, clock, &policy.after_loss).await
}
