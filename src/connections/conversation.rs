//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::idlers::Idlers;
use super::limits::Limits;
use super::liveness::{LARGE_HEADS, Liveness};
use super::wire::{AnswerBody, Wire};

/// Browsers keep up to 180 cookies of 4 KB for a host and send them in one header.
const LARGEST_HEAD: usize = 1024 * 1024;

/// The state that all connections share.
#[derive(Debug)]
pub(super) struct Conversations {
    router: Router,
    limits: Limits,
    pub(super) idlers: Arc<Idlers>,
    large_heads: Arc<Semaphore>,
    http: http1::Builder,
}

impl Conversations {
    pub(super) fn new(router: Router, limits: Limits) -> Self {
        let mut http = http1::Builder::new();
        // hyper's own timeout is off: `Liveness` has one for heads and another for idle
        // connections.
        http.max_buf_size(LARGEST_HEAD).header_read_timeout(None);
        let large_heads = Arc::new(Semaphore::new(LARGE_HEADS));
        Self { router, limits, idlers: Arc::default(), large_heads, http }
    }

    /// Answers requests on a connection until one side ends it, its time is up, or it is told to close.
    pub(super) async fn converse(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        told: CancellationToken,
    ) {
        let (idlers, large_heads) = (self.idlers.clone(), self.large_heads.clone());
        let liveness = Arc::new(Liveness::new(self.limits, idlers, large_heads, told));
        // hyper allocates 16 KB for a connection at once, so it starts only when the first byte is
        // here.
        let mut first = [0];
        let speaks = tokio::select! {
            biased;
            // At the end of the stream, `peek` returns zero bytes.
            peeked = stream.peek(&mut first) => peeked.is_ok_and(|bytes| bytes > 0),
            () = liveness.told.cancelled() => false,
            () = tokio::time::sleep(self.limits.head) => false,
        };
        if speaks {
            Box::pin(self.answer_all(stream, peer, liveness)).await;
        }
    }

    async fn answer_all(&self, stream: TcpStream, peer: SocketAddr, liveness: Arc<Liveness>) {
        // Without this, the last part of an answer would wait until the first part is acknowledged.
        let _ = stream.set_nodelay(true);
        let wire = TokioIo::new(Wire { stream, liveness: liveness.clone() });
        let service = service_fn(|request| self.answer(request, peer, liveness.clone()));
        let mut connection = pin!(self.http.serve_connection(wire, service));
        let mut told = pin!(liveness.told.cancelled());
        let mut timer = pin!(tokio::time::sleep(self.limits.head));
        let mut is_ending = false;
        poll_fn(|cx| {
            loop {
                // Errors are dropped: clients that hang up or send nonsense are normal.
                if connection.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                // hyper doesn't flush after an answer without a body, so this notes its end.
                liveness.flushed();
                if !is_ending && told.as_mut().poll(cx).is_ready() {
                    is_ending = true;
                    connection.as_mut().graceful_shutdown();
                    continue;
                }
                // No request has begun, or its head is incomplete, so nothing is lost by closing.
                if is_ending && liveness.is_waiting() {
                    return Poll::Ready(());
                }
                let until = liveness.until();
                if timer.deadline() != until {
                    timer.as_mut().reset(until);
                }
                return timer.as_mut().poll(cx);
            }
        })
        .await;
    }

    fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        liveness: Arc<Liveness>,
    ) -> impl Future<Output = Result<Response<AnswerBody>, Infallible>> + use<> {
        liveness.begun();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = self.router.clone().oneshot(request);
        async move { answer.await.map(|answer| answer.map(|body| AnswerBody { body, liveness })) }
    }
}
