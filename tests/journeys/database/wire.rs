//! A way to the database that counts round trips.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

/// The message `Sync`, which asks a server only if it is there.
const SYNC: &[u8] = b"S\0\0\0\x04";

/// Stands between the product and PostgreSQL.
pub struct Wire {
    folder: TempDir,
    trips: Arc<AtomicUsize>,
}

impl Wire {
    /// Opens a way to a server that listens on a socket.
    pub fn to(server: &PgConnectOptions) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let there = socket(server.get_socket().expect("a server with a socket"));
        let listener = UnixListener::bind(socket(folder.path())).expect("a socket");
        let trips = Arc::new(AtomicUsize::new(0));
        let counted = trips.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&there).await.expect("the server listens");
                tokio::spawn(pass_on(client, server, counted.clone()));
            }
        });
        Self { folder, trips }
    }

    /// Returns options that connect to the server through this wire.
    pub fn options(&self, server: &PgConnectOptions) -> PgConnectOptions {
        server.clone().socket(self.folder.path())
    }

    /// Returns how often the server has answered, on all connections, since this was last asked. Nobody waits for the one
    /// question that does not count: the pool asks each connection that comes back to it if it is well.
    pub fn trips(&self) -> usize {
        self.trips.swap(0, Ordering::SeqCst)
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join(".s.PGSQL.5432")
}

/// Passes on what both sides say. Whatever the client sends until the server answers is one trip.
async fn pass_on(client: UnixStream, server: UnixStream, trips: Arc<AtomicUsize>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let asked = AtomicBool::new(false);
    let asking = copy(from_client, to_server, |said| {
        if said != SYNC {
            asked.store(true, Ordering::SeqCst);
        }
    });
    let answering = copy(from_server, to_client, |_| {
        if asked.swap(false, Ordering::SeqCst) {
            trips.fetch_add(1, Ordering::SeqCst);
        }
    });
    tokio::join!(asking, answering);
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    note: impl Fn(&[u8]),
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        note(&bytes[..length]);
        if to.write_all(&bytes[..length]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
