//! What a connection is doing, and until when it may.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::idlers::Idlers;
use super::limits::Limits;

/// A head of a request above this is a large one, of which there may be only so many at once. Browsers
/// stay far below, unless a union's host has given them cookies without end.
const LARGE_HEAD: usize = 16 * 1024;
pub(super) const LARGE_HEADS: usize = 64;

/// Only the connection's own task changes it; the lock is what lets that task move between threads.
#[derive(Debug)]
pub(super) struct Liveness {
    limits: Limits,
    idlers: Arc<Idlers>,
    large_heads: Arc<Semaphore>,
    /// Cancelled when the connection has to end with the request in flight, or at once where there is none.
    pub(super) told: CancellationToken,
    moment: Mutex<Moment>,
}

#[derive(Debug)]
struct Moment {
    phase: Phase,
    /// When a wait for a request is over, or a whole answer has to be.
    until: Instant,
    /// When the other side has to have taken more of an answer, while it takes none.
    stalled: Option<Instant>,
    /// Bytes of the head that is coming in.
    head: usize,
    /// Kept until the connection ends, and with it the memory that the head took.
    large_head: Option<OwnedSemaphorePermit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No request is in flight; the number is the one among the idlers.
    Waiting(u64),
    InFlight,
    /// The answer has been made, and its last part is on its way out.
    Answered,
}

impl Liveness {
    pub(super) fn new(
        limits: Limits,
        idlers: Arc<Idlers>,
        large_heads: Arc<Semaphore>,
        told: CancellationToken,
    ) -> Self {
        let moment = Moment {
            phase: Phase::Waiting(idlers.enter(told.clone())),
            until: Instant::now() + limits.head,
            stalled: None,
            head: 0,
            large_head: None,
        };
        Self { limits, idlers, large_heads, told, moment: Mutex::new(moment) }
    }

    /// Bytes came in.
    ///
    /// # Errors
    /// The head of a request has become large, and too many others have.
    pub(super) fn received(&self, bytes: usize) -> io::Result<()> {
        let mut moment = self.moment();
        if bytes == 0 || !matches!(moment.phase, Phase::Waiting(_)) {
            return Ok(());
        }
        if moment.head == 0 {
            moment.until = Instant::now() + self.limits.head;
        }
        moment.head += bytes;
        if moment.head > LARGE_HEAD && moment.large_head.is_none() {
            let permit = self.large_heads.clone().try_acquire_owned();
            moment.large_head = Some(permit.map_err(|_| io::ErrorKind::QuotaExceeded)?);
        }
        Ok(())
    }

    /// A request has come in whole, but for its body.
    pub(super) fn begun(&self) {
        let mut moment = self.moment();
        if let Phase::Waiting(number) = moment.phase {
            self.idlers.leave(number);
        }
        moment.phase = Phase::InFlight;
        moment.until = Instant::now() + self.limits.answer;
        // The connection would keep the memory for heads to come.
        if moment.large_head.is_some() {
            self.told.cancel();
        }
    }

    /// The answer's body has been handed over or dropped.
    pub(super) fn answered(&self) {
        let mut moment = self.moment();
        if moment.phase == Phase::InFlight {
            moment.phase = Phase::Answered;
        }
    }

    /// Nothing more of an answer has to be sent just now; where some of it waits for the other side, that
    /// isn't so.
    pub(super) fn flushed(&self) {
        let mut moment = self.moment();
        if moment.phase == Phase::Answered && moment.stalled.is_none() {
            moment.phase = Phase::Waiting(self.idlers.enter(self.told.clone()));
            moment.until = Instant::now() + self.limits.idle;
            moment.head = 0;
        }
    }

    /// The other side takes nothing of an answer just now, or does so again.
    pub(super) fn sending(&self, is_stalled: bool) {
        let stalled = &mut self.moment().stalled;
        match is_stalled {
            true => _ = stalled.get_or_insert_with(|| Instant::now() + self.limits.stalled),
            false => *stalled = None,
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.moment().phase, Phase::Waiting(_))
    }

    /// When the connection has to be closed if nothing happens.
    pub(super) fn until(&self) -> Instant {
        let moment = self.moment();
        match (moment.phase, moment.stalled) {
            (Phase::InFlight | Phase::Answered, Some(stalled)) => stalled.min(moment.until),
            _ => moment.until,
        }
    }

    fn moment(&self) -> MutexGuard<'_, Moment> {
        self.moment.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Liveness {
    fn drop(&mut self) {
        if let Phase::Waiting(number) = self.moment().phase {
            self.idlers.forget(number);
        }
    }
}
