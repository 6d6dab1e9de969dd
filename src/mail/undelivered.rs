//! Mail that did not reach anybody: for `kosmo mail` and `kosmo doctor`.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::base::clock::Clock;
use crate::base::email::masked;
use crate::base::ids::{MailId, TenantId};
use crate::db::{Db, PlatformTx, TenantTx};

/// A mail that waits for longer is late.
const LATE_AFTER: TimeDelta = TimeDelta::minutes(5);
/// For how long a dead mail that nobody can put back is told of.
const NEWS_FOR: TimeDelta = TimeDelta::days(1);

/// Mail that did not go out, counted a union.
#[derive(Debug)]
pub struct Backlog {
    pub slug: String,
    pub dead: i64,
    pub late: i64,
}

/// A mail that is dead, or late.
#[derive(Debug, Serialize)]
pub struct Undelivered {
    /// The union's.
    pub slug: String,
    pub id: MailId,
    pub kind: String,
    /// Given up; otherwise late.
    pub dead: bool,
    /// Whether it can be put back: it is dead and its content is kept.
    pub retriable: bool,
    /// In part.
    pub recipient: String,
    pub created_at: DateTime<Utc>,
    pub attempts: i16,
    pub last_error: Option<String>,
}

/// Unions with mail that is late, or dead and either fit to be put back or dead since a day at most.
///
/// # Errors
/// The database's.
pub async fn backlog(db: &Db, clock: &Clock) -> Result<Vec<Backlog>, sqlx::Error> {
    let now = clock.now();
    let mut tx = db.platform().await?;
    sqlx::query_as!(
        Backlog,
        r#"select t.slug, count(*) filter (where o.state = 'dead') as "dead!",
                  count(*) filter (where o.state = 'queued') as "late!"
           from outbox o join tenants t on t.id = o.tenant_id
           where (o.state = 'dead' and (o.has_content or o.finished_at > $2))
              or (o.state = 'queued' and o.queued_at < $1)
           group by t.slug order by t.slug"#,
        now - LATE_AFTER,
        now - NEWS_FOR
    )
    .fetch_all(tx.conn())
    .await
}

/// All dead and late mail, of one union or of all, the oldest first.
///
/// # Errors
/// The database's.
pub async fn list(
    tx: &mut PlatformTx,
    clock: &Clock,
    tenant: Option<TenantId>,
) -> Result<Vec<Undelivered>, sqlx::Error> {
    let mut mails = sqlx::query_as!(
        Undelivered,
        r#"select t.slug, o.id as "id: MailId", o.kind, o.state = 'dead' as "dead!",
                  o.state = 'dead' and o.has_content as "retriable!", o.recipient, o.created_at,
                  o.attempts, o.last_error
           from outbox o join tenants t on t.id = o.tenant_id
           where (o.state = 'dead' or (o.state = 'queued' and o.queued_at < $1))
             and ($2::uuid is null or o.tenant_id = $2)
           order by t.slug, o.created_at, o.id"#,
        clock.now() - LATE_AFTER,
        tenant as Option<TenantId>
    )
    .fetch_all(tx.conn())
    .await?;
    for mail in &mut mails {
        mail.recipient = masked(&mail.recipient);
    }
    Ok(mails)
}

/// Puts dead mail of the transaction's union back into the queue: all of it, or that with these ids.
/// How many mails that were; those which are not dead, or have no content any more, stay as they are.
///
/// # Errors
/// The database's.
pub async fn retry(
    tx: &mut TenantTx,
    clock: &Clock,
    ids: Option<&[MailId]>,
) -> Result<u64, sqlx::Error> {
    let some: Vec<_> = ids.unwrap_or_default().iter().map(|id| id.0).collect();
    let put_back = sqlx::query!(
        "update outbox
         set state = 'queued', finished_at = null,
             due_at = coalesce($1, clock_timestamp()), queued_at = coalesce($1, clock_timestamp())
         where tenant_id = current_tenant() and state = 'dead' and has_content
           and ($2::boolean or id = any($3))",
        clock.held(),
        ids.is_none(),
        &some
    )
    .execute(tx.conn())
    .await?;
    Ok(put_back.rows_affected())
}

/// Those of the ids that no mail of the transaction's union has.
///
/// # Errors
/// The database's.
pub async fn unknown(tx: &mut TenantTx, ids: &[MailId]) -> Result<Vec<MailId>, sqlx::Error> {
    let asked: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query_scalar!(
        r#"select asked as "asked!: MailId" from unnest($1::uuid[]) as asked
           where not exists (select from outbox o
                             where o.tenant_id = current_tenant() and o.id = asked)"#,
        &asked
    )
    .fetch_all(tx.conn())
    .await
}
