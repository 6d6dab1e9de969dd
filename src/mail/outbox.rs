//! The outbox: mail is stored in the transaction that causes it, and is sent at least once.
//!
//! Mail is never sent after its expiry, nor if a newer mail replaced it before a worker took it: a code
//! that no longer works only confuses. [`super::delivery`] sends what is stored.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::types::PgInterval;
use uuid::Uuid;

use super::delivery::queue::{Lane, Queue};
use super::message::RenderedMail;
use crate::base::clock::Clock;
use crate::base::ids::{MailId, TenantId};
use crate::db::TenantTx;
use crate::jobs::turns;

/// The channel that announces which queue has new mail.
pub(super) const CHANNEL: &str = "kosmo_mail";
/// Up to this many mails to one address wait without a delay.
const FEW: i64 = 4;
/// Each further mail to that address is due this much later.
const DELAY: TimeDelta = TimeDelta::seconds(1);
/// At most this many waiting mails are counted.
const MOST_COUNTED: i64 = 64;

/// A code or a link: it expires, and a newer one of its series replaces it.
#[derive(Debug, Clone, Copy)]
pub struct Perishable {
    pub expires_at: DateTime<Utc>,
    /// The sign-in that the codes belong to, or the person that the links belong to.
    pub series: Uuid,
}

/// Puts a mail into the outbox. A mail to nobody (`recipient` is empty) costs as much as any other and is never sent,
/// so a stranger who asks for a mail can't tell from the time it takes whether a person gets one.
pub async fn enqueue(
    tx: &mut TenantTx,
    clock: &Clock,
    mail: &RenderedMail,
    recipient: &str,
    perishable: Option<Perishable>,
) -> Result<MailId, sqlx::Error> {
    let id = MailId::new(clock);
    let series = perishable.map(|perishable| perishable.series);
    if let Some(series) = series {
        drop_unsent(tx, clock, &mail.kind, &[series]).await?;
    }
    // An address with several mails in the queue lets other people's mails go first.
    sqlx::query!(
        "insert into outbox (tenant_id, id, kind, sender_name, sender, reply_to, recipient, subject,
                             text_body, html_body, created_at, queued_at, due_at, expires_at,
                             urgent, series)
         select $15, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now.at, now.at + greatest(waiting.mails - $17, 0) * $13::interval,
                $11, $11::timestamptz is not null, $12
         from (select coalesce($14, statement_timestamp())) as now (at),
              (select count(*) from (select from outbox
                                     where tenant_id = $15 and recipient = $6 and $6 <> ''
                                       and state = 'queued'
                                       and urgent = ($11::timestamptz is not null)
                                     limit $16) as found) as waiting (mails)
         returning true as written",
        id as MailId,
        mail.kind,
        mail.sender_name,
        mail.sender,
        mail.reply_to,
        recipient,
        mail.subject,
        mail.text,
        mail.html,
        clock.now(),
        perishable.map(|perishable| perishable.expires_at),
        series,
        PgInterval::try_from(DELAY).map_err(sqlx::Error::Encode)?,
        clock.held(),
        tx.tenant() as TenantId,
        MOST_COUNTED,
        FEW
    )
    .fetch_one(tx.conn())
    .await?;
    let lane = if perishable.is_some() { Lane::Urgent } else { Lane::Other };
    announce(tx, lane).await?;
    Ok(id)
}

/// Tells the workers, once committed, that a lane of the transaction's union has new mail.
pub async fn announce(tx: &mut TenantTx, lane: Lane) -> Result<(), sqlx::Error> {
    let queue = Queue { tenant: tx.tenant(), lane };
    turns::announce(tx, CHANNEL, &queue.to_string()).await
}

/// Cancels mails of some series that have not been sent.
pub async fn drop_unsent(
    tx: &mut TenantTx,
    clock: &Clock,
    kind: &str,
    series: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update outbox
         set state = 'expired', finished_at = $4,
             text_body = '', html_body = ''
         where tenant_id = $1 and state = 'queued' and series = any($2) and kind = $3",
        tx.tenant() as TenantId,
        series,
        kind,
        clock.now()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
