//! The worker's side of the outbox: what it may take, and what it writes down afterwards.
//!
//! A mail is taken by moving its due time past a lease, so that a worker killed in the middle gives
//! it back by itself. Its number of attempts tells who holds it: whoever took it over meanwhile says
//! what became of it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::message::Letter;
use crate::base::clock::Clock;
use crate::base::ids::{MailId, TenantId};
use crate::db::{Db, PlatformTx};

/// How long a mail is its worker's.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How long a mail may take to leave; the rest of the lease is for writing down that it did.
pub(super) const SEND_WITHIN: Duration = Duration::from_secs(45);
/// A provider that is away for a day, or over a weekend, loses nothing.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::hours(72);
const LONGEST_PAUSE_SECONDS: i64 = 480;

/// A mail that the worker holds.
pub struct Outgoing {
    pub tenant: TenantId,
    /// The union's name in logs and metrics.
    pub slug: String,
    pub id: MailId,
    pub letter: Letter,
    pub recipient: String,
    pub created_at: DateTime<Utc>,
    /// Since when it waits: from its creation, or since an operator put it back.
    pub queued_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub attempts: i16,
}

impl Outgoing {
    /// A mail that never was in the outbox, to be looked at.
    #[must_use]
    pub fn sample(letter: Letter, slug: &str, recipient: &str, clock: &Clock) -> Self {
        Self {
            tenant: TenantId::new(clock),
            slug: slug.to_owned(),
            id: MailId::new(clock),
            letter,
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

/// What became of a mail.
pub(super) enum Fate {
    Sent,
    /// It was too late, and was not sent.
    Expired,
    /// It could not be sent now.
    Postponed(String),
    /// It can never be sent.
    Refused(String),
}

/// A mail whose fate is not written down yet.
pub(super) struct Landed {
    pub(super) mail: Outgoing,
    pub(super) fate: Fate,
}

/// What a worker took.
pub(super) struct Taken {
    pub(super) mails: Vec<Outgoing>,
    /// Set where more may be due: for which there was no room, or which would have been too fast.
    pub(super) more: bool,
}

/// How many mails may set out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Codes and links.
    pub(super) urgent: usize,
    /// All others.
    pub(super) other: usize,
}

/// Sets how many mails a provider takes in a second, over all workers.
///
/// # Errors
/// The database's.
pub async fn set_rate(
    db: &Db,
    clock: &Clock,
    provider: &str,
    per_second: u32,
) -> Result<(), sqlx::Error> {
    let per_second = i32::try_from(per_second).unwrap_or(i32::MAX);
    let mut tx = db.platform().await?;
    let now = time(&mut tx, clock).await?;
    sqlx::query!(
        "insert into mail_rates (provider, per_second, tokens, refilled_at) values ($1, $2, 1, $3)
         on conflict (provider) do update set per_second = excluded.per_second",
        provider,
        per_second,
        now
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await
}

/// Takes mails that are due, as far as there is room and as fast as the provider's rate allows: codes and links
/// before all others; and marks as expired what nobody may get any more, mails to nobody among them. A provider
/// without a rate takes all.
///
/// Several unions that wait get the same share of it: each has a turn before any has another.
///
/// # Errors
/// The database's.
pub(super) async fn take_due(
    db: &Db,
    clock: &Clock,
    provider: &str,
    room: Room,
) -> Result<Taken, sqlx::Error> {
    let mut tx = db.platform().await?;
    let now = time(&mut tx, clock).await?;
    expire(&mut tx, now).await?;
    let tokens = refill(&mut tx, now, provider).await?;
    let most = |room: usize, taken: i64| tokens.unwrap_or(i64::MAX).min(signed(room)) - taken;
    let mut mails = lease(&mut tx, now, true, most(room.urgent, 0)).await?;
    let others = most(room.other, signed(mails.len()));
    mails.extend(lease(&mut tx, now, false, others).await?);
    let taken = signed(mails.len());
    if tokens.is_some() && taken > 0 {
        sqlx::query!(
            "update mail_rates set tokens = tokens - $2::bigint where provider = $1",
            provider,
            taken
        )
        .execute(tx.conn())
        .await?;
    }
    tx.commit().await?;
    let used_up = tokens.is_some_and(|tokens| tokens <= taken);
    Ok(Taken { mails, more: taken > 0 || used_up || room.other == 0 })
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The time by which mail is due: the database's, since it is the same for all workers and servers.
async fn time(tx: &mut PlatformTx, clock: &Clock) -> Result<DateTime<Utc>, sqlx::Error> {
    match clock.held() {
        Some(now) => Ok(now),
        None => {
            sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(tx.conn()).await
        }
    }
}

async fn expire(tx: &mut PlatformTx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update outbox set state = 'expired', finished_at = $1, text_body = '', html_body = ''
         where (tenant_id, id) in (select tenant_id, id from outbox
                                   where state = 'queued' and (expires_at <= $1 or recipient = '')
                                   for update skip locked)",
        now
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// The whole tokens of a provider's bucket, which holds those of a tenth of a second. Other workers
/// wait here until this one has taken its own.
async fn refill(
    tx: &mut PlatformTx,
    now: DateTime<Utc>,
    provider: &str,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"update mail_rates
           set tokens = least(
                   greatest(per_second / 10.0, 1),
                   tokens + greatest(extract(epoch from $2::timestamptz - refilled_at), 0)
                            * per_second),
               refilled_at = greatest(refilled_at, $2)
           where provider = $1
           returning floor(tokens)::bigint as "tokens!""#,
        provider,
        now
    )
    .fetch_optional(tx.conn())
    .await
}

/// The unions that wait are found by one step each through the index, whatever number of mails each has.
async fn lease(
    tx: &mut PlatformTx,
    now: DateTime<Utc>,
    urgent: bool,
    most: i64,
) -> Result<Vec<Outgoing>, sqlx::Error> {
    if most <= 0 {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"with recursive waiting as (
               (select tenant_id, due_at from outbox
                where state = 'queued' and urgent = $4 order by tenant_id, due_at limit 1)
               union all
               select next.tenant_id, next.due_at from waiting cross join lateral (
                   select tenant_id, due_at from outbox
                   where state = 'queued' and urgent = $4 and tenant_id > waiting.tenant_id
                   order by tenant_id, due_at limit 1) next
           ), served as materialized (
               select waiting.tenant_id, greatest(1, $3 / count(*) over ()) as share
               from waiting
               left join mail_turns t on t.tenant_id = waiting.tenant_id and t.urgent = $4
               where waiting.due_at <= $1
               order by t.served_at nulls first, waiting.tenant_id limit $3
           ), due as materialized (
               select mine.tenant_id, mine.id from served cross join lateral (
                   select o.tenant_id, o.id from outbox o
                   where o.state = 'queued' and o.urgent = $4 and o.tenant_id = served.tenant_id
                     and o.due_at <= $1 and o.recipient <> ''
                   order by o.due_at limit served.share for update skip locked) mine
           ), turn as (
               insert into mail_turns (tenant_id, urgent, served_at)
               select tenant_id, $4, $1 from served
               on conflict (tenant_id, urgent) do update set served_at = excluded.served_at
           )
           update outbox o set due_at = $2, attempts = attempts + 1
           from due join tenants t on t.id = due.tenant_id
           where (o.tenant_id, o.id) = (due.tenant_id, due.id)
           returning o.tenant_id as "tenant: TenantId", t.slug, o.id as "id: MailId", o.kind,
                     o.sender_name, o.sender, o.reply_to, o.recipient, o.subject, o.text_body,
                     o.html_body, o.created_at, o.queued_at, o.expires_at, o.attempts"#,
        now,
        now + LEASE,
        most,
        urgent
    )
    .fetch_all(tx.conn())
    .await?;
    let outgoing = rows.into_iter().map(|row| Outgoing {
        tenant: row.tenant,
        slug: row.slug,
        id: row.id,
        letter: Letter {
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

/// Writes down what became of mails.
///
/// # Errors
/// The database's; then nothing is written.
pub(super) async fn settle(db: &Db, clock: &Clock, landed: &[Landed]) -> Result<(), sqlx::Error> {
    let mut tx = db.platform().await?;
    let now = time(&mut tx, clock).await?;
    settle_sent(&mut tx, now, landed).await?;
    for Landed { mail, fate } in landed {
        match fate {
            Fate::Sent => {}
            Fate::Expired => settle_unsent(&mut tx, now, mail, "expired", None).await?,
            Fate::Postponed(error) if now < mail.queued_at + GIVE_UP_AFTER => {
                settle_unsent(&mut tx, now, mail, "queued", Some(error)).await?;
            }
            Fate::Postponed(error) | Fate::Refused(error) => {
                settle_unsent(&mut tx, now, mail, "dead", Some(error)).await?;
            }
        }
    }
    tx.commit().await
}

/// A mail that left just before it expired was sent all the same.
async fn settle_sent(
    tx: &mut PlatformTx,
    now: DateTime<Utc>,
    landed: &[Landed],
) -> Result<(), sqlx::Error> {
    let sent: Vec<&Outgoing> = landed
        .iter()
        .filter(|landed| matches!(landed.fate, Fate::Sent))
        .map(|landed| &landed.mail)
        .collect();
    if sent.is_empty() {
        return Ok(());
    }
    let tenants: Vec<Uuid> = sent.iter().map(|mail| mail.tenant.0).collect();
    let ids: Vec<Uuid> = sent.iter().map(|mail| mail.id.0).collect();
    let attempts: Vec<i16> = sent.iter().map(|mail| mail.attempts).collect();
    sqlx::query!(
        "update outbox o set state = 'sent', finished_at = $4, text_body = '', html_body = '',
                             last_error = null
         from unnest($1::uuid[], $2::uuid[], $3::smallint[]) as held (tenant_id, id, attempts)
         where (o.tenant_id, o.id, o.attempts) = (held.tenant_id, held.id, held.attempts)
           and o.state in ('queued', 'expired')",
        &tenants,
        &ids,
        &attempts,
        now
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Back into the queue, or out of it: then only a letter that would still be good keeps its content.
async fn settle_unsent(
    tx: &mut PlatformTx,
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
        mail.tenant as TenantId,
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

/// 2 s, 4 s, 8 s … and up to a quarter more, so that many don't come back at once: ten minutes at
/// most.
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
    fn a_mail_is_its_workers_for_longer_than_it_may_take_to_leave() {
        assert!(TimeDelta::from_std(SEND_WITHIN).unwrap() < LEASE);
    }
}
