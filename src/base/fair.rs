//! A fair queue for a scarce resource that unions share, so that a crowd at one union doesn't keep people of the
//! others waiting.
//!
//! Turns go round the unions that wait, and within a union round its places (a network address or a person). When
//! the queue is full, a newcomer from a shorter line takes the place of the last one in the longest line. So a
//! waiting request lets at most one request of each other union go first, however many that union sends.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::ids::TenantId;

/// The queue; clones share it.
#[derive(Debug, Clone)]
pub struct FairQueue(Arc<Mutex<Waiters>>);

/// A turn. It lasts until this is dropped.
#[derive(Debug)]
pub struct Admission(Option<FairQueue>);

/// The queue is full, or this place was given to a newcomer from a shorter line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no more may wait")]
pub struct Full;

#[derive(Debug)]
struct Waiters {
    /// The number of requests that may still be admitted now.
    free: usize,
    /// The number of requests that may still wait.
    room: usize,
    unions: Ring<TenantId, Ring<String, VecDeque<oneshot::Sender<Admission>>>>,
}

impl FairQueue {
    /// Makes a queue that admits `at_once` requests while up to `waiting` wait.
    #[must_use]
    pub fn new(at_once: usize, waiting: usize) -> Self {
        let state = Waiters { free: at_once.max(1), room: waiting, unions: Ring::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// Returns [`Full`] at once if the queue is full, or while waiting if the place was given away.
    pub async fn enter(&self, union: TenantId, who: &str) -> Result<Admission, Full> {
        let waiting = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Admission(Some(self.clone())));
            }
            state.line_up(union, who).ok_or(Full)?
        };
        waiting.await.map_err(|_| Full)
    }

    /// Gives a turn that has ended to the next request that still waits.
    fn pass_on(&self) {
        loop {
            let next = {
                let mut state = self.lock();
                let next = state.next();
                state.free += usize::from(next.is_none());
                next
            };
            let Some(next) = next else { return };
            match next.send(Admission(Some(self.clone()))) {
                Ok(()) => return,
                // The receiver is gone. Without `take`, dropping this admission would pass the same
                // turn on twice.
                Err(mut admission) => drop(admission.0.take()),
            }
        }
    }

    /// A poisoned lock is safe to use: nothing panics while it holds this lock.
    fn lock(&self) -> MutexGuard<'_, Waiters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            queue.pass_on();
        }
    }
}

impl Waiters {
    /// Adds a newcomer. Returns `None` if the queue is full and that would make the longest line
    /// longer.
    fn line_up(&mut self, union: TenantId, who: &str) -> Option<oneshot::Receiver<Admission>> {
        if self.room == 0 && !self.give_up_one_for(union, who) {
            return None;
        }
        self.room -= 1;
        let (turn, waiting) = oneshot::channel();
        self.unions.line(&union).line(&who.to_owned()).push_back(turn);
        Some(waiting)
    }

    /// Frees a place by sending the last waiter of a longer line away: from the union with the most waiters, or
    /// else from the newcomer's own union. Returns false if no line is longer.
    fn give_up_one_for(&mut self, union: TenantId, who: &str) -> bool {
        let of_union = |lines: &Ring<_, VecDeque<_>>| lines.sum(VecDeque::len);
        let own = self.unions.get(&union).map_or(0, of_union);
        let longest = self.unions.longest(of_union).filter(|(_, most)| own + 1 < *most);
        let gives_up = longest.map(|(longest, _)| longest);
        let longest = gives_up.unwrap_or(union);
        let Some(lines) = self.unions.get_mut(&longest) else { return false };
        let Some((longest_who, most_who)) = lines.longest(VecDeque::len) else { return false };
        let own_who = lines.get(who).map_or(0, VecDeque::len);
        if gives_up.is_none() && own_who + 1 >= most_who {
            return false;
        }
        lines.line(&longest_who).pop_back();
        lines.forget_if(&longest_who, VecDeque::is_empty);
        self.unions.forget_if(&longest, Ring::is_empty);
        self.room += 1;
        true
    }

    fn next(&mut self) -> Option<oneshot::Sender<Admission>> {
        let next = self.unions.turn(|lines| {
            let next = lines.turn(|line| (line.pop_front(), line.is_empty())).flatten();
            (next, lines.is_empty())
        });
        let next = next.flatten()?;
        self.room += 1;
        Some(next)
    }
}

/// Named lines served in rotation: each has its turn before any has another.
#[derive(Debug)]
struct Ring<K, L> {
    order: VecDeque<K>,
    lines: HashMap<K, L>,
}

impl<K, L> Default for Ring<K, L> {
    fn default() -> Self {
        Self { order: VecDeque::new(), lines: HashMap::new() }
    }
}

