//! How many connections there may be, and how long they may take.

use std::time::Duration;

use super::open_files::allow_files;

/// More than a server of this size has a use for.
const MOST_CONNECTIONS: u32 = 16 * 1024;
/// Files that are no connections from outside: those to the database and to AWS, logs, the runtime's own.
const OTHER_FILES: u32 = 256;

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections that are open at once; at least one.
    pub connections: u32,
    /// How long the first byte of a new connection may take, and from then on the rest of the head; between
    /// requests, how long a head may take from its first byte.
    pub head: Duration,
    /// How long a connection may wait for its next request.
    pub idle: Duration,
    /// How long an answer may wait until the other side takes more of it.
    pub stalled: Duration,
    /// How long a request and its whole answer may take, though the other side takes a little of it all the time.
    pub answer: Duration,
}

impl Limits {
    /// Those of a server, with as many connections as the files of this process allow. Raises its soft
    /// limit of files where that is needed and allowed.
    #[must_use]
    pub fn of_this_process() -> Self {
        let files = allow_files(MOST_CONNECTIONS + OTHER_FILES);
        let connections = files.saturating_sub(OTHER_FILES).max(files / 2).min(MOST_CONNECTIONS);
        Self {
            connections,
            head: Duration::from_secs(30),
            // Proxies keep a connection for two minutes, as a rule. One that we close first may carry the
            // next request already, which is lost then.
            idle: Duration::from_secs(150),
            stalled: Duration::from_secs(120),
            answer: Duration::from_secs(15 * 60),
        }
    }
}
