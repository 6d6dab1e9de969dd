//! The outbox: mail is stored in the transaction that causes it and goes out at least once.
//!
//! The worker takes a mail by moving its due time past a lease, so that a worker killed in the
//! middle gives it back by itself. A mail past its expiry is never sent: nobody wants a code that
//! is dead.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::try_join_all;
use tokio_util::sync::CancellationToken;

use super::message::Letter;
use super::sender::Sender;
use crate::base::clock::Clock;
use crate::base::ids::{MailId, TenantId};
use crate::db::{Db, TenantTx};

/// Longer than a sender may take, so that no second worker sends what the first still holds.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// Mails taken, and sent, at once.
const BATCH: i64 = 20;
/// After so many attempts a mail is dead; `kosmo doctor` shows it.
const MAX_ATTEMPTS: i16 = 10;
/// How long the worker rests when it hears of no mail.
const POLL_EVERY: Duration = Duration::from_secs(5);
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// Puts a mail into the outbox.
///
/// # Errors
/// The database's.
pub async fn enqueue(
    tx: &mut TenantTx,
    clock: &Clock,
    letter: &Letter,
    recipient: &str,
    expires_at: Option<DateTime<Utc>>,
) -> Result<MailId, sqlx::Error> {
    let id = MailId::new(clock);
    sqlx::query!(
        "insert into outbox (id, kind, sender_name, sender, recipient, subject, text_body,
                             html_body, created_at, due_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)",
        id as MailId,
        letter.kind,
        letter.sender_name,
        letter.sender,
        recipient,
        letter.subject,
        letter.text,
        letter.html,
        clock.now(),
        expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// A mail that the worker holds.
pub struct Outgoing {
    pub tenant: TenantId,
    pub id: MailId,
    pub sender_name: String,
    pub sender: String,
    pub recipient: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub created_at: DateTime<Utc>,
    pub attempts: i16,
}

/// Mail that did not go out, counted a union.
#[derive(Debug)]
pub struct Backlog {
    pub slug: String,
    pub dead: i64,
    pub late: i64,
}

/// Takes what is due, and marks as expired what nobody may get any more.
async fn take_due(db: &Db, clock: &Clock) -> Result<Vec<Outgoing>, sqlx::Error> {
    let now = clock.now();
    let mut tx = db.platform().await?;
    sqlx::query!(
        "update outbox set state = 'expired', finished_at = $1, text_body = '', html_body = ''
         where state = 'queued' and expires_at <= $1",
        now
    )
    .execute(tx.conn())
    .await?;
    let mails = sqlx::query_as!(
        Outgoing,
        r#"with due as materialized (
               select tenant_id, id from outbox
               where state = 'queued' and due_at <= $1
               order by due_at limit $3 for update skip locked
           )
           update outbox o set due_at = $2, attempts = attempts + 1
           from due where (o.tenant_id, o.id) = (due.tenant_id, due.id)
           returning o.tenant_id as "tenant: TenantId", o.id as "id: MailId", sender_name, sender,
                     recipient, subject, text_body as text, html_body as html, created_at, attempts"#,
        now,
        now + LEASE,
        BATCH
    )
    .fetch_all(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(mails)
}

/// As long as this worker still holds it: whoever took it over meanwhile says what became of it.
async fn mark_sent(db: &Db, clock: &Clock, mail: &Outgoing) -> Result<(), sqlx::Error> {
    let mut tx = db.platform().await?;
    sqlx::query!(
        "update outbox set state = 'sent', finished_at = $3, text_body = '', html_body = '',
                           last_error = null
         where tenant_id = $1 and id = $2 and state = 'queued' and attempts = $4",
        mail.tenant as TenantId,
        mail.id as MailId,
        clock.now(),
        mail.attempts
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await
}

/// Puts it back for later, or gives it up.
async fn mark_failed(
    db: &Db,
    clock: &Clock,
    mail: &Outgoing,
    error: &str,
) -> Result<(), sqlx::Error> {
    let dead = mail.attempts >= MAX_ATTEMPTS;
    let now = clock.now();
    let mut tx = db.platform().await?;
    sqlx::query!(
        "update outbox set state = case when $3 then 'dead' else 'queued' end,
                           finished_at = case when $3 then $4::timestamptz end,
                           text_body = case when $3 then '' else text_body end,
                           html_body = case when $3 then '' else html_body end,
                           due_at = $5, last_error = $6
         where tenant_id = $1 and id = $2 and state = 'queued' and attempts = $7",
        mail.tenant as TenantId,
        mail.id as MailId,
        dead,
        now,
        now + backoff(mail.attempts),
        error,
        mail.attempts
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await
}

/// 2 s, 4 s, 8 s … an hour at most, with up to a quarter more so that many don't come back at once.
fn backoff(attempts: i16) -> TimeDelta {
    let seconds = 2_i64.saturating_pow(attempts.max(1).unsigned_abs().into()).min(3600);
    let jitter = rand::random_range(0..=seconds * 250);
    TimeDelta::seconds(seconds) + TimeDelta::milliseconds(jitter)
}

/// Sends what is due; how many mails were tried.
///
/// # Errors
/// The database's. A mail that can't be sent is no error: it waits for its next turn.
pub async fn deliver(db: &Db, clock: &Clock, sender: &Sender) -> Result<usize, sqlx::Error> {
    let mails = take_due(db, clock).await?;
    try_join_all(mails.iter().map(|mail| deliver_one(db, clock, sender, mail))).await?;
    Ok(mails.len())
}

async fn deliver_one(
    db: &Db,
    clock: &Clock,
    sender: &Sender,
    mail: &Outgoing,
) -> Result<(), sqlx::Error> {
    let Outgoing { tenant, id, attempts, .. } = mail;
    match sender.send(mail).await {
        Ok(()) => {
            mark_sent(db, clock, mail).await?;
            tracing::info!(%tenant, mail = %id, "mail sent");
        }
        Err(error) => {
            tracing::warn!(%tenant, mail = %id, attempts, %error, "mail not sent");
            mark_failed(db, clock, mail, &error.to_string()).await?;
        }
    }
    Ok(())
}

/// Delivers until `stop`, woken by the database and by the clock. A mail on its way out is finished.
pub async fn run(db: &Db, clock: &Clock, sender: &Sender, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = run_one_connection(db, clock, sender, stop).await {
            tracing::warn!(%error, "mail worker lost its connection");
        }
        stop.run_until_cancelled(tokio::time::sleep(RECONNECT_AFTER)).await;
    }
}

async fn run_one_connection(
    db: &Db,
    clock: &Clock,
    sender: &Sender,
    stop: &CancellationToken,
) -> Result<(), sqlx::Error> {
    let mut listener = db.listen("kosmo_mail").await?;
    loop {
        while !stop.is_cancelled() && deliver(db, clock, sender).await? > 0 {}
        let word = tokio::time::timeout(POLL_EVERY, listener.try_recv());
        match stop.run_until_cancelled(word).await {
            None | Some(Ok(Ok(None))) => return Ok(()),
            Some(Ok(Err(error))) => return Err(error),
            Some(Ok(Ok(Some(_))) | Err(_)) => {}
        }
    }
}

/// Unions whose mail is dead, or late by more than five minutes.
///
/// # Errors
/// The database's.
pub async fn backlog(db: &Db, clock: &Clock) -> Result<Vec<Backlog>, sqlx::Error> {
    let mut tx = db.platform().await?;
    sqlx::query_as!(
        Backlog,
        r#"select t.slug, count(*) filter (where o.state = 'dead') as "dead!",
                  count(*) filter (where o.state = 'queued' and o.created_at < $1) as "late!"
           from outbox o join tenants t on t.id = o.tenant_id
           where o.state = 'dead' or (o.state = 'queued' and o.created_at < $1)
           group by t.slug order by t.slug"#,
        clock.now() - TimeDelta::minutes(5)
    )
    .fetch_all(tx.conn())
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_that_fails_comes_back_later_and_later() {
        for (attempts, least, most) in
            [(1, 2_000, 2_500), (5, 32_000, 40_000), (15, 3_600_000, 4_500_000)]
        {
            let wait = backoff(attempts).num_milliseconds();
            assert!((least..=most).contains(&wait), "{attempts}: {wait}");
        }
    }
}
