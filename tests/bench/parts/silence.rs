//! A page while thousands of connections are silent, and some send heads that never end.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::ensure;
use kosmo::connections::allow_files;

use crate::support::http::Connection;
use crate::support::meter::ms;
use crate::support::stage::{Server, UNION};
use crate::support::table::{Table, grouped};
use crate::tell;

const IDLE: u32 = 10_000;
const ENDLESS: u32 = 200;
/// More files than everything else here has open, and more than a server keeps back from its
/// connections.
const OTHER_FILES: u32 = 512;
/// The interval between bytes of each endless head.
const DRIP_EVERY: Duration = Duration::from_millis(200);
/// The number of clients that ask for pages meanwhile.
const READERS: usize = 2;
/// Together with the time to connect, this is shorter than the server's limit for a head.
const ROUND: Duration = Duration::from_secs(5);
const WARM_UP: Duration = Duration::from_secs(1);
const ROUNDS: usize = 2;
/// A page may be slower by this factor.
const MOST: f64 = 1.5;

pub(crate) fn measure(server: &Server, table: &mut Table) -> anyhow::Result<()> {
    let files = allow_files(IDLE + ENDLESS + OTHER_FILES);
    let idle = IDLE.min(files.saturating_sub(ENDLESS + OTHER_FILES));
    tell(&format!("a page beside {idle} idle connections and {ENDLESS} endless heads"));
    if idle < IDLE {
        tell(&format!("{files} open files are allowed, too few for {IDLE} connections"));
    }
    read_pages(server, WARM_UP)?;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(read_pages(server, ROUND)?);
        let crowd = Crowd::gather(server, idle)?;
        beside.push(read_pages(server, ROUND)?);
        let lost = crowd.leave();
        ensure!(lost == 0, "the server closed {lost} connections that it had room for");
    }
    for (name, place) in [("p50", 0.50), ("p99", 0.99)] {
        let (alone, beside) = (best(&alone, place), best(&beside, place));
        let ratio = beside.as_secs_f64() / alone.as_secs_f64();
        table.figure(
            &format!(
                "a page's {name} beside {} idle connections, {ENDLESS} endless heads",
                grouped(idle.into())
            ),
            format!("{:.2} ms / {:.2} ms alone = {ratio:.2}", ms(beside), ms(alone)),
            &format!("<= {MOST}"),
            ratio <= MOST,
        );
    }
    Ok(())
}

/// Returns the slowest time within this part of the pages, in the best round.
fn best(rounds: &[Vec<Duration>], part: f64) -> Duration {
    let of_round = |took: &Vec<Duration>| took[((took.len() - 1) as f64 * part) as usize];
    rounds.iter().map(of_round).min().unwrap_or_default()
}

/// Returns how long each page took within `time`, fastest first.
fn read_pages(server: &Server, time: Duration) -> anyhow::Result<Vec<Duration>> {
    let request = format!("{}\r\n", server.request(UNION, "GET /sign-in"));
    let began = Instant::now();
    let read = || -> anyhow::Result<Vec<Duration>> {
        let mut connection = Connection::open(server.address)?;
        let mut took = Vec::new();
        while began.elapsed() < time {
            let asked = Instant::now();
            let status = connection.send(request.as_bytes())?.status;
            took.push(asked.elapsed());
            ensure!(status == 200, "the page came with {status}");
        }
        Ok(took)
    };
    let read: Vec<_> = thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(read)).collect();
        readers.into_iter().map(|reader| reader.join().expect("a reader does not panic")).collect()
    });
    let mut all = Vec::new();
    for took in read {
        all.extend(took?);
    }
    ensure!(!all.is_empty(), "no page came");
    all.sort_unstable();
    Ok(all)
}

/// Connections without requests.
struct Crowd {
    idle: Vec<TcpStream>,
    is_over: Arc<AtomicBool>,
    /// Returns how many connections broke.
    dripping: JoinHandle<usize>,
}

impl Crowd {
    /// Half of the idle connections never sent anything; the others have had an answer.
    fn gather(server: &Server, idle: u32) -> anyhow::Result<Self> {
        let mut endless = Vec::new();
        for _ in 0..ENDLESS {
            let mut stream = TcpStream::connect(server.address)?;
            stream.write_all(
                format!("{}X-Endless: ", server.request(UNION, "GET /sign-in")).as_bytes(),
            )?;
            endless.push(stream);
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let dripping = thread::spawn({
            let is_over = is_over.clone();
            move || {
                while !is_over.load(Ordering::Relaxed) {
                    endless.retain_mut(|stream| stream.write_all(b"x").is_ok());
                    thread::sleep(DRIP_EVERY);
                }
                ENDLESS as usize - endless.len()
            }
        });
        let request = format!("{}\r\n", server.request(UNION, "GET /healthz"));
        let mut streams = Vec::new();
        for number in 0..idle {
            let mut stream = TcpStream::connect(server.address)?;
            if number % 2 == 0 {
                stream.write_all(request.as_bytes())?;
                // The answer is short, so this reads all of it.
                ensure!(stream.read(&mut [0; 4096])? > 0, "no answer");
            }
            stream.set_nonblocking(true)?;
            streams.push(stream);
        }
        Ok(Self { idle: streams, is_over, dripping })
    }

    /// Returns how many the server had closed.
    fn leave(mut self) -> usize {
        let all = self.idle.len();
        self.idle.retain_mut(|stream| {
            stream.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        });
        let closed = all - self.idle.len();
        self.is_over.store(true, Ordering::Relaxed);
        closed + self.dripping.join().expect("nothing panics")
    }
}
