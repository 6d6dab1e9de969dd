//! A mail to nobody, as much work as one to somebody: whoever asks for a mail can't tell by the time
//! it takes whether there is anybody to get it.

use super::message::Letter;
use crate::base::clock::Clock;
use crate::base::ids::MailId;
use crate::db::TenantTx;

/// Puts a mail into the outbox that never goes out, and of which nothing is kept.
///
/// # Errors
/// The database's.
pub async fn enqueue(tx: &mut TenantTx, clock: &Clock, letter: &Letter) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into outbox (id, kind, sender_name, sender, recipient, subject, text_body,
                             html_body, state, created_at, due_at, finished_at)
         values ($1, $2, $3, $4, '', $5, '', '', 'expired', $6, $6, $6)",
        MailId::new(clock) as MailId,
        letter.kind,
        letter.sender_name,
        letter.sender,
        letter.subject,
        clock.now()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
