//! Who makes a document when: one at a time for a person, so that nobody's many requests keep the others
//! waiting; and no more signatures at once than there are processors.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::available_parallelism;

use tokio::sync::{self, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::base::ids::LoginId;

/// A person's turn, until it is dropped.
pub type Turn = OwnedMutexGuard<()>;

#[derive(Debug)]
pub struct Turns {
    people: Mutex<HashMap<LoginId, Weak<sync::Mutex<()>>>>,
    signers: Arc<Semaphore>,
}

impl Default for Turns {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self { people: Mutex::default(), signers: Arc::new(Semaphore::new(processors)) }
    }
}

impl Turns {
    /// Waits until the person's document before is made.
    pub async fn of(&self, person: LoginId) -> Turn {
        let turn = {
            let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
            people.retain(|_, turn| turn.strong_count() > 0);
            match people.get(&person).and_then(Weak::upgrade) {
                Some(turn) => turn,
                None => {
                    let turn = Arc::new(sync::Mutex::new(()));
                    people.insert(person, Arc::downgrade(&turn));
                    turn
                }
            }
        };
        turn.lock_owned().await
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

    use super::*;
    use crate::base::clock::Clock;

    #[tokio::test(start_paused = true)]
    async fn a_person_waits_for_the_document_before_and_nobody_else_does() {
        let turns = Turns::default();
        let (one, other) = (LoginId::new(&Clock::System), LoginId::new(&Clock::System));
        let first = turns.of(one).await;
        let soon = Duration::from_secs(1);
        assert!(tokio::time::timeout(soon, turns.of(one)).await.is_err());
        assert!(tokio::time::timeout(soon, turns.of(other)).await.is_ok());
        drop(first);
        assert!(tokio::time::timeout(soon, turns.of(one)).await.is_ok());
        assert_eq!(turns.people.lock().unwrap().len(), 1, "who is done is forgotten");
    }
}
