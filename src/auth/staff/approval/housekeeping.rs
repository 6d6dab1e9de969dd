//! The hourly work on requests: those that nobody answered expire, and old ones are deleted.

use chrono::TimeDelta;
use serde_json::json;

use super::row::target;
use crate::audit::{self, Action, AuditLine};
use crate::base::clock::Clock;
use crate::base::ids::{ApprovalId, TenantId};
use crate::db::TenantTx;

/// A request is kept for this long after its end.
const KEPT_FOR: TimeDelta = TimeDelta::days(90);
/// No transaction touches more rows than this.
const BATCH: i64 = 1_000;

/// Expires and deletes a batch each. Returns true if there may be more.
pub async fn sweep(tx: &mut TenantTx, clock: &Clock) -> Result<bool, sqlx::Error> {
    let expired = expire(tx, clock).await?;
    let deleted = sqlx::query!(
        "delete from approvals a using (
             select id from approvals
             where tenant_id = $1 and decided_at < $2 and state <> 'waiting' limit $3) old
         where a.tenant_id = $1 and a.id = old.id",
        tx.tenant() as TenantId,
        clock.now() - KEPT_FOR,
        BATCH
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    Ok(expired.max(deleted) >= BATCH.unsigned_abs())
}

async fn expire(tx: &mut TenantTx, clock: &Clock) -> Result<u64, sqlx::Error> {
    let expired = sqlx::query!(
        r#"with due as materialized (
               select id from approvals
               where tenant_id = $1 and state = 'waiting' and expires_at <= $2
               limit $3 for update skip locked
           )
           update approvals a set state = 'expired', decided_at = $2
           from due where a.tenant_id = $1 and a.id = due.id and a.state = 'waiting'
           returning a.id as "id: ApprovalId", a.kind, a.member_code"#,
        tx.tenant() as TenantId,
        clock.now(),
        BATCH
    )
    .fetch_all(tx.conn())
    .await?;
    let mut count = 0;
    for request in expired {
        let line = AuditLine {
            target: Some(target(request.id)),
            member: request.member_code,
            approval: Some(request.id),
            ..AuditLine::new(Action::ApprovalExpired, json!({ "kind": request.kind }))
        };
        audit::write(tx, clock, &line, &[None]).await?;
        count += 1;
    }
    Ok(count)
}
