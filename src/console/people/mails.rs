//! The mails that went to a person, as their page lists them.

use serde::Serialize;

use super::acts;
use crate::auth::access::Account;
use crate::auth::staff::right::Rights;
use crate::base::email::masked;
use crate::base::japanese::minute;
use crate::db::TenantTx;
use crate::mail::history::{self, MailEntry, MailFate};

#[derive(Debug, Default, Serialize)]
pub(super) struct Mails {
    lines: Vec<MailLine>,
    /// Another login of the union has the address, so mails to its owner are listed, too.
    shared: bool,
    /// The address that the person had before, masked.
    former: Option<String>,
}

#[derive(Debug, Serialize)]
struct MailLine {
    /// The mail's name; the template has its words.
    kind: String,
    at: String,
    recipient: String,
    /// One of `waiting`, `sent`, `returned`, `expired` and `given_up`.
    fate: &'static str,
    finished: Option<String>,
    reason: Option<String>,
    /// The page on which it is sent again.
    again: Option<String>,
}

impl Mails {
    pub(super) async fn read(
        tx: &mut TenantTx,
        code: &str,
        account: &Account,
        rights: &Rights,
    ) -> Result<Self, sqlx::Error> {
        let Account { email, former_email, .. } = account;
        let addresses: Vec<String> = email.iter().chain(former_email).cloned().collect();
        let entries = history::of_addresses(tx, &addresses, account.returned.as_ref()).await?;
        let line = |entry: MailEntry| MailLine {
            again: entry
                .can_go_again()
                .then(|| acts::mail(code, rights, &entry.id.to_string()))
                .flatten(),
            at: minute(entry.created_at),
            recipient: entry.recipient,
            fate: match entry.fate {
                MailFate::Waiting => "waiting",
                MailFate::Sent => "sent",
                MailFate::Returned => "returned",
                MailFate::Expired => "expired",
                MailFate::GivenUp => "given_up",
            },
            finished: entry.finished_at.map(minute),
            reason: entry.reason,
            kind: entry.kind,
        };
        Ok(Self {
            lines: entries.into_iter().map(line).collect(),
            shared: account.shares_email,
            former: former_email.as_deref().map(masked),
        })
    }
}

#[cfg(test)]
impl Mails {
    /// A mail of each kind, and with each fate.
    pub(super) fn sample() -> Self {
        let kinds = ["email_code", "email_confirmation", "password_reset", "user_id", "new"];
        let fates = ["waiting", "sent", "returned", "expired", "given_up"];
        let line = |(kind, fate): (&str, &'static str)| MailLine {
            kind: kind.to_owned(),
            at: "2026年11月21日 10:00".to_owned(),
            recipient: "t***@example.jp".to_owned(),
            fate,
            finished: (fate != "waiting").then(|| "2026年11月21日 10:01".to_owned()),
            reason: (fate == "returned").then(|| "<NoEmail>".to_owned()),
            again: (fate != "waiting").then(|| "/people/K1/mail/1".to_owned()),
        };
        let lines = kinds.into_iter().zip(fates).map(line).collect();
        Self { lines, shared: true, former: Some("t***@example.com".to_owned()) }
    }
}
