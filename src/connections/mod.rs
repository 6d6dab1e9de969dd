//! Accepts connections and speaks HTTP/1.1 on them, so that silent clients can't keep others out.
//!
//! Every connection holds a file, and a process may have only so many. A connection without a request in
//! flight is closed when it has been idle for too long, or when a new one needs its place: the longest
//! idle goes first. A connection with a request in flight is left alone. If all have one, new connections
//! wait in the kernel's queue, which costs nothing here, and a proxy in front can still try another
//! server.

mod conversation;
mod idlers;
mod limits;
mod liveness;
mod open_files;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::conversation::Conversations;
pub use self::limits::Limits;
pub use self::open_files::allow_files;

/// After the system refused a connection, the acceptor pauses this long, so that it doesn't spin.
const PAUSE: Duration = Duration::from_millis(50);
/// A condition that lasts is logged at most this often.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// Serves until `stop`, then closes idle connections and waits for the requests in flight.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: &CancellationToken,
) {
    let limits = Limits { connections: limits.connections.max(1), ..limits };
    let places = Arc::new(Semaphore::new(limits.connections as usize));
    let conversations = Arc::new(Conversations::new(router, limits));
    let acceptor = Acceptor {
        listener,
        places: places.clone(),
        conversations,
        stop: stop.clone(),
        refused: LogThrottle::default(),
        full: LogThrottle::default(),
    };
    stop.run_until_cancelled(acceptor.run()).await;
    // Nobody closes the semaphore. When all permits are free, all connections have ended.
    let _ = places.acquire_many(limits.connections).await;
}

struct Acceptor {
    listener: TcpListener,
    /// One permit for each connection that may be open.
    places: Arc<Semaphore>,
    conversations: Arc<Conversations>,
    stop: CancellationToken,
    refused: LogThrottle,
    full: LogThrottle,
}

impl Acceptor {
    async fn run(mut self) {
        loop {
            let (stream, peer) = self.accept().await;
            let place = self.place().await;
            let (conversations, told) = (self.conversations.clone(), self.stop.child_token());
            tokio::spawn(async move {
                conversations.converse(stream, peer, told).await;
                drop(place);
            });
        }
    }

    /// Accepts the next connection. Errors never end the server: most pass by themselves, and the operator
    /// finds them in the log.
    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                // That connection is gone; the next may be there already.
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    if self.refused.is_due() {
                        tracing::error!(%error, "no connection can be taken in");
                    }
                    // Usually the process has run out of files.
                    self.conversations.idlers.close_oldest();
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Returns a place for the connection that was just accepted. If all are taken, the longest idle
    /// connection is closed.
    async fn place(&mut self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(place) = self.places.clone().try_acquire_owned() {
                return place;
            }
            let closed = self.conversations.idlers.close_oldest();
            if self.full.is_due() {
                tracing::warn!(closed, "as many connections as there may be");
            }
            // The connection that was told to close may have got a request just then. It continues, and
            // another has to make room.
            tokio::select! {
                biased;
                Ok(place) = self.places.clone().acquire_owned() => return place,
                () = self.conversations.idlers.changed() => {}
            }
        }
    }
}

/// Returns true for an error that concerns one connection only, so the next may be accepted at
/// once.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// Limits how often a condition that lasts is logged.
#[derive(Debug, Default)]
struct LogThrottle {
    told: Option<Instant>,
}

impl LogThrottle {
    fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let is_due = self.told.is_none_or(|told| now - told >= TOLD_EVERY);
        if is_due {
            self.told = Some(now);
        }
        is_due
    }
}
