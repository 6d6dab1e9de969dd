//! Connections without a request in flight, ordered by how long they have been idle.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Numbers rise in the order of arrival, so the oldest is found without a search.
#[derive(Debug, Default)]
pub(super) struct Idlers {
    queue: Mutex<IdleQueue>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct IdleQueue {
    /// The token that tells an idle connection to close, by the connection's number.
    waiting: BTreeMap<u64, CancellationToken>,
    next: u64,
    /// True if `close_oldest` found no idle connection. The next one that becomes idle then wakes
    /// the acceptor.
    is_wanted: bool,
}

impl Idlers {
    /// Notes a connection that is idle from now on, and returns its number.
    pub(super) fn enter(&self, told: CancellationToken) -> u64 {
        let mut queue = self.queue();
        let number = queue.next;
        queue.next += 1;
        queue.waiting.insert(number, told);
        if std::mem::take(&mut queue.is_wanted) {
            self.changed.notify_one();
        }
        number
    }

    /// Forgets a connection that got a request. If it was told to close at that very moment, it still
    /// answers first, so the acceptor is woken to close another one.
    pub(super) fn leave(&self, number: u64) {
        if self.queue().waiting.remove(&number).is_none() {
            self.changed.notify_one();
        }
    }

    /// Forgets a connection that has ended.
    pub(super) fn forget(&self, number: u64) {
        self.queue().waiting.remove(&number);
    }

    /// Tells the connection that has been idle the longest to close. Returns false if none is idle.
    pub(super) fn close_oldest(&self) -> bool {
        let oldest = {
            let mut queue = self.queue();
            let oldest = queue.waiting.pop_first();
            queue.is_wanted = oldest.is_none();
            oldest
        };
        oldest.is_some_and(|(_, told)| {
            told.cancel();
            true
        })
    }

    /// Waits until [`Idlers::close_oldest`] may find another connection.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn queue(&self) -> MutexGuard<'_, IdleQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_one_that_is_idle_the_longest_is_closed_first() {
        let idlers = Idlers::default();
        assert!(!idlers.close_oldest(), "nobody is there");
        let tokens = [(); 3].map(|()| CancellationToken::new());
        let [first, second, third] = &tokens;
        let number = idlers.enter(first.clone());
        idlers.changed().await;
        idlers.enter(second.clone());
        idlers.enter(third.clone());
        idlers.leave(number);
        let number = idlers.enter(first.clone());

        assert!(idlers.close_oldest());
        assert_eq!(tokens.each_ref().map(CancellationToken::is_cancelled), [false, true, false]);
        assert!(idlers.close_oldest());
        idlers.forget(number);
        assert!(!idlers.close_oldest(), "the first one has gone by itself");
        assert_eq!(tokens.each_ref().map(CancellationToken::is_cancelled), [false, true, true]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_was_told_to_close_and_got_a_request_makes_no_room() {
        let idlers = Idlers::default();
        let number = idlers.enter(CancellationToken::new());
        assert!(idlers.close_oldest());
        let soon = std::time::Duration::from_secs(1);
        assert!(tokio::time::timeout(soon, idlers.changed()).await.is_err());
        idlers.leave(number);
        assert!(tokio::time::timeout(soon, idlers.changed()).await.is_ok());
    }
}
