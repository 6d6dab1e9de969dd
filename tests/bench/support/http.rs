//! A client that costs very little, because it shares the machine with what it measures.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The number of connections that are kept busy at once.
pub(crate) const CLIENTS: usize = 8;
/// Longer than any answer that is worth counting.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A persistent connection that reuses its buffers.
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

    /// Sends a whole request and reads the whole answer.
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

    /// Returns `name=value` of a cookie that the answer sets.
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

/// The number of times something was done, and the time that it took in all.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    pub(crate) done: u64,
    /// Unexpected answers, and broken connections.
    pub(crate) errors: u64,
    pub(crate) took: Duration,
}

impl Rate {
    pub(crate) fn per_second(&self) -> f64 {
        self.done as f64 / self.took.as_secs_f64()
    }

    /// Returns the rate of the best round.
    pub(crate) fn best(rounds: &[Self]) -> f64 {
        rounds.iter().map(Self::per_second).fold(0.0, f64::max)
    }

    pub(crate) fn errors(rounds: &[Self]) -> u64 {
        rounds.iter().map(|round| round.errors).sum()
    }
}

/// Each client sends its requests in turn, each as soon as the answer to the one before arrives, for about `time`.
/// Requests in flight at the end are waited for and counted.
pub(crate) fn drive(
    address: SocketAddr,
    requests: &[Vec<String>],
    time: Duration,
    is_right: fn(&Answer<'_>) -> bool,
) -> io::Result<Rate> {
    let began = Instant::now();
    let client = |requests: &[String]| -> io::Result<(u64, u64)> {
        let (mut done, mut errors) = (0, 0);
        let mut connection = Connection::open(address)?;
        for request in requests.iter().cycle().take_while(|_| began.elapsed() < time) {
            match connection.send(request.as_bytes()).map(|answer| is_right(&answer)) {
                Ok(true) => done += 1,
                Ok(false) => errors += 1,
                Err(_) => {
                    errors += 1;
                    connection = Connection::open(address)?;
                }
            }
        }
        Ok((done, errors))
    };
    let counts: Vec<_> = std::thread::scope(|scope| {
        let client = &client;
        let clients: Vec<_> =
            requests.iter().map(|requests| scope.spawn(move || client(requests))).collect();
        clients.into_iter().map(|client| client.join().expect("a client does not panic")).collect()
    });
    let mut rate = Rate { took: began.elapsed(), ..Rate::default() };
    for count in counts {
        let (done, errors) = count?;
        rate.done += done;
        rate.errors += errors;
    }
    Ok(rate)
}
