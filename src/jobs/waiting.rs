//! Which unions may have work that is due, and from when: kept in a worker's memory.
//!
//! No statement looks for work over all unions at once, since their rows may lie on many machines. Instead a writer's
//! NOTIFY names its union, and taking a union's work tells when it has more. What nobody told of, a survey finds,
//! union by union: at start, after the connection to the database was lost, and every half minute.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::db::Db;

/// How soon another worker takes up what a dead one held, beyond its lease.
const SURVEY_EVERY: Duration = Duration::from_secs(30);
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// Unions with work, by key: the union itself, or the union and the queue.
#[derive(Debug)]
pub struct Waiting<K> {
    due: Mutex<HashMap<K, Instant>>,
    told: Notify,
    survey: Notify,
}

impl<K: Copy + Eq + Hash> Waiting<K> {
    #[must_use]
    pub fn new() -> Self {
        Self { due: Mutex::default(), told: Notify::new(), survey: Notify::new() }
    }

    /// Notes that there is work now.
    pub fn note(&self, key: K) {
        self.note_from(key, Instant::now());
    }

    /// Notes that there is work from a time on. The earliest time that was noted counts.
    pub fn note_from(&self, key: K, at: Instant) {
        let mut due = self.lock();
        let known = due.entry(key).or_insert(at);
        *known = at.min(*known);
        drop(due);
        self.told.notify_one();
    }

    /// Notes when the next work is due by the database's clock, which shows `now`.
    pub fn note_due(&self, key: K, due_at: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        if let Some(due_at) = due_at {
            let wait = (due_at - now).to_std().unwrap_or_default();
            self.note_from(key, Instant::now() + wait);
        }
    }

    /// Forgets what was noted: the caller looks at the work itself, and notes what is left of it.
    pub fn forget(&self, key: K) {
        self.lock().remove(&key);
    }

    /// Those that have work now.
    pub fn ready(&self) -> Vec<K> {
        let now = Instant::now();
        self.lock().iter().filter(|(_, at)| **at <= now).map(|(key, _)| *key).collect()
    }

    /// When the next of those that `counts` has work.
    pub fn next(&self, counts: impl Fn(&K) -> bool) -> Option<Instant> {
        self.lock().iter().filter(|(key, _)| counts(key)).map(|(_, at)| *at).min()
    }

    /// Waits until something was noted since this was waited for.
    pub async fn changed(&self) {
        self.told.notified().await;
    }

    /// Hears what writers tell on a channel, for ever. A payload that `read` does not know is passed over.
    pub async fn listen(&self, db: &Db, channel: &str, read: impl Fn(&str) -> Option<K>) {
        loop {
            if let Err(error) = self.listen_on_one_connection(db, channel, &read).await {
                tracing::warn!(%error, channel, "the worker does not hear of new work");
            }
            tokio::time::sleep(RECONNECT_AFTER).await;
        }
    }

    async fn listen_on_one_connection(
        &self,
        db: &Db,
        channel: &str,
        read: impl Fn(&str) -> Option<K>,
    ) -> Result<(), sqlx::Error> {
        let mut listener = db.listen(channel).await?;
        // Nobody has told this connection of what came before.
        self.survey.notify_one();
        while let Some(told) = listener.try_recv().await? {
            if let Some(key) = read(told.payload()) {
                self.note(key);
            }
        }
        Ok(())
    }

    /// Rests after a survey until it is time for the next.
    pub async fn rest_after(&self, surveyed: Result<(), sqlx::Error>) {
        let pause = match surveyed {
            Ok(()) => SURVEY_EVERY,
            Err(error) => {
                tracing::warn!(%error, "the worker can't survey the unions");
                RECONNECT_AFTER
            }
        };
        tokio::select! {
            () = self.survey.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// Nothing panics while it holds this lock.
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Instant>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash> Default for Waiting<K> {
    fn default() -> Self {
        Self::new()
    }
}

/// Rests until a time, or for ever.
pub async fn rest_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_earliest_time_counts_until_it_is_forgotten() {
        let waiting = Waiting::new();
        let later = Instant::now() + Duration::from_secs(60);
        waiting.note_from(1, later);
        assert!(waiting.ready().is_empty());
        assert_eq!(waiting.next(|_| true), Some(later));
        assert_eq!(waiting.next(|key| *key != 1), None);
        waiting.note(1);
        waiting.note_from(1, later);
        assert_eq!(waiting.ready(), [1]);
        waiting.forget(1);
        assert_eq!(waiting.next(|_| true), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_due_before_is_due_now() {
        let waiting = Waiting::new();
        let now: DateTime<Utc> = "2026-11-21T00:00:00Z".parse().unwrap();
        waiting.note_due(1, Some(now - chrono::TimeDelta::hours(1)), now);
        waiting.note_due(2, Some(now + chrono::TimeDelta::seconds(30)), now);
        waiting.note_due(3, None, now);
        assert_eq!(waiting.ready(), [1]);
        tokio::time::advance(Duration::from_secs(31)).await;
        assert_eq!(waiting.ready().len(), 2);
    }
}
