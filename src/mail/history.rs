//! The mails that went to a person, and what became of each. What stands in them is not read.

use chrono::{DateTime, Utc};

use crate::base::email::masked;
use crate::base::ids::{MailId, TenantId};
use crate::db::TenantTx;
use crate::mail::message::{EmailCodeMail, EmailConfirmationMail, Mail as _, PasswordResetMail};

/// The most mails that are listed, the newest. A finished mail is kept for 90 days.
const MOST: i64 = 30;

/// The fate of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailFate {
    /// It waits to be sent.
    Waiting,
    /// The provider has taken it.
    Sent,
    /// The provider took it, and told later that it did not arrive.
    Returned,
    /// It was not sent in time, or a newer one took its place.
    Expired,
    /// The provider refused it until it was given up.
    GivenUp,
}

/// A mail as staff see it: its kind, and neither subject nor text, since a code or a link may stand there.
#[derive(Debug, Clone)]
pub struct MailEntry {
    pub id: MailId,
    pub kind: String,
    /// The address, masked.
    pub recipient: String,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub fate: MailFate,
    /// The provider's own word for why it was not sent.
    pub reason: Option<String>,
}

impl MailEntry {
    /// Returns true if it may be worth sending again: a link that can be replaced by another, or a notice that was given
    /// up. A code is of the sign-in that asked for it.
    #[must_use]
    pub fn can_go_again(&self) -> bool {
        let is_link = [EmailConfirmationMail::NAME, PasswordResetMail::NAME].contains(&&*self.kind);
        match self.fate {
            MailFate::Waiting => false,
            MailFate::GivenUp => self.kind != EmailCodeMail::NAME,
            MailFate::Sent | MailFate::Returned | MailFate::Expired => is_link,
        }
    }
}

/// The latest report of the provider that mail to an address comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnReport {
    pub at: DateTime<Utc>,
    /// The provider's own word for it.
    pub detail: String,
}

/// Returns the newest mails to some addresses, the newest first. `report` is about the first address: it is the newest
/// mail sent there before it that came back, since a provider reports within minutes.
pub async fn of_addresses(
    tx: &mut TenantTx,
    addresses: &[String],
    report: Option<&ReturnReport>,
) -> Result<Vec<MailEntry>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id: MailId", kind, recipient, state, created_at, finished_at, last_error
           from outbox
           where tenant_id = $1 and recipient = any($2)
           order by created_at desc, id desc limit $3"#,
        tx.tenant() as TenantId,
        addresses,
        MOST
    )
    .fetch_all(tx.conn())
    .await?;
    let mut report = report;
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let mut fate = match row.state.as_str() {
            "queued" => MailFate::Waiting,
            "sent" => MailFate::Sent,
            "expired" => MailFate::Expired,
            _ => MailFate::GivenUp,
        };
        let mut reason = row.last_error.filter(|_| fate == MailFate::GivenUp);
        let is_reported = addresses.first() == Some(&row.recipient)
            && fate == MailFate::Sent
            && report.is_some_and(|report| row.finished_at.is_some_and(|at| at <= report.at));
        if let Some(report) = report.take_if(|_| is_reported) {
            fate = MailFate::Returned;
            reason = Some(report.detail.clone());
        }
        entries.push(MailEntry {
            // A provider's words may repeat the address.
            reason: reason.map(|reason| reason.replace(&row.recipient, &masked(&row.recipient))),
            recipient: masked(&row.recipient),
            id: row.id,
            kind: row.kind,
            created_at: row.created_at,
            finished_at: row.finished_at,
            fate,
        });
    }
    Ok(entries)
}
