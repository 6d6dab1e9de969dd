//! One mail to many people, about something that can be withdrawn.

use chrono::TimeDelta;
use sqlx::postgres::types::PgInterval;
use uuid::Uuid;

use super::delivery::queue::Lane;
use super::message::RenderedMail;
use super::outbox;
use crate::base::clock::Clock;
use crate::base::ids::{MailId, TenantId};
use crate::db::TenantTx;

/// The number of mails that one statement writes.
const BATCH: usize = 5_000;

/// Puts a mail to each address into the outbox. The first is due now, and each further one `every` later. Until a
/// mail has left, [`take_back`] finds it by `cause`. Returns how many mails were written.
pub async fn enqueue(
    tx: &mut TenantTx,
    clock: &Clock,
    mail: &RenderedMail,
    addresses: &[String],
    every: TimeDelta,
    cause: Uuid,
) -> Result<u64, sqlx::Error> {
    let mut written = 0_usize;
    for batch in addresses.chunks(BATCH) {
        let ids: Vec<Uuid> = batch.iter().map(|_| MailId::new(clock).0).collect();
        let batch = sqlx::query!(
            "insert into outbox (tenant_id, id, kind, sender_name, sender, reply_to, recipient,
                                 subject, text_body, html_body, created_at, queued_at, due_at, cause)
             select $1, who.id, $2, $3, $4, $5, who.address, $6, $7, $8, $9, due.at, due.at, $10
             from unnest($11::uuid[], $12::text[]) with ordinality as who (id, address, place)
             cross join lateral (
                 -- now() is the same for all batches of a transaction.
                 select coalesce($13, now()) + ($14 + who.place - 1) * $15::interval
             ) as due (at)
             returning true as written",
            tx.tenant() as TenantId,
            mail.kind,
            mail.sender_name,
            mail.sender,
            mail.reply_to,
            mail.subject,
            mail.text,
            mail.html,
            clock.now(),
            cause,
            &ids,
            batch,
            clock.held(),
            i64::try_from(written).unwrap_or(i64::MAX),
            PgInterval::try_from(every).map_err(sqlx::Error::Encode)?
        )
        .fetch_all(tx.conn())
        .await?;
        written += batch.len();
    }
    outbox::announce(tx, Lane::Other).await?;
    Ok(u64::try_from(written).unwrap_or(u64::MAX))
}

/// Cancels the mails of a cause that have not left yet.
pub async fn take_back(tx: &mut TenantTx, clock: &Clock, cause: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update outbox set state = 'expired', finished_at = $3
         where tenant_id = $1 and cause = $2 and state in ('queued', 'dead')",
        tx.tenant() as TenantId,
        cause,
        clock.now()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
