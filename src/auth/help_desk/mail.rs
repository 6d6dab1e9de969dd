//! Having a mail sent again that has not arrived.
//!
//! Staff see its kind and its fate, never what stands in it. A link is never sent twice: its flow makes another one, and
//! the one before is dead.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::subject::{self, HelpLogin};
use super::{Already, HelpError, HelpRefusal, WhyNot};
use crate::auth::context::Context;
use crate::auth::first_sign_in::email_confirmation::{self, Asking};
use crate::auth::recovery;
use crate::auth::staff::act::{Act, ResendMail};
use crate::auth::staff::desk::Desk;
use crate::base::clock::Clock;
use crate::base::email::{EmailAddress, masked};
use crate::base::ids::{MailId, TenantId};
use crate::mail::message::{EmailCodeMail, EmailConfirmationMail, Mail as _, PasswordResetMail};
use crate::mail::undelivered;

/// A mail to a person, as staff see it.
#[derive(Debug, Clone)]
pub struct ShownMail {
    pub kind: String,
    pub state: String,
    pub created_at: DateTime<Utc>,
    /// The address, masked.
    pub recipient: String,
    pub way: Result<ResendWay, WhyNot>,
}

/// The way in which a mail is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResendWay {
    /// Another link confirms the address that the person gave.
    Confirmation,
    /// Another link leads to a new password.
    PasswordReset,
    /// The same notice goes into the queue again.
    Again,
}

struct MailRow {
    kind: String,
    state: String,
    recipient: String,
    created_at: DateTime<Utc>,
    has_content: bool,
    replaced: bool,
    pending: Option<String>,
}

impl MailRow {
    /// Returns how the mail can be sent again. A link goes to the address to which it would go if the person asked for it.
    fn way(&self, account: &HelpLogin) -> Result<ResendWay, WhyNot> {
        let kind = self.kind.as_str();
        if kind == EmailCodeMail::NAME {
            Err(WhyNot::Code)
        } else if kind == EmailConfirmationMail::NAME {
            let waits = self.pending.as_deref() == Some(&self.recipient);
            if waits { Ok(ResendWay::Confirmation) } else { Err(WhyNot::NotNeeded) }
        } else if kind == PasswordResetMail::NAME {
            let shut = account.is_locked() || account.held_at.is_some();
            if shut { Err(WhyNot::Shut) } else { Ok(ResendWay::PasswordReset) }
        } else {
            match self.state.as_str() {
                "dead" if self.has_content => Ok(ResendWay::Again),
                "queued" => Err(WhyNot::Waiting),
                "sent" => Err(WhyNot::Sent),
                _ => Err(WhyNot::Gone),
            }
        }
    }
}

/// Reads a mail to a person. One to another person's address is nobody's here.
///
/// # Errors
/// [`HelpError::Unknown`] if the person has no such mail.
pub async fn find<A: Act>(
    desk: &mut Desk<A>,
    account: &HelpLogin,
    id: MailId,
) -> Result<ShownMail, HelpError> {
    let row = read(desk, account, id).await?;
    Ok(ShownMail {
        way: row.way(account),
        recipient: masked(&row.recipient),
        kind: row.kind,
        state: row.state,
        created_at: row.created_at,
    })
}

/// Has a mail sent again.
///
/// # Errors
/// [`Already::SentAgain`] if a newer one has gone out, or [`HelpRefusal::Mail`].
pub async fn resend(
    desk: &mut Desk<ResendMail>,
    cx: Context<'_>,
    code: &str,
    id: MailId,
) -> Result<ResendWay, HelpError> {
    let subject = subject::take(desk, code).await?;
    let account = subject.account()?;
    let row = read(desk, account, id).await?;
    let is_link = [EmailConfirmationMail::NAME, PasswordResetMail::NAME].contains(&&*row.kind);
    if is_link && row.replaced {
        return Err(HelpError::Done(Already::SentAgain));
    }
    let way = row.way(account).map_err(HelpRefusal::Mail)?;
    match way {
        ResendWay::Confirmation => confirm(desk, cx, account, &row.recipient).await?,
        ResendWay::PasswordReset => match &account.email {
            Some(email) if account.registered_at.is_some() => {
                recovery::send_link(desk.tx(), cx, account.id, email).await?;
            }
            _ => return Err(HelpRefusal::NotRegistered.into()),
        },
        ResendWay::Again => again(desk, cx.clock, id).await?,
    }
    desk.line().detail = json!({ "mail": id, "kind": row.kind });
    Ok(way)
}

async fn confirm(
    desk: &mut Desk<ResendMail>,
    cx: Context<'_>,
    account: &HelpLogin,
    recipient: &str,
) -> Result<(), HelpError> {
    let address = EmailAddress::parse(recipient).ok_or(HelpRefusal::Mail(WhyNot::NotNeeded))?;
    let why = match email_confirmation::ask(desk.tx(), cx, account.id, &address).await? {
        Asking::Sent => return Ok(()),
        Asking::TooSoon { .. } | Asking::TooMany => WhyNot::TooSoon,
        Asking::Taken | Asking::NothingDue => WhyNot::NotNeeded,
    };
    Err(HelpRefusal::Mail(why).into())
}

async fn again(desk: &mut Desk<ResendMail>, clock: &Clock, id: MailId) -> Result<(), HelpError> {
    match undelivered::retry(desk.tx(), clock, Some(&[id])).await? {
        0 => Err(HelpError::Done(Already::SentAgain)),
        _ => Ok(()),
    }
}

async fn read<A: Act>(
    desk: &mut Desk<A>,
    account: &HelpLogin,
    id: MailId,
) -> Result<MailRow, HelpError> {
    let addresses: Vec<String> = account.addresses().map(str::to_owned).collect();
    let tx = desk.tx();
    let row = sqlx::query_as!(
        MailRow,
        r#"with pending as (
               select email from email_confirmations
               where tenant_id = $1 and realm = 'subscriber' and login_id = $3
                 and confirmed_at is null
           )
           select m.kind, m.state, m.recipient, m.created_at, m.has_content as "has_content!",
                  exists (select from outbox n
                          where n.tenant_id = $1 and n.series = m.series and n.kind = m.kind
                            and n.created_at > m.created_at) as "replaced!",
                  (select email from pending) as pending
           from outbox m
           where m.tenant_id = $1 and m.id = $2 and (m.series is null or m.series = $3
                  or exists (select from sessions e
                             where e.tenant_id = $1 and e.login_id = $3 and e.id = m.series))
             and (m.recipient = any($4) or m.recipient = (select email from pending))"#,
        tx.tenant() as TenantId,
        id as MailId,
        account.id.0,
        &addresses
    )
    .fetch_optional(tx.conn())
    .await?;
    row.ok_or(HelpError::Unknown)
}
