//! Sends the mail in the outbox: fairly between unions, at the provider's pace, and codes and links first.
//!
//! [`queue`] has the statements on the worker's side of the outbox, and [`rates`] the pace. [`mime`] writes a mail
//! out, and a [`sender`] sends it, by [`ses`] or into a folder.

pub mod mime;
pub mod queue;
pub mod rates;
pub mod sender;
pub mod ses;

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::queue::{Fate, Landed, Lane, Outgoing, Queue, SEND_WITHIN};
use self::sender::Sender;
use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::db::Db;
use crate::db::actor::Actor;
use crate::jobs::turns::{self, UnionTurn};
use crate::jobs::waiting::{Waiting, rest_until};
use crate::mail::outbox::CHANNEL;
use crate::tenant::registry;

/// Mails in flight at once. It is enough for 500 a second with a provider that takes 0.4 seconds for
/// each.
const MOST_AT_ONCE: usize = 200;
/// Places reserved for codes and links, for when a slow provider holds many other mails.
const URGENT_PLACES: usize = 50;
/// The worker rests this long if more is due than the pace allows. It is short beside the tenth of a second for which
/// the bucket holds tokens.
const NEXT_AFTER: Duration = Duration::from_millis(25);
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// The most connections that [`run`] uses: one to survey and one to deliver. Listening has its own.
pub const CONNECTIONS: u32 = 2;

/// Sends all mail that is due. Returns how many mails were tried.
///
/// A mail that can't be sent is no error: it waits for its next try.
pub async fn deliver(db: &Db, clock: &Clock, sender: &Sender) -> Result<usize, sqlx::Error> {
    let waiting = Waiting::new();
    survey(db, clock, &waiting).await?;
    let mut delivery = Deliverer::new(db, clock, sender, &waiting);
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

/// Delivers until `stop`, woken by the database and by the clock, at most `per_second` mails a second
/// over all workers. Mails in flight are finished first.
pub async fn run(
    db: &Db,
    clock: &Clock,
    sender: &Sender,
    per_second: u32,
    stop: &CancellationToken,
) {
    let waiting = Waiting::new();
    let mut delivery = Deliverer::new(db, clock, sender, &waiting);
    tokio::select! {
        () = waiting.listen(db, CHANNEL, Queue::parse) => {}
        () = survey_often(db, clock, &waiting) => {}
        () = delivery.run(per_second, stop) => {}
    }
}

async fn survey_often(db: &Db, clock: &Clock, waiting: &Waiting<Queue>) {
    loop {
        waiting.rest_after(survey(db, clock, waiting).await).await;
    }
}

/// Notes when each union's next mail is due.
async fn survey(db: &Db, clock: &Clock, waiting: &Waiting<Queue>) -> Result<(), sqlx::Error> {
    let mut platform = db.platform().await?;
    let now = turns::time(platform.conn(), clock).await?;
    let unions = registry::ids(&mut platform).await?;
    platform.commit().await?;
    for (tenant, _) in unions {
        let mut tx = db.tenant(tenant, &actor()).await?;
        for lane in [Lane::Urgent, Lane::Other] {
            let due_at = queue::next_due(&mut tx, lane).await?;
            waiting.note_due(Queue { tenant, lane }, due_at, now);
        }
        tx.commit().await?;
    }
    Ok(())
}

/// The mails in flight, and those whose result is known.
struct Deliverer<'d> {
    db: &'d Db,
    clock: &'d Clock,
    sender: &'d Sender,
    waiting: &'d Waiting<Queue>,
    in_flight: JoinSet<Landed>,
    /// Results, kept until they are written to the database, however long it is away.
    landed: Vec<Landed>,
}

impl<'d> Deliverer<'d> {
    fn new(db: &'d Db, clock: &'d Clock, sender: &'d Sender, waiting: &'d Waiting<Queue>) -> Self {
        Self { db, clock, sender, waiting, in_flight: JoinSet::new(), landed: Vec::new() }
    }

