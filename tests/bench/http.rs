//! A client that costs next to nothing, since it shares the machine with what it measures.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Connections that are kept busy at once.
pub(crate) const CLIENTS: usize = 8;
/// Longer than any answer takes that is worth counting.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A connection kept alive, with memory that is used again.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    head: String,
    body: Vec<u8>,
}

pub(crate) struct Answer<'c> {
    pub(crate) status: u16,
    head: &'c str,
    pub(crate) body: &'c [u8],
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        let stream = BufReader::with_capacity(64 * 1024, stream);
        Ok(Self { stream, head: String::new(), body: Vec::new() })
    }

    /// Sends a whole request and reads a whole answer.
    pub(crate) fn send(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.get_mut().write_all(request)?;
        self.head.clear();
        while !self.head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut self.head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let status = self.head.get(9..12).and_then(|status| status.parse().ok());
        let length = header(&self.head, "content-length").and_then(|length| length.parse().ok());
        let (Some(status), Some(length)) = (status, length) else {
            return Err(io::Error::other(format!("an answer that can't be read: {}", self.head)));
        };
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body)?;
        Ok(Answer { status, head: &self.head, body: &self.body })
    }
}

impl Answer<'_> {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }

    /// `name=value` of a cookie that the answer sets.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter(|(header, _)| header.eq_ignore_ascii_case("set-cookie"))
            .filter_map(|(_, cookie)| cookie.split(';').next())
            .find(|cookie| cookie.split('=').next() == Some(name))
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find_map(|(header, value)| header.eq_ignore_ascii_case(name).then_some(value))
}

/// How often something was done, and in what time.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    pub(crate) done: u64,
    /// Answers that were not the expected one, and connections that broke.
    pub(crate) errors: u64,
    pub(crate) took: Duration,
}

impl Rate {
    pub(crate) fn per_second(&self) -> f64 {
        self.done as f64 / self.took.as_secs_f64()
    }

    /// The best of some rounds: whatever else the machine does can only slow one down.
    pub(crate) fn best(rounds: &[Self]) -> f64 {
        rounds.iter().map(Self::per_second).fold(0.0, f64::max)
    }

    pub(crate) fn errors(rounds: &[Self]) -> u64 {
        rounds.iter().map(|round| round.errors).sum()
    }
}

/// Each client sends its request again as soon as it has the answer, for about `time`; what was
/// under way then is waited for and counted.
pub(crate) fn drive(
    address: SocketAddr,
    requests: &[String],
    time: Duration,
    is_right: fn(&Answer<'_>) -> bool,
) -> Rate {
    let began = Instant::now();
    let client = |request: &str| {
        let (mut done, mut errors) = (0, 0);
        let mut connection = None;
        while began.elapsed() < time {
            let open = match connection.take() {
                Some(open) => Ok(open),
                None => Connection::open(address),
            };
            let sent = open.and_then(|mut open| {
                let right = is_right(&open.send(request.as_bytes())?);
                Ok((open, right))
            });
            match sent {
                Ok((open, true)) => {
                    done += 1;
                    connection = Some(open);
                }
                Ok(_) | Err(_) => errors += 1,
            }
        }
        (done, errors)
    };
    let mut rate = Rate::default();
    std::thread::scope(|scope| {
        let client = &client;
        let clients: Vec<_> =
            requests.iter().map(|request| scope.spawn(move || client(request))).collect();
        for client in clients {
            let (done, errors) = client.join().unwrap_or((0, 1));
            rate.done += done;
            rate.errors += errors;
        }
    });
    rate.took = began.elapsed();
    rate
}
