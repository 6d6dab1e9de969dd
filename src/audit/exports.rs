//! Parts of the trail that a staff member may take away, once, since another one has let them.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::base::clock::Clock;
use crate::base::ids::{ApprovalId, ExportId, LoginId, TenantId};
use crate::base::realm::Staff;
use crate::db::TenantTx;

/// The file can be fetched for this long.
const FETCHED_WITHIN: TimeDelta = TimeDelta::hours(24);
/// A row is kept for this long after its end.
const KEPT_FOR: TimeDelta = TimeDelta::hours(24);
/// No transaction deletes more rows than this.
const BATCH: i64 = 1_000;

/// A part of the trail that waits to be taken away.
#[derive(Debug)]
pub struct WaitingExport {
    pub id: ExportId,
    pub filters: Value,
    pub expires_at: DateTime<Utc>,
}

/// A part of the trail that is being taken away.
#[derive(Debug)]
pub struct TakenExport {
    pub approval: ApprovalId,
    pub filters: Value,
}

/// Lets a staff member take a part away.
pub async fn allow(
    tx: &mut TenantTx,
    clock: &Clock,
    approval: ApprovalId,
    staff: LoginId<Staff>,
    filters: &Value,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into audit_exports (tenant_id, id, approval_id, staff_id, filters, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
        tx.tenant() as TenantId,
        ExportId::new(clock).0,
        approval.0,
        staff.0,
        filters,
        clock.now() + FETCHED_WITHIN
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Lists what a staff member may take away now.
pub async fn waiting(
    tx: &mut TenantTx,
    clock: &Clock,
    staff: LoginId<Staff>,
) -> Result<Vec<WaitingExport>, sqlx::Error> {
    sqlx::query_as!(
        WaitingExport,
        r#"select id as "id: ExportId", filters, expires_at from audit_exports
           where tenant_id = $1 and staff_id = $2 and taken_at is null and expires_at > $3
           order by expires_at, id"#,
        tx.tenant() as TenantId,
        staff.0,
        clock.now()
    )
    .fetch_all(tx.conn())
    .await
}

/// Takes a part away. Returns `None` if it isn't theirs, was taken already, or is past its time.
pub async fn take(
    tx: &mut TenantTx,
    clock: &Clock,
    id: ExportId,
    staff: LoginId<Staff>,
) -> Result<Option<TakenExport>, sqlx::Error> {
    sqlx::query_as!(
        TakenExport,
        r#"update audit_exports set taken_at = $4
           where tenant_id = $1 and id = $2 and staff_id = $3 and taken_at is null and expires_at > $4
           returning approval_id as "approval: ApprovalId", filters"#,
        tx.tenant() as TenantId,
        id.0,
        staff.0,
        clock.now()
    )
    .fetch_optional(tx.conn())
    .await
}

/// Deletes a batch of rows that are over. Returns true if there may be more.
pub async fn sweep(tx: &mut TenantTx, clock: &Clock) -> Result<bool, sqlx::Error> {
    let deleted = sqlx::query!(
        "delete from audit_exports a using (
             select id from audit_exports where tenant_id = $1 and expires_at < $2 limit $3) old
         where a.tenant_id = $1 and a.id = old.id",
        tx.tenant() as TenantId,
        clock.now() - KEPT_FOR,
        BATCH
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    Ok(deleted >= BATCH.unsigned_abs())
}
