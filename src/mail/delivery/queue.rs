//! The worker's side of the outbox: taking mails, and writing their results.
//!
//! A worker takes a mail by moving its due time to the end of a lease, so the mail of a killed worker
//! becomes due again by itself. The number of attempts tells which worker holds a mail: one whose
//! lease another worker has taken over writes nothing.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::base::clock::Clock;
use crate::base::ids::{MailId, TenantId};
use crate::db::TenantTx;
use crate::mail::message::RenderedMail;

/// A worker holds a mail for this long.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// Sending may take this long. The rest of the lease is for writing the result.
pub(super) const SEND_WITHIN: Duration = Duration::from_secs(45);
/// Long enough that nothing is lost if a provider is down for a day, or over a weekend.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::hours(72);
const LONGEST_PAUSE_SECONDS: i64 = 480;

/// One of a union's two queues of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Codes and links, which are sent before all others.
    Urgent,
    Other,
}

impl Lane {
    /// Returns the name of the queue in which unions take turns.
    pub(super) const fn queue(self) -> &'static str {
        match self {
            Self::Urgent => "mail/urgent",
            Self::Other => "mail/other",
        }
    }

    const fn is_urgent(self) -> bool {
        matches!(self, Self::Urgent)
    }
}

/// One union's mail in one lane. Notifications of new mail name it as `mail/urgent 019d…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::mail) struct Queue {
    pub(in crate::mail) tenant: TenantId,
    pub(in crate::mail) lane: Lane,
}

impl Queue {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (queue, tenant) = text.split_once(' ')?;
        let lane = [Lane::Urgent, Lane::Other].into_iter().find(|lane| lane.queue() == queue)?;
        Some(Self { tenant: TenantId(tenant.parse().ok()?), lane })
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.lane.queue(), self.tenant)
    }
}

/// A mail that this worker holds.
pub struct Outgoing {
    pub tenant: TenantId,
    /// The union's name in logs and metrics.
    pub slug: String,
    pub id: MailId,
    pub rendered: RenderedMail,
    pub recipient: String,
    pub created_at: DateTime<Utc>,
    /// The time since which it waits: its creation, or the time an operator put it back.
    pub queued_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub attempts: i16,
}

impl Outgoing {
    /// Makes a mail to look at, which was never in the outbox.
    #[must_use]
    pub fn sample(rendered: RenderedMail, slug: &str, recipient: &str, clock: &Clock) -> Self {
        Self {
            tenant: TenantId::new(clock),
            slug: slug.to_owned(),
            id: MailId::new(clock),
            rendered,
            recipient: recipient.to_owned(),
            created_at: clock.now(),
            queued_at: clock.now(),
            expires_at: None,
            attempts: 0,
        }
    }

    pub(super) fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }
}

/// The result of trying to send a mail.
pub(super) enum Fate {
    Sent,
    /// It had expired, so it was not sent.
    Expired,
    /// It could not be sent now, and is tried again.
    Postponed(String),
    /// It can never be sent.
    Refused(String),
}

/// A mail whose result is not written yet.
pub(super) struct Landed {
    pub(super) mail: Outgoing,
    pub(super) fate: Fate,
}

/// Returns when something is next to do in a lane of the transaction's union: a mail to send, or one that
/// expires.
pub(super) async fn next_due(
    tx: &mut TenantTx,
    lane: Lane,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select least((select min(due_at) from outbox
                         where tenant_id = $1 and urgent = $2 and state = 'queued'),
                        (select min(expires_at) from outbox
                         where tenant_id = $1 and urgent = $2 and state = 'queued'
                           and expires_at is not null)) as due_at"#,
        tx.tenant() as TenantId,
        lane.is_urgent()
    )
    .fetch_one(tx.conn())
    .await
}

/// Marks mails as expired that are too late, and those to nobody.
pub(super) async fn expire(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with late as materialized (
             select id from outbox
             where tenant_id = $1 and state = 'queued' and (expires_at <= $2 or recipient = '')
             for update skip locked
         )
         update outbox o set state = 'expired', finished_at = $2, text_body = '', html_body = ''
         from late where o.tenant_id = $1 and o.id = late.id",
        tx.tenant() as TenantId,
        now
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Takes up to `most` due mails from a lane of the transaction's union.
///
/// They are chosen once (`materialized`). A plain subquery may run again for each row and skips the rows that it has just
/// locked, so it would take more than `most`.
pub(super) async fn take(
    tx: &mut TenantTx,
    now: DateTime<Utc>,
    slug: &str,
    lane: Lane,
    most: i64,
) -> Result<Vec<Outgoing>, sqlx::Error> {
    let tenant = tx.tenant();
    let rows = sqlx::query!(
        r#"with due as materialized (
               select id from outbox
               where tenant_id = $1 and state = 'queued' and urgent = $4 and due_at <= $2
                 and recipient <> ''
               order by due_at limit $5 for update skip locked
           )
           update outbox o set due_at = $3, attempts = attempts + 1
           from due where o.tenant_id = $1 and o.id = due.id
           returning o.id as "id: MailId", kind, sender_name, sender, reply_to, recipient, subject,
                     text_body, html_body, created_at, queued_at, expires_at, attempts"#,
        tenant as TenantId,
        now,
        now + LEASE,
        lane.is_urgent(),
        most
    )
    .fetch_all(tx.conn())
    .await?;
    let outgoing = rows.into_iter().map(|row| Outgoing {
        tenant,
        slug: slug.to_owned(),
        id: row.id,
        rendered: RenderedMail {
            kind: row.kind,
            sender_name: row.sender_name,
            sender: row.sender,
            reply_to: row.reply_to,
            subject: row.subject,
            text: row.text_body,
            html: row.html_body,
        },
        recipient: row.recipient,
        created_at: row.created_at,
        queued_at: row.queued_at,
        expires_at: row.expires_at,
        attempts: row.attempts,
    });
    Ok(outgoing.collect())
}

