//! Clean-up of the outbox: the content of dead mails, and later every mail.

use chrono::TimeDelta;

use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::db::TenantTx;

/// A dead mail keeps its content for this long, so that an operator can put it back.
const KEEP_CONTENT_FOR: TimeDelta = TimeDelta::days(30);
/// A mail's fate can be looked up for this long.
const KEEP_FOR: TimeDelta = TimeDelta::days(90);
/// Keeps the number of rows that a transaction locks small.
const BATCH: i64 = 1_000;

/// The numbers of rows that one batch cleaned up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    /// Dead mails that lost their content.
    pub emptied: u64,
    pub deleted: u64,
}

impl Swept {
    /// Returns true if there may be more to clean up.
    #[must_use]
    pub fn is_full(self) -> bool {
        self.emptied.max(self.deleted) >= BATCH.unsigned_abs()
    }
}

/// Cleans up a batch of mails of the transaction's union.
pub async fn sweep(tx: &mut TenantTx, clock: &Clock) -> Result<Swept, sqlx::Error> {
    let now = clock.now();
    let emptied = sqlx::query!(
        "with old as materialized (
             select id from outbox
             where tenant_id = $1 and state = 'dead' and has_content and finished_at < $2
             limit $3 for update skip locked
         )
         update outbox o set text_body = '', html_body = ''
         from old where o.tenant_id = $1 and o.id = old.id",
        tx.tenant() as TenantId,
        now - KEEP_CONTENT_FOR,
        BATCH
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    let deleted = sqlx::query!(
        "with old as materialized (
             select id from outbox
             where tenant_id = $1 and state <> 'queued' and finished_at < $2
             limit $3 for update skip locked
         )
         delete from outbox o using old where o.tenant_id = $1 and o.id = old.id",
        tx.tenant() as TenantId,
        now - KEEP_FOR,
        BATCH
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    Ok(Swept { emptied, deleted })
}
