//! The outbox: mail is stored in the transaction that causes it and goes out at least once.
//!
//! A mail past its expiry is never sent, nor one that a newer mail replaced before a worker took it: nobody
//! wants a code that is dead.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::types::PgInterval;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::message::Letter;
use super::queue::{self, Fate, Landed, Outgoing, Room, SEND_WITHIN, set_rate};
use super::sender::Sender;
use crate::base::clock::Clock;
use crate::base::ids::{MailId, TenantId};
use crate::db::{Db, TenantTx};

/// Mails on their way at once; enough for 500 a second at a provider that takes 0.4 seconds for one.
const MOST_AT_ONCE: usize = 200;
/// Room that only codes and links may use, however many letters a slow provider is taking.
const URGENT_ROOM: usize = 50;
/// How long the worker rests when it hears of no mail.
const POLL_EVERY: Duration = Duration::from_secs(5);
/// How long it rests when more may be due: a fraction of what a provider's bucket holds.
const NEXT_AFTER: Duration = Duration::from_millis(25);
/// Up to this many mails to one address wait without a delay.
const FEW: i64 = 4;
/// Each further mail to that address is due this much later.
const DELAY: TimeDelta = TimeDelta::seconds(1);
/// At most this many waiting mails are counted.
const MOST_COUNTED: i64 = 64;
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// A code or a link: it dies, and a newer one of its series replaces it.
#[derive(Debug, Clone, Copy)]
pub struct Perishable {
    pub expires_at: DateTime<Utc>,
    /// The sign-in whose codes they are, or the person whose links.
    pub series: Uuid,
}

/// Puts a mail into the outbox. One to nobody (`recipient` is empty) is as much work to write as any other, and never
/// goes out, so that whoever asks for a mail can't tell by the time it takes whether there is anybody to get it.
///
/// # Errors
/// The database's.
pub async fn enqueue(
    tx: &mut TenantTx,
    clock: &Clock,
    letter: &Letter,
    recipient: &str,
    perishable: Option<Perishable>,
) -> Result<MailId, sqlx::Error> {
    let id = MailId::new(clock);
    let series = perishable.map(|perishable| perishable.series);
    if let Some(series) = series {
        drop_unsent(tx, clock, &letter.kind, &[series]).await?;
    }
    // An address with several mails waiting lets the mails of others go first.
    sqlx::query!(
        "insert into outbox (id, kind, sender_name, sender, reply_to, recipient, subject,
                             text_body, html_body, created_at, queued_at, due_at, expires_at,
                             urgent, series)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now.at, now.at + greatest(waiting.mails - $17, 0) * $13::interval,
                $11, $11::timestamptz is not null, $12
         from (select coalesce($14, clock_timestamp())) as now (at),
              (select count(*) from (select from outbox
                                     where tenant_id = $15 and recipient = $6 and $6 <> ''
                                       and state = 'queued'
                                       and urgent = ($11::timestamptz is not null)
                                     limit $16) as found) as waiting (mails)",
        id as MailId,
        letter.kind,
        letter.sender_name,
        letter.sender,
        letter.reply_to,
        recipient,
        letter.subject,
        letter.text,
        letter.html,
        clock.now(),
        perishable.map(|perishable| perishable.expires_at),
        series,
        PgInterval::try_from(DELAY).map_err(sqlx::Error::Encode)?,
        clock.held(),
        tx.tenant() as TenantId,
        MOST_COUNTED,
        FEW
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// Lets mails of some series die that have not gone out.
///
/// # Errors
/// The database's.
pub async fn drop_unsent(
    tx: &mut TenantTx,
    clock: &Clock,
    kind: &str,
    series: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update outbox
         set state = 'expired', finished_at = coalesce($4, clock_timestamp()),
             text_body = '', html_body = ''
         where tenant_id = $1 and state = 'queued' and series = any($2) and kind = $3",
        tx.tenant() as TenantId,
        series,
        kind,
        clock.held()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Sends all that is due; how many mails were tried.
///
/// # Errors
/// The database's. A mail that can't be sent is no error: it waits for its next turn.
pub async fn deliver(db: &Db, clock: &Clock, sender: &Sender) -> Result<usize, sqlx::Error> {
    let mut delivery = Delivery::new(db, clock, sender);
    let mut tried = 0;
    loop {
        delivery.launch().await?;
        let launched = delivery.in_flight.len();
        delivery.land_all().await?;
        if launched == 0 {
            return Ok(tried);
        }
        tried += launched;
    }
}

/// Delivers until `stop`, woken by the database and by the clock, at most so many mails a second over
/// all workers. A mail on its way out is finished.
pub async fn run(
    db: &Db,
    clock: &Clock,
    sender: &Sender,
    per_second: u32,
    stop: &CancellationToken,
) {
    let word = Notify::new();
    let mut delivery = Delivery::new(db, clock, sender);
    tokio::select! {
        () = listen(db, &word) => {}
        () = delivery.run(per_second, &word, stop) => {}
    }
}

/// Passes the database's word on that there is mail, for ever.
async fn listen(db: &Db, word: &Notify) {
    loop {
        if let Err(error) = listen_on_one_connection(db, word).await {
            tracing::warn!(%error, "mail worker does not hear of new mail");
        }
        tokio::time::sleep(RECONNECT_AFTER).await;
    }
}

async fn listen_on_one_connection(db: &Db, word: &Notify) -> Result<(), sqlx::Error> {
    let mut listener = db.listen("kosmo_mail").await?;
    // Of what came before, nobody has told.
    word.notify_one();
    while listener.try_recv().await?.is_some() {
        word.notify_one();
    }
    Ok(())
}

/// Mails on their way, and those that have landed.
struct Delivery<'d> {
    db: &'d Db,
    clock: &'d Clock,
    sender: &'d Sender,
    in_flight: JoinSet<Landed>,
    /// Kept until it is written down, however long the database is away.
    landed: Vec<Landed>,
}

impl<'d> Delivery<'d> {
    fn new(db: &'d Db, clock: &'d Clock, sender: &'d Sender) -> Self {
        Self { db, clock, sender, in_flight: JoinSet::new(), landed: Vec::new() }
    }

    async fn run(&mut self, per_second: u32, word: &Notify, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.work(per_second, word, stop).await {
                tracing::warn!(%error, "mail worker can't use the database");
                stop.run_until_cancelled(tokio::time::sleep(RECONNECT_AFTER)).await;
            }
        }
        if let Err(error) = self.land_all().await {
            tracing::warn!(%error, "the last mails may go out again");
        }
    }

    async fn work(
        &mut self,
        per_second: u32,
        word: &Notify,
        stop: &CancellationToken,
    ) -> Result<(), sqlx::Error> {
        set_rate(self.db, self.clock, self.sender.provider(), per_second).await?;
        let mut look_at = Instant::now();
        while !stop.is_cancelled() {
            self.settle().await?;
            if look_at <= Instant::now() {
                look_at = Instant::now() + self.launch().await?;
            }
            tokio::select! {
                Some(landed) = self.in_flight.join_next() => self.land(landed),
                () = word.notified() => look_at = Instant::now(),
                () = tokio::time::sleep_until(look_at) => {}
                () = stop.cancelled() => {}
            }
        }
        Ok(())
    }

    /// Sends what is due, as far as there is room; how long to rest before looking again.
    async fn launch(&mut self) -> Result<Duration, sqlx::Error> {
        let urgent = MOST_AT_ONCE.saturating_sub(self.in_flight.len());
        let room = Room { urgent, other: urgent.saturating_sub(URGENT_ROOM) };
        if room.urgent == 0 {
            return Ok(NEXT_AFTER);
        }
        let taken = queue::take_due(self.db, self.clock, self.sender.provider(), room).await?;
        for mail in taken.mails {
            let (clock, sender) = (self.clock.clone(), self.sender.clone());
            self.in_flight.spawn(async move {
                let fate = send(&clock, &sender, &mail).await;
                Landed { mail, fate }
            });
        }
        Ok(if taken.more { NEXT_AFTER } else { POLL_EVERY })
    }

    /// Takes in one that has landed, and what else has.
    fn land(&mut self, first: Result<Landed, JoinError>) {
        let mut next = Some(first);
        while let Some(landed) = next {
            match landed {
                Ok(landed) => {
                    tell(&landed);
                    self.landed.push(landed);
                }
                Err(error) => tracing::error!(%error, "a mail was dropped; its lease will end"),
            }
            next = self.in_flight.try_join_next();
        }
    }

    async fn land_all(&mut self) -> Result<(), sqlx::Error> {
        while let Some(landed) = self.in_flight.join_next().await {
            self.land(landed);
        }
        self.settle().await
    }

    async fn settle(&mut self) -> Result<(), sqlx::Error> {
        if !self.landed.is_empty() {
            queue::settle(self.db, self.clock, &self.landed).await?;
            self.landed.clear();
        }
        Ok(())
    }
}