/// Writes the results for mails of the transaction's union.
pub(super) async fn settle(
    tx: &mut TenantTx,
    now: DateTime<Utc>,
    landed: &[&Landed],
) -> Result<(), sqlx::Error> {
    settle_sent(tx, now, landed).await?;
    for Landed { mail, fate } in landed {
        match fate {
            Fate::Sent => {}
            Fate::Expired => settle_unsent(tx, now, mail, "expired", None).await?,
            Fate::Postponed(error) if now < mail.queued_at + GIVE_UP_AFTER => {
                settle_unsent(tx, now, mail, "queued", Some(error)).await?;
            }
            Fate::Postponed(error) | Fate::Refused(error) => {
                settle_unsent(tx, now, mail, "dead", Some(error)).await?;
            }
        }
    }
    Ok(())
}

/// Marks mails as sent, even those that have been marked as expired since: they left in time.
async fn settle_sent(
    tx: &mut TenantTx,
    now: DateTime<Utc>,
    landed: &[&Landed],
) -> Result<(), sqlx::Error> {
    let sent: Vec<&Outgoing> = landed
        .iter()
        .filter(|landed| matches!(landed.fate, Fate::Sent))
        .map(|landed| &landed.mail)
        .collect();
    if sent.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = sent.iter().map(|mail| mail.id.0).collect();
    let attempts: Vec<i16> = sent.iter().map(|mail| mail.attempts).collect();
    sqlx::query!(
        "update outbox o set state = 'sent', finished_at = $4, text_body = '', html_body = '',
                             last_error = null
         from unnest($2::uuid[], $3::smallint[]) as held (id, attempts)
         where o.tenant_id = $1 and (o.id, o.attempts) = (held.id, held.attempts)
           and o.state in ('queued', 'expired')",
        tx.tenant() as TenantId,
        &ids,
        &attempts,
        now
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Puts a mail back into the queue, or takes it out for good. A dead mail keeps its content only if
/// it never expires, so that it can be put back.
async fn settle_unsent(
    tx: &mut TenantTx,
    now: DateTime<Utc>,
    mail: &Outgoing,
    state: &str,
    error: Option<&str>,
) -> Result<(), sqlx::Error> {
    let finished_at = (state != "queued").then_some(now);
    let emptied = finished_at.is_some() && mail.expires_at.is_some();
    sqlx::query!(
        "update outbox set state = $4, finished_at = $5, due_at = $6,
                           last_error = coalesce($7, last_error),
                           text_body = case when $8 then '' else text_body end,
                           html_body = case when $8 then '' else html_body end
         where tenant_id = $1 and id = $2 and attempts = $3 and state = 'queued'",
        tx.tenant() as TenantId,
        mail.id as MailId,
        mail.attempts,
        state,
        finished_at,
        now + backoff(mail.attempts),
        error,
        emptied
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Returns the pause before the next try: 2 s, 4 s, 8 s …, plus up to a quarter, so that many don't
/// come back at once. It is ten minutes at most.
fn backoff(attempts: i16) -> TimeDelta {
    let attempts = attempts.max(1).unsigned_abs().into();
    let seconds = 2_i64.saturating_pow(attempts).min(LONGEST_PAUSE_SECONDS);
    let jitter = rand::random_range(0..=seconds * 250);
    TimeDelta::seconds(seconds) + TimeDelta::milliseconds(jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_that_fails_comes_back_later_and_later() {
        for (attempts, least, most) in [
            (1, 2_000, 2_500),
            (5, 32_000, 40_000),
            (15, 480_000, 600_000),
            (999, 480_000, 600_000),
        ] {
            let wait = backoff(attempts).num_milliseconds();
            assert!((least..=most).contains(&wait), "{attempts}: {wait}");
        }
    }

    #[test]
    fn a_word_of_new_mail_names_its_queue() {
        let clock = Clock::test("2026-11-21T00:00:00Z".parse().unwrap());
        for lane in [Lane::Urgent, Lane::Other] {
            let queue = Queue { tenant: TenantId::new(&clock), lane };
            assert_eq!(Queue::parse(&queue.to_string()), Some(queue));
        }
        for text in ["", "mail/other", "mail/other x", "019d0000-0000-7000-8000-000000000001"] {
            assert_eq!(Queue::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_mail_is_its_workers_for_longer_than_it_may_take_to_leave() {
        assert!(TimeDelta::from_std(SEND_WITHIN).unwrap() < LEASE);
    }
}