    async fn run(&mut self, per_second: u32, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.work(per_second, stop).await {
                tracing::warn!(%error, "mail worker can't use the database");
                stop.run_until_cancelled(tokio::time::sleep(RECONNECT_AFTER)).await;
            }
        }
        if let Err(error) = self.land_all().await {
            tracing::warn!(%error, "the last mails may go out again");
        }
    }

    async fn work(&mut self, per_second: u32, stop: &CancellationToken) -> Result<(), sqlx::Error> {
        rates::set(self.db, self.clock, self.sender.provider(), per_second).await?;
        let mut not_before = Instant::now();
        while !stop.is_cancelled() {
            self.settle().await?;
            let look_at = self.waiting.next(|_| true).map(|at| at.max(not_before));
            if look_at.is_some_and(|at| at <= Instant::now()) {
                self.launch().await?;
                not_before = Instant::now() + NEXT_AFTER;
                continue;
            }
            tokio::select! {
                Some(landed) = self.in_flight.join_next() => self.land(landed),
                () = self.waiting.changed() => {}
                () = rest_until(look_at) => {}
                () = stop.cancelled() => {}
            }
        }
        Ok(())
    }

    /// Sends what is due, codes and links first, as far as free places and the pace allow.
    async fn launch(&mut self) -> Result<(), sqlx::Error> {
        for (lane, kept_free) in [(Lane::Urgent, 0), (Lane::Other, URGENT_PLACES)] {
            let places = MOST_AT_ONCE.saturating_sub(kept_free + self.in_flight.len());
            if places > 0 && !self.ready(lane).is_empty() {
                self.launch_lane(lane, signed(places)).await?;
            }
        }
        Ok(())
    }

    /// Shares the tokens equally between the unions that wait: each has a turn before any has another.
    async fn launch_lane(&mut self, lane: Lane, places: i64) -> Result<(), sqlx::Error> {
        let (provider, mut platform) = (self.sender.provider(), self.db.platform().await?);
        let now = turns::time(platform.conn(), self.clock).await?;
        let mut tokens = rates::take(&mut platform, now, provider, places).await?;
        platform.commit().await?;
        while tokens > 0 {
            let ready = self.ready(lane);
            if ready.is_empty() {
                break;
            }
            let share = (tokens / signed(ready.len())).max(1);
            let mut platform = self.db.platform().await?;
            let unions = turns::take(&mut platform, lane.queue(), &ready, tokens, now).await?;
            platform.commit().await?;
            // These unions no longer exist, so they have no turn and no mail.
            for tenant in ready.into_iter().filter(|_| unions.is_empty()) {
                self.waiting.forget(Queue { tenant, lane });
            }
            for union in unions {
                tokens -= self.launch_union(&union, lane, share.min(tokens), now).await?;
            }
        }
        rates::give_back(self.db, provider, tokens).await
    }

    /// Sends up to `most` mails of a union. Returns how many.
    async fn launch_union(
        &mut self,
        union: &UnionTurn,
        lane: Lane,
        most: i64,
        now: DateTime<Utc>,
    ) -> Result<i64, sqlx::Error> {
        let key = Queue { tenant: union.tenant, lane };
        self.waiting.forget(key);
        let take = async {
            let mut tx = self.db.tenant(union.tenant, &actor()).await?;
            queue::expire(&mut tx, now).await?;
            let mails = queue::take(&mut tx, now, &union.slug, lane, most).await?;
            let due_at = queue::next_due(&mut tx, lane).await?;
            tx.commit().await?;
            Ok((mails, due_at))
        };
        let (mails, due_at) = take.await.inspect_err(|_: &sqlx::Error| self.waiting.note(key))?;
        match due_at {
            // Another worker has locked what is due, so try again in a moment.
            Some(due_at) if due_at <= now && mails.is_empty() => {
                self.waiting.note_from(key, Instant::now() + NEXT_AFTER);
            }
            due_at => self.waiting.note_due(key, due_at, now),
        }
        let launched = signed(mails.len());
        for mail in mails {
            let (clock, sender) = (self.clock.clone(), self.sender.clone());
            self.in_flight.spawn(async move {
                let fate = send(&clock, &sender, &mail).await;
                Landed { mail, fate }
            });
        }
        Ok(launched)
    }

    fn ready(&self, lane: Lane) -> Vec<TenantId> {
        let ready = self.waiting.ready().into_iter();
        ready.filter(|queue| queue.lane == lane).map(|queue| queue.tenant).collect()
    }

    /// Notes this result, and all others that have come in meanwhile.
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

    /// Writes the results to the database, union by union. What can't be written is kept for later.
    async fn settle(&mut self) -> Result<(), sqlx::Error> {
        while let Some(tenant) = self.landed.first().map(|landed| landed.mail.tenant) {
            let of_union = |landed: &Landed| landed.mail.tenant == tenant;
            let own: Vec<&Landed> = self.landed.iter().filter(|landed| of_union(landed)).collect();
            let mut tx = self.db.tenant(tenant, &actor()).await?;
            let now = turns::time(tx.conn(), self.clock).await?;
            queue::settle(&mut tx, now, &own).await?;
            tx.commit().await?;
            self.landed.retain(|landed| !of_union(landed));
        }
        Ok(())
    }
}

/// Delivery writes no audit line, so the actor needs no more than a name.
fn actor() -> Actor {
    Actor::system("mail")
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
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
    let kind = &mail.rendered.kind;
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
    use chrono::TimeDelta;

    use super::*;
    use crate::mail::message::RenderedMail;

    #[tokio::test]
    async fn a_code_that_dies_while_its_worker_holds_it_stays_here() {
        let clock = Clock::test("2026-11-21T00:00:00Z".parse().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let sender = Sender::File(folder.path().to_owned());
        let rendered = RenderedMail::of_tests();
        let mail = Outgoing {
            expires_at: Some(clock.now() + TimeDelta::minutes(10)),
            ..Outgoing::sample(rendered, "example", "taro@example.jp", &clock)
        };
        clock.advance(TimeDelta::minutes(10));
        assert!(matches!(send(&clock, &sender, &mail).await, Fate::Expired));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        clock.advance(-TimeDelta::seconds(1));
        assert!(matches!(send(&clock, &sender, &mail).await, Fate::Sent));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
