//! Notices of months. People see a month's rows once its notice is published.

use crate::base::clock::Clock;
use crate::base::ids::{NoticeId, TenantId};
use crate::base::month::Month;
use crate::db::TenantTx;

use super::RecordKind;

/// Publishes a month. Returns `None` if it was published already.
pub async fn publish(
    tx: &mut TenantTx,
    clock: &Clock,
    kind: RecordKind,
    month: Month,
    by: &str,
) -> Result<Option<NoticeId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"insert into record_notices (tenant_id, kind, month, id, published_at, published_by)
           values ($1, $2, $3, $4, $5, $6)
           on conflict do nothing
           returning id as "id: NoticeId""#,
        tx.tenant() as TenantId,
        kind.name(),
        month as Month,
        NoticeId::new(clock) as NoticeId,
        clock.now(),
        by
    )
    .fetch_optional(tx.conn())
    .await
}

/// Returns the notice of a month; `None` if the month is not published.
pub async fn find(
    tx: &mut TenantTx,
    kind: RecordKind,
    month: Month,
) -> Result<Option<NoticeId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select id as "id: NoticeId" from record_notices
           where tenant_id = $1 and kind = $2 and month = $3"#,
        tx.tenant() as TenantId,
        kind.name(),
        month as Month
    )
    .fetch_optional(tx.conn())
    .await
}

/// Withdraws a month's notice. Returns the notice, if there was one.
pub async fn withdraw(
    tx: &mut TenantTx,
    kind: RecordKind,
    month: Month,
) -> Result<Option<NoticeId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"delete from record_notices
           where tenant_id = $1 and kind = $2 and month = $3
           returning id as "id: NoticeId""#,
        tx.tenant() as TenantId,
        kind.name(),
        month as Month
    )
    .fetch_optional(tx.conn())
    .await
}
