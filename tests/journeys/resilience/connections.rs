//! Connections that are silent, send without end, or are too many.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use futures_util::future::join_all;
use kosmo::app;
use kosmo::connections::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::support::world::World;

const HOST: &str = "jomkenpo.localhost:8080";
const SHORT: Duration = Duration::from_millis(100);
/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(600);
/// Everything that is waited for comes much sooner, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// A page that every visitor may see.
const PAGE: &str = "/sign-in";
const LARGE: usize = 16 * 1024 * 1024;

const fn limits(connections: u32, time: Duration) -> Limits {
    Limits { connections, head: time, idle: time, stalled: time, answer: LONG }
}

/// The product on a port, with a few pages that no union has.
struct Product {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinHandle<()>,
    /// Notified when a request to `/held` has arrived.
    has_come: Arc<Notify>,
    /// Lets the answer to `/held` go.
    released: Arc<Notify>,
    _world: World,
}

impl Product {
    async fn open(limits: Limits) -> Self {
        let world = World::empty().await;
        let (has_come, released) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let held = {
            let (has_come, released) = (has_come.clone(), released.clone());
            move || async move {
                has_come.notify_one();
                released.notified().await;
                "done"
            }
        };
        let peer = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() };
        let more = Router::new()
            .route("/held", get(held))
            .route("/peer", get(peer))
            .route("/large", get(|| async { vec![b' '; LARGE] }));
        let router = world.router.clone().merge(more);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let serving = app::serve_within(limits, world.app.clone(), router, listener, stop.clone());
        let served = tokio::spawn(serving);
        Self { address, stop, served, has_come, released, _world: world }
    }

    async fn connect(&self) -> Client {
        Client { stream: TcpStream::connect(self.address).await.expect("a connection") }
    }

    /// Opens a connection whose request is answered only once it is released.
    async fn hold(&self) -> Client {
        let mut client = self.connect().await;
        client.ask("/held").await;
        timeout(PATIENCE, self.has_come.notified()).await.expect("the request comes in");
        client
    }

    /// Opens a connection that has had an answer and is idle.
    async fn wait_on(&self) -> Client {
        let mut client = self.connect().await;
        client.ask(PAGE).await;
        assert_eq!(client.answer().await.status, 200);
        client
    }
}

struct Client {
    stream: TcpStream,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Client {
    async fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.expect("the server listens");
    }

    async fn ask(&mut self, path: &str) {
        self.say(&format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n")).await;
    }

    async fn answer(&mut self) -> Answer {
        timeout(PATIENCE, self.read()).await.expect("an answer in time")
    }

    async fn read(&mut self) -> Answer {
        let mut bytes = Vec::new();
        let is_whole = |bytes: &[u8]| bytes.ends_with(b"\r\n\r\n");
        while !is_whole(&bytes) {
            bytes.push(self.stream.read_u8().await.expect("an answer's head"));
        }
        let head = String::from_utf8(bytes).expect("text").to_ascii_lowercase();
        let length = head.split_once("content-length: ").expect("a length").1;
        let length = length.lines().next().expect("a line").parse().expect("a number");
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.expect("an answer's body");
        let status = head[9..12].parse().expect("a status");
        Answer { status, head, body: String::from_utf8(body).expect("text") }
    }

    /// Waits until the server has closed the connection without sending anything.
    async fn is_closed(&mut self) {
        let mut bytes = [0; 64];
        let read = timeout(PATIENCE, self.stream.read(&mut bytes)).await.expect("an end in time");
        assert!(matches!(read, Ok(0) | Err(_)), "{}", String::from_utf8_lossy(&bytes));
    }

    /// Returns true if the server has sent nothing and kept the connection open.
    async fn is_open(&mut self) -> bool {
        timeout(SHORT, self.stream.read_u8()).await.is_err()
    }
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed_after_a_while() {
    let product = Product::open(limits(16, SHORT)).await;
    let mut busy = product.hold().await;
    let began = Instant::now();
    let mut silent = product.connect().await;
    silent.is_closed().await;
    assert!(began.elapsed() >= SHORT);
    let mut waiting = product.wait_on().await;
    waiting.is_closed().await;
    product.released.notify_one();
    let answer = busy.answer().await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "done"), "its time has not run out");
}