impl<K: Clone + Eq + Hash, L: Default> Ring<K, L> {
    fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    fn get<Q: Eq + Hash + ?Sized>(&self, name: &Q) -> Option<&L>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.lines.get(name)
    }

    fn get_mut(&mut self, name: &K) -> Option<&mut L> {
        self.lines.get_mut(name)
    }

    /// Returns the line of this name. A new line goes to the end of the round.
    fn line(&mut self, name: &K) -> &mut L {
        if !self.lines.contains_key(name) {
            self.order.push_back(name.clone());
        }
        self.lines.entry(name.clone()).or_default()
    }

    fn sum(&self, length: impl Fn(&L) -> usize) -> usize {
        self.lines.values().map(length).sum()
    }

    fn longest(&self, length: impl Fn(&L) -> usize) -> Option<(K, usize)> {
        let lengths = self.lines.iter().map(|(name, line)| (name, length(line)));
        lengths.max_by_key(|(_, length)| *length).map(|(name, length)| (name.clone(), length))
    }

    /// Serves the line whose turn it is. `serve` also returns true if the line is empty afterwards;
    /// it is then removed.
    fn turn<T>(&mut self, serve: impl FnOnce(&mut L) -> (T, bool)) -> Option<T> {
        let name = self.order.pop_front()?;
        let (served, is_empty) = serve(self.lines.get_mut(&name)?);
        if is_empty {
            self.lines.remove(&name);
        } else {
            self.order.push_back(name);
        }
        Some(served)
    }

    fn forget_if(&mut self, name: &K, is_empty: impl Fn(&L) -> bool) {
        if self.lines.get(name).is_some_and(is_empty) {
            self.lines.remove(name);
            self.order.retain(|known| known != name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;

    use futures_util::FutureExt as _;

    use super::*;
    use crate::base::clock::Clock;

    type Waiter<'w> = std::pin::Pin<Box<dyn Future<Output = Result<Admission, Full>> + 'w>>;

    fn union() -> TenantId {
        TenantId::new(&Clock::System)
    }

    /// Returns a waiter that stands in the line from now on.
    fn waiter<'w>(queue: &'w FairQueue, union: TenantId, who: &'w str) -> Waiter<'w> {
        let mut waiter = Box::pin(queue.enter(union, who));
        assert!(waiter.as_mut().now_or_never().is_none(), "{who} waits");
        waiter
    }

    #[tokio::test]
    async fn turns_go_round_the_unions_and_within_each_round_its_places() {
        let queue = FairQueue::new(1, 100);
        let (crowded, quiet) = (union(), union());
        let first = queue.enter(crowded, "first").await.unwrap();
        let served = StdMutex::new(Vec::new());
        let one = async |union, who: &'static str| {
            let turn = queue.enter(union, who).await.unwrap();
            served.lock().unwrap().push(who);
            drop(turn);
        };
        let mut all = Vec::new();
        for (union, who) in [
            (crowded, "a"),
            (crowded, "a"),
            (crowded, "a"),
            (crowded, "b"),
            (quiet, "x"),
            (quiet, "x"),
        ] {
            let mut one = Box::pin(one(union, who));
            assert!(one.as_mut().now_or_never().is_none());
            all.push(one);
        }
        drop(first);
        futures_util::future::join_all(all).await;
        assert_eq!(*served.lock().unwrap(), ["a", "x", "b", "x", "a", "a"]);
        assert_eq!(queue.lock().free, 1);
        assert_eq!(queue.lock().room, 100);
    }

    #[tokio::test]
    async fn the_longest_line_gives_its_last_one_up_for_a_shorter_one() {
        let queue = FairQueue::new(1, 3);
        let (crowded, quiet) = (union(), union());
        let turn = queue.enter(crowded, "a").await.unwrap();
        let mut first = waiter(&queue, crowded, "a");
        let _second = waiter(&queue, crowded, "a");
        let third = waiter(&queue, crowded, "a");
        assert_eq!(queue.enter(crowded, "a").now_or_never().unwrap().unwrap_err(), Full);
        let _other = waiter(&queue, quiet, "x");
        assert_eq!(third.now_or_never().unwrap().unwrap_err(), Full, "the last of the longest");
        assert_eq!(queue.enter(crowded, "a").now_or_never().unwrap().unwrap_err(), Full);
        assert_eq!(queue.enter(quiet, "x").now_or_never().unwrap().unwrap_err(), Full);
        drop(turn);
        assert!(first.as_mut().now_or_never().unwrap().is_ok());
    }

    #[tokio::test]
    async fn within_a_union_a_place_that_sends_many_gives_up_one_for_another() {
        let queue = FairQueue::new(1, 2);
        let union = union();
        let _turn = queue.enter(union, "a").await.unwrap();
        let _first = waiter(&queue, union, "a");
        let second = waiter(&queue, union, "a");
        let _other = waiter(&queue, union, "b");
        assert_eq!(second.now_or_never().unwrap().unwrap_err(), Full);
    }

    #[tokio::test]
    async fn a_second_crowded_union_takes_no_fairness_from_the_first() {
        let queue = FairQueue::new(1, 4);
        let (one, other) = (union(), union());
        let _turn = queue.enter(one, "a").await.unwrap();
        let _crowd =
            [(one, "a"), (one, "a"), (other, "x")].map(|(union, who)| waiter(&queue, union, who));
        let last = waiter(&queue, other, "x");
        let _newcomer = waiter(&queue, other, "y");
        assert_eq!(last.now_or_never().unwrap().unwrap_err(), Full, "the crowd of the own union");
    }

    #[tokio::test]
    async fn a_waiter_that_goes_away_holds_up_no_other() {
        let queue = FairQueue::new(1, 10);
        let union = union();
        let turn = queue.enter(union, "a").await.unwrap();
        drop(waiter(&queue, union, "a"));
        let mut stays = waiter(&queue, union, "b");
        drop(turn);
        let given = stays.as_mut().now_or_never().unwrap().unwrap();
        let leaves = waiter(&queue, union, "c");
        drop(given);
        // This waiter got the turn but was dropped before it ran.
        drop(leaves);
        assert!(queue.enter(union, "d").now_or_never().unwrap().is_ok());
    }
}
