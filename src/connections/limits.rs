//! Limits on the number of connections and on their times.

use std::time::Duration;

use super::open_files::allow_files;

/// A server of this size has no use for more.
const MOST_CONNECTIONS: u32 = 16 * 1024;
/// Files other than connections from outside: those to the database and to AWS, logs, the runtime's own.
const OTHER_FILES: u32 = 256;

/// The limits of a server's connections.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections that are open at once; at least one.
    pub connections: u32,
    /// The time that the first byte of a new connection may take, and again the rest of its head. Between requests, the
    /// time that a head may take from its first byte.
    pub head: Duration,
    /// The time for which a connection may wait for its next request.
    pub idle: Duration,
    /// The time for which an answer may wait until the other side takes more of it.
    pub stalled: Duration,
    /// The time that a request with its whole answer may take, even if the client keeps reading a little of it.
    pub answer: Duration,
}

impl Limits {
    /// Returns a server's limits, with as many connections as this process may have files. Raises the
    /// soft limit of open files if needed and allowed.
    #[must_use]
    pub fn of_this_process() -> Self {
        let files = allow_files(MOST_CONNECTIONS + OTHER_FILES);
        let connections = files.saturating_sub(OTHER_FILES).max(files / 2).min(MOST_CONNECTIONS);
        Self {
            connections,
            head: Duration::from_secs(30),
            // Proxies usually keep a connection for two minutes. If we closed one first, the next request
            // could already be on its way, and would be lost.
            idle: Duration::from_secs(150),
            stalled: Duration::from_secs(120),
            answer: Duration::from_secs(15 * 60),
        }
    }
}