#[tokio::test]
async fn a_head_without_end_ends() {
    let times = Limits { head: SHORT, ..limits(16, LONG) };
    let product = Product::open(times).await;
    for mut client in [product.connect().await, product.wait_on().await] {
        let began = Instant::now();
        client.say("GET / HTTP/1.1\r\nX-").await;
        let (mut reader, mut writer) = client.stream.into_split();
        let dripping = tokio::spawn(async move {
            while writer.write_all(b"x").await.is_ok() {
                tokio::time::sleep(SHORT / 10).await;
            }
        });
        let read = timeout(PATIENCE, reader.read_u8()).await.expect("an end in time");
        assert!(read.is_err(), "{read:?}");
        assert!(began.elapsed() >= SHORT);
        timeout(PATIENCE, dripping).await.expect("an end in time").expect("no panic");
    }
    assert!(product.wait_on().await.is_open().await, "the wait for a request may be longer");
}

#[tokio::test]
async fn an_answer_that_nobody_takes_ends() {
    let product = Product::open(Limits { stalled: SHORT, ..limits(1, LONG) }).await;
    let mut deaf = product.connect().await;
    deaf.ask("/large").await;
    product.wait_on().await;
    let mut taken = Vec::new();
    let _ = timeout(PATIENCE, deaf.stream.read_to_end(&mut taken)).await.expect("an end in time");
    assert!(taken.len() < LARGE, "{}", taken.len());
}

#[tokio::test]
async fn an_answer_that_is_taken_a_little_at_a_time_ends_too() {
    let product = Product::open(Limits { answer: SHORT, ..limits(1, LONG) }).await;
    let mut slow = product.connect().await;
    slow.ask("/large").await;
    let (mut bytes, mut taken) = (vec![0; 64 * 1024], 0);
    let taking = async {
        while let Ok(read @ 1..) = slow.stream.read(&mut bytes).await {
            taken += read;
            tokio::time::sleep(SHORT / 20).await;
        }
    };
    timeout(PATIENCE, taking).await.expect("an end in time");
    assert!(taken < LARGE, "{taken}");
    assert!(product.wait_on().await.is_open().await, "there is room again");
}

#[tokio::test]
async fn where_there_are_too_many_the_one_idle_the_longest_makes_room() {
    let product = Product::open(limits(4, LONG)).await;
    let mut busy = product.hold().await;
    let mut used = product.wait_on().await;
    let mut half = product.connect().await;
    half.say("GET / HTTP/1.1\r\nHo").await;
    let mut waiting = product.wait_on().await;
    used.ask(PAGE).await;
    assert_eq!(used.answer().await.status, 200, "it is idle anew");

    let mut fifth = product.wait_on().await;
    half.is_closed().await;
    let mut sixth = product.wait_on().await;
    waiting.is_closed().await;
    for client in [&mut used, &mut fifth, &mut sixth, &mut busy] {
        assert!(client.is_open().await);
    }
    product.released.notify_one();
    assert_eq!(busy.answer().await.body, "done");
}

#[tokio::test]
async fn where_all_are_busy_another_one_waits_for_its_turn() {
    let product = Product::open(limits(2, LONG)).await;
    let (mut first, mut second) = (product.hold().await, product.hold().await);
    let mut third = product.connect().await;
    third.ask(PAGE).await;
    assert!(third.is_open().await, "no answer yet");
    product.released.notify_one();
    assert_eq!(third.answer().await.status, 200);
    let ended = tokio::select! {
        answer = first.answer() => answer,
        answer = second.answer() => answer,
    };
    assert_eq!(ended.body, "done");
}