async fn send(clock: &Clock, sender: &Sender, mail: &Outgoing) -> Fate {
    if mail.is_expired(clock.now()) {
        return Fate::Expired;
    }
    match tokio::time::timeout(SEND_WITHIN, sender.send(mail)).await {
        Ok(Ok(())) => Fate::Sent,
        Ok(Err(error)) if error.is_permanent() => Fate::Refused(error.to_string()),
        Ok(Err(error)) => Fate::Postponed(error.to_string()),
        Err(_) => Fate::Postponed("no answer in time".to_owned()),
    }
}

fn tell(Landed { mail, fate }: &Landed) {
    let Outgoing { slug, id, attempts, .. } = mail;
    let kind = &mail.letter.kind;
    match fate {
        Fate::Sent => tracing::info!(tenant = slug, mail = %id, kind, "mail sent"),
        Fate::Expired => tracing::info!(tenant = slug, mail = %id, kind, "mail expired"),
        Fate::Postponed(error) => {
            tracing::warn!(tenant = slug, mail = %id, kind, attempts, error, "mail not sent");
        }
        Fate::Refused(error) => {
            tracing::error!(tenant = slug, mail = %id, kind, error, "mail refused for good");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_code_that_dies_while_its_worker_holds_it_stays_here() {
        let clock = Clock::test("2026-11-21T00:00:00Z".parse().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let sender = Sender::File(folder.path().to_owned());
        let letter = Letter::of_tests();
        let mail = Outgoing {
            expires_at: Some(clock.now() + TimeDelta::minutes(10)),
            ..Outgoing::sample(letter, "example", "taro@example.jp", &clock)
        };
        clock.advance(TimeDelta::minutes(10));
        assert!(matches!(send(&clock, &sender, &mail).await, Fate::Expired));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        clock.advance(-TimeDelta::seconds(1));
        assert!(matches!(send(&clock, &sender, &mail).await, Fate::Sent));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
