//! A worker keeps in memory which unions may have work, and from when it is due.
//!
//! No statement looks for work over all unions at once, since their rows may lie on many machines. Instead, a
//! writer's NOTIFY names its union, and a worker that takes a union's work also asks when more is due. A survey asks
//! each union in turn, and so finds work that no NOTIFY told of. It runs at the start, after the connection to the
//! database was lost, and every half minute.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::db::Db;

/// After a worker dies, another one finds its jobs at most this long after their leases have ended.
const SURVEY_EVERY: Duration = Duration::from_secs(30);
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// Holds the unions with work, by key. The key is the union, or the union and the queue.
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

    /// Notes that work is due now.
    pub fn note(&self, key: K) {
        self.note_from(key, Instant::now());
    }

    /// Notes that work is due from a time on. If several times are noted, the earliest one counts.
    pub fn note_from(&self, key: K, at: Instant) {
        let mut due = self.lock();
        let known = due.entry(key).or_insert(at);
        *known = at.min(*known);
        drop(due);
        self.told.notify_one();
    }

    /// Notes when the next work is due. `due_at` and `now` are both times of the database's clock.
    pub fn note_due(&self, key: K, due_at: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        if let Some(due_at) = due_at {
            let wait = (due_at - now).to_std().unwrap_or_default();
            self.note_from(key, Instant::now() + wait);
        }
    }

    /// Forgets what was noted. The caller looks at the work itself, and then notes when the rest of it is due.
    pub fn forget(&self, key: K) {
        self.lock().remove(&key);
    }

    /// Returns the keys whose work is due now.
    pub fn ready(&self) -> Vec<K> {
        let now = Instant::now();
        self.lock().iter().filter(|(_, at)| **at <= now).map(|(key, _)| *key).collect()
    }

    /// Returns the time when work is next due, among the keys for which `counts` returns true.
    pub fn next(&self, counts: impl Fn(&K) -> bool) -> Option<Instant> {
        self.lock().iter().filter(|(key, _)| counts(key)).map(|(_, at)| *at).min()
    }

    /// Waits until something is noted. It returns at once if something was noted after the last wait.
    pub async fn changed(&self) {
        self.told.notified().await;
    }

    /// Listens on a channel, for ever. A payload for which `read` returns `None` is skipped.
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
        // This connection missed what was announced before it was opened.
        self.survey.notify_one();
        while let Some(told) = listener.try_recv().await? {
            if let Some(key) = read(told.payload()) {
                self.note(key);
            }
        }
        Ok(())
    }

    /// Waits until the next survey is due.
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

    /// The lock can't be poisoned with half-changed data, since no code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Instant>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash> Default for Waiting<K> {
    fn default() -> Self {
        Self::new()
    }
}

/// Waits until a time. Waits for ever if there is none.
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