#[tokio::test]
async fn a_server_that_stops_answers_what_it_was_asked_and_closes_the_rest() {
    let product = Product::open(limits(16, LONG)).await;
    let mut busy = product.hold().await;
    let mut half = product.connect().await;
    half.say("GET / HTTP/1.1\r\nHo").await;
    let mut silent = product.connect().await;
    let mut waiting = product.wait_on().await;
    product.stop.cancel();
    for client in [&mut half, &mut silent, &mut waiting] {
        client.is_closed().await;
    }
    let refusing = async { while TcpStream::connect(product.address).await.is_ok() {} };
    timeout(PATIENCE, refusing).await.expect("nobody is let in any more");
    assert!(!product.served.is_finished());
    product.released.notify_one();
    let answer = busy.answer().await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "done"));
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    busy.is_closed().await;
    timeout(PATIENCE, product.served).await.expect("an end in time").expect("no panic");
}

#[tokio::test]
async fn a_browser_full_of_cookies_is_answered_by_a_page_that_clears_them() {
    let product = Product::open(limits(16, LONG)).await;
    let cookies: Vec<String> =
        (0..180).map(|number| format!("c{number:03}={}", "x".repeat(4091))).collect();
    let cookies = cookies.join("; ");
    assert!(cookies.len() > 737_000, "{}", cookies.len());
    let mut client = product.connect().await;
    let request = format!("GET {PAGE} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookies}\r\n\r\n");
    client.say(&request).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 431, "{}", answer.head);
    assert!(answer.head.contains("clear-site-data: \"cookies\""), "{}", answer.head);
    assert!(answer.body.contains("もう一度開く"), "{}", answer.body);
    client.is_closed().await;
}

/// Large heads take bounded memory: 64 of them at once.
#[tokio::test]
async fn only_so_many_large_heads_come_in_at_once() {
    let product = Product::open(limits(256, LONG)).await;
    let mut large = Vec::new();
    for _ in 0..70 {
        let mut client = product.connect().await;
        let head = format!("GET / HTTP/1.1\r\nX-Large: {}", "x".repeat(70_000));
        // The write fails if the server stops reading before everything is sent.
        let _ = client.stream.write_all(head.as_bytes()).await;
        large.push(client);
    }
    let mut open = usize::MAX;
    let counting = async {
        while open > 64 {
            let all = join_all(large.iter_mut().map(Client::is_open)).await;
            open = all.into_iter().filter(|is_open| *is_open).count();
        }
    };
    timeout(PATIENCE, counting).await.expect("some are closed");
    assert_eq!(open, 64);
    product.wait_on().await;
}

#[tokio::test]
async fn a_request_tells_where_it_comes_from() {
    let product = Product::open(limits(16, LONG)).await;
    let mut client = product.connect().await;
    client.ask("/peer").await;
    let local = client.stream.local_addr().unwrap();
    assert_eq!(client.answer().await.body, local.to_string());
}

#[tokio::test]
async fn t1_a_request_names_one_host_and_an_address_in_its_first_line_is_stronger() {
    let product = Product::open(limits(16, LONG)).await;
    let (ours, none) = (format!("Host: {HOST}\r\n"), "Host: nosuchkenpo.localhost\r\n");
    let (page, whole) = (PAGE.to_owned(), format!("http://{HOST}{PAGE}"));
    let requests = [
        (&page, ours.clone(), 200),
        (&page, none.to_owned(), 404),
        (&page, format!("{ours}{ours}"), 400),
        (&page, format!("{ours}{none}"), 400),
        (&page, String::new(), 400),
        (&page, "Host: 健保.localhost\r\n".to_owned(), 400),
        (&whole, none.to_owned(), 200),
        (&whole, ours.clone(), 200),
        (&whole, format!("{none}{none}"), 400),
        (&"http://nosuchkenpo.localhost/sign-in".to_owned(), ours, 404),
    ];
    for (target, hosts, expected) in requests {
        let mut client = product.connect().await;
        client.say(&format!("GET {target} HTTP/1.1\r\n{hosts}\r\n")).await;
        assert_eq!(client.answer().await.status, expected, "{target} {hosts}");
    }
}
