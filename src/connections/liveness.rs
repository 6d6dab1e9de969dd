//! The state of a connection, and its deadlines.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::idlers::Idlers;
use super::limits::Limits;

/// A request head above this size is a large one, and only [`LARGE_HEADS`] of those may be in memory
/// at once. Browsers stay far below, unless a union's host has set far too many cookies.
const LARGE_HEAD: usize = 16 * 1024;
pub(super) const LARGE_HEADS: usize = 64;

/// Only the connection's own task changes it. The lock lets that task move between threads.
#[derive(Debug)]
pub(super) struct Liveness {
    limits: Limits,
    idlers: Arc<Idlers>,
    large_heads: Arc<Semaphore>,
    /// Once it is cancelled, the connection ends after the request in flight, or at once if there is none.
    pub(super) told: CancellationToken,
    moment: Mutex<Moment>,
}

#[derive(Debug)]
struct Moment {
    phase: Phase,
    /// The deadline of the next request's arrival, or of the whole answer.
    until: Instant,
    /// Set while the client reads nothing of an answer: the time by which it has to read on.
    stalled: Option<Instant>,
    /// The number of bytes of the next request's head that have arrived.
    head: usize,
    /// Kept until the connection ends, because hyper keeps the memory of a large head that long.
    large_head: Option<OwnedSemaphorePermit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No request is in flight. The number is the one in [`Idlers`].
    Waiting(u64),
    InFlight,
    /// The router has made the answer; its last part is still being sent.
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

    /// Notes that bytes have arrived.
    ///
    /// # Errors
    /// Fails if this request's head has become large while too many others are large. The
    /// connection has to end.
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

    /// Notes that a request's head is complete.
    pub(super) fn begun(&self) {
        let mut moment = self.moment();
        if let Phase::Waiting(number) = moment.phase {
            self.idlers.leave(number);
        }
        moment.phase = Phase::InFlight;
        moment.until = Instant::now() + self.limits.answer;
        // hyper would keep a large buffer for the next heads, so the connection ends after this
        // answer.
        if moment.large_head.is_some() {
            self.told.cancel();
        }
    }

    /// Notes that hyper has taken or dropped the answer's body.
    pub(super) fn answered(&self) {
        let mut moment = self.moment();
        if moment.phase == Phase::InFlight {
            moment.phase = Phase::Answered;
        }
    }

    /// Notes that nothing is left to send now. If part of an answer still waits for the client, it
    /// changes nothing.
    pub(super) fn flushed(&self) {
        let mut moment = self.moment();
        if moment.phase == Phase::Answered && moment.stalled.is_none() {
            moment.phase = Phase::Waiting(self.idlers.enter(self.told.clone()));
            moment.until = Instant::now() + self.limits.idle;
            moment.head = 0;
        }
    }

    /// Notes that the client has stopped reading an answer, or reads again.
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

    /// Returns when the connection has to be closed if nothing happens before.
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
