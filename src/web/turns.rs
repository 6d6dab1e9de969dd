//! Turns at heavy work, such as documents and searches: each person has one at a time, and all people together
//! have a bounded number, so that one person's many requests don't keep others waiting. A person waits before the
//! first query, and only a few of their requests may wait. Signatures are bounded by the number of processors.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::available_parallelism;

use tokio::sync::{self, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::base::fair::{Admission, FairQueue, Full};
use crate::base::ids::{LoginId, TenantId};

/// One person may have this many requests that are served or wait: a few tabs, or an impatient click or two.
const MOST_OF_A_PERSON: usize = 4;
/// For each processor, this many people are served at once: while one request computes, another waits for its rows.
const AT_ONCE: usize = 2;
/// This many people may wait, which is a few seconds' work.
const MOST_WAITING: usize = 64;

/// A person's turn. It lasts until this is dropped.
#[derive(Debug)]
pub struct PersonTurn {
    _of_all: Admission,
    _of_the_person: OwnedMutexGuard<()>,
}

/// The reason why there is no turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoTurn {
    #[error("the person has enough under way")]
    TooMany,
    #[error("too many people wait")]
    Full,
}

#[derive(Debug)]
pub struct Turns {
    people: Mutex<HashMap<Uuid, Weak<sync::Mutex<()>>>>,
    all: FairQueue,
    signers: Arc<Semaphore>,
}

impl Default for Turns {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self::new(processors * AT_ONCE, MOST_WAITING, processors)
    }
}

impl Turns {
    fn new(at_once: usize, waiting: usize, signers: usize) -> Self {
        Self {
            people: Mutex::default(),
            all: FairQueue::new(at_once, waiting),
            signers: Arc::new(Semaphore::new(signers)),
        }
    }

    /// Waits until the person's earlier requests are done, and then for a turn among all people.
    ///
    /// # Errors
    /// Returns [`NoTurn`] at once if too many wait. [`NoTurn::Full`] may also come while waiting, if the
    /// place was given to a newcomer from a shorter line.
    pub async fn of<R>(&self, union: TenantId, person: LoginId<R>) -> Result<PersonTurn, NoTurn> {
        let one = self.line_of(person.0)?.lock_owned().await;
        let admission = self.all.enter(union, &person.to_string()).await;
        let of_all = admission.map_err(|Full| NoTurn::Full)?;
        Ok(PersonTurn { _of_all: of_all, _of_the_person: one })
    }

    /// Returns the person's line. Holding it keeps a place in it.
    fn line_of(&self, person: Uuid) -> Result<Arc<sync::Mutex<()>>, NoTurn> {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        people.retain(|_, line| line.strong_count() > 0);
        // Each request that is served or waits holds the line, and drops it when it goes away.
        match people.get(&person).and_then(Weak::upgrade) {
            Some(line) if Arc::strong_count(&line) > MOST_OF_A_PERSON => Err(NoTurn::TooMany),
            Some(line) => Ok(line),
            None => {
                let line = Arc::new(sync::Mutex::new(()));
                people.insert(person, Arc::downgrade(&line));
                Ok(line)
            }
        }
    }

    /// Waits until a processor is free to sign.
    ///
    /// # Panics
    /// Never: nobody closes the semaphore.
    pub async fn sign(&self) -> OwnedSemaphorePermit {
        self.signers.clone().acquire_owned().await.expect("the semaphore stays open")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use tokio::time::timeout;

    use super::*;
    use crate::base::clock::Clock;

    const SOON: Duration = Duration::from_secs(1);

    fn somebody() -> LoginId {
        LoginId::new(&Clock::System)
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_waits_for_the_document_before_and_nobody_else_does() {
        let turns = Turns::new(2, 2, 1);
        let union = TenantId::new(&Clock::System);
        let (one, other) = (somebody(), somebody());
        let first = turns.of(union, one).await.unwrap();
        assert!(timeout(SOON, turns.of(union, one)).await.is_err());
        assert!(timeout(SOON, turns.of(union, other)).await.unwrap().is_ok());
        drop(first);
        assert!(timeout(SOON, turns.of(union, one)).await.unwrap().is_ok());
        assert_eq!(turns.people.lock().unwrap().len(), 1, "who is done is forgotten");
    }

    #[tokio::test]
    async fn of_one_person_four_are_served_or_wait_and_the_fifth_is_told_at_once() {
        let turns = Turns::new(2, 2, 1);
        let union = TenantId::new(&Clock::System);
        let person = somebody();
        let first = turns.of(union, person).await.unwrap();
        let mut waiting: Vec<_> =
            (1..MOST_OF_A_PERSON).map(|_| Box::pin(turns.of(union, person))).collect();
        for one in &mut waiting {
            assert!(one.now_or_never().is_none());
        }
        assert_eq!(turns.of(union, person).await.unwrap_err(), NoTurn::TooMany);
        assert!(turns.of(union, somebody()).await.is_ok(), "others go on");
        // A browser that hangs up leaves the line.
        waiting.pop();
        let again = turns.of(union, person);
        drop(first);
        drop(waiting);
        assert!(again.await.is_ok());
    }

    #[tokio::test]
    async fn where_too_many_people_wait_the_next_is_told_at_once() {
        let turns = Turns::new(1, 1, 1);
        let union = TenantId::new(&Clock::System);
        let served = turns.of(union, somebody()).await.unwrap();
        let mut waits = Box::pin(turns.of(union, somebody()));
        assert!((&mut waits).now_or_never().is_none());
        assert_eq!(turns.of(union, somebody()).await.unwrap_err(), NoTurn::Full);
        drop(served);
        assert!(waits.await.is_ok());
    }
}
