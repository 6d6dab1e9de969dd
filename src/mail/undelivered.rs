//! Mail that was not sent, for `kosmo mail` and `kosmo doctor`.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::delivery::queue::Lane;
use super::outbox;
use crate::base::clock::Clock;
use crate::base::email::masked;
use crate::base::ids::{MailId, TenantId};
use crate::db::actor::Actor;
use crate::db::{Db, TenantTx};
use crate::jobs::turns;
use crate::tenant::registry;

/// A mail that has waited for longer than this is late.
const LATE_AFTER: TimeDelta = TimeDelta::minutes(5);
/// A dead mail that nobody can put back is reported for this long.
const NEWS_FOR: TimeDelta = TimeDelta::days(1);

/// The number of mails on a page of [`list`].
const PAGE: i64 = 500;

/// Counts of a union's mail that was not sent.
#[derive(Debug)]
pub struct Backlog {
    pub slug: String,
    pub dead: i64,
    pub late: i64,
}

/// A mail that is dead or late.
#[derive(Debug, Serialize)]
pub struct Undelivered {
    /// The union's slug.
    pub slug: String,
    pub id: MailId,
    pub kind: String,
    /// True for mail that was given up, false for late mail.
    pub dead: bool,
    /// True if it can be put back: it is dead, and its content is still there.
    pub retriable: bool,
    /// The address, masked.
    pub recipient: String,
    pub created_at: DateTime<Utc>,
    pub attempts: i16,
    pub last_error: Option<String>,
}

/// Returns the unions with mail that is late, or that is dead and can be put back or died within a day.
pub async fn backlog(db: &Db, actor: &Actor, clock: &Clock) -> Result<Vec<Backlog>, sqlx::Error> {
    let mut platform = db.platform().await?;
    let unions = registry::ids(&mut platform).await?;
    platform.commit().await?;
    let now = clock.now();
    let mut backlog = Vec::new();
    for (tenant, slug) in unions {
        let mut tx = db.tenant(tenant, actor).await?;
        let count = sqlx::query!(
            r#"select count(*) filter (where state = 'dead') as "dead!",
                      count(*) filter (where state = 'queued') as "late!"
               from outbox
               where tenant_id = $1
                 and ((state = 'dead' and (has_content or finished_at > $3))
                      or (state = 'queued' and queued_at < $2))"#,
            tenant as TenantId,
            now - LATE_AFTER,
            now - NEWS_FOR
        )
        .fetch_one(tx.conn())
        .await?;
        tx.commit().await?;
        if count.dead + count.late > 0 {
            backlog.push(Backlog { slug, dead: count.dead, late: count.late });
        }
    }
    Ok(backlog)
}

/// Returns a page of the dead and late mail of the transaction's union, oldest first, after the last one of the page
/// before. An empty page ends the list.
pub async fn list(
    tx: &mut TenantTx,
    clock: &Clock,
    slug: &str,
    after: Option<&Undelivered>,
) -> Result<Vec<Undelivered>, sqlx::Error> {
    let (created_at, id) = after
        .map_or((DateTime::UNIX_EPOCH, MailId(uuid::Uuid::nil())), |last| {
            (last.created_at, last.id)
        });
    let mut mails = sqlx::query_as!(
        Undelivered,
        r#"select $2 as "slug!", id as "id: MailId", kind, state = 'dead' as "dead!",
                  state = 'dead' and has_content as "retriable!", recipient, created_at, attempts,
                  last_error
           from outbox
           where tenant_id = $1 and state in ('queued', 'dead')
             and (state = 'dead' or queued_at < $3) and (created_at, id) > ($4, $5)
           order by created_at, id limit $6"#,
        tx.tenant() as TenantId,
        slug,
        clock.now() - LATE_AFTER,
        created_at,
        id as MailId,
        PAGE
    )
    .fetch_all(tx.conn())
    .await?;
    for mail in &mut mails {
        mail.recipient = masked(&mail.recipient);
    }
    Ok(mails)
}

/// Puts dead mail of the transaction's union back into the queue: all of it, or the mail with these ids. Returns how
/// many were put back. Mail that isn't dead, or has lost its content, stays as it is.
pub async fn retry(
    tx: &mut TenantTx,
    clock: &Clock,
    ids: Option<&[MailId]>,
) -> Result<u64, sqlx::Error> {
    let some: Vec<_> = ids.unwrap_or_default().iter().map(|id| id.0).collect();
    let now = turns::time(tx.conn(), clock).await?;
    let put_back = sqlx::query!(
        "update outbox
         set state = 'queued', finished_at = null,
             due_at = $2, queued_at = $2
         where tenant_id = $1 and state = 'dead' and has_content
           and ($3::boolean or id = any($4))",
        tx.tenant() as TenantId,
        now,
        ids.is_none(),
        &some
    )
    .execute(tx.conn())
    .await?;
    // Dead codes and links have no content, so only this lane gets mail back.
    outbox::announce(tx, Lane::Other).await?;
    Ok(put_back.rows_affected())
}

/// Returns the ids that no mail of the transaction's union has.
pub async fn unknown(tx: &mut TenantTx, ids: &[MailId]) -> Result<Vec<MailId>, sqlx::Error> {
    let asked: Vec<_> = ids.iter().map(|id| id.0).collect();
    let known = sqlx::query_scalar!(
        r#"select id as "id: MailId" from outbox where tenant_id = $1 and id = any($2)"#,
        tx.tenant() as TenantId,
        &asked
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.iter().copied().filter(|id| !known.contains(id)).collect())
}
