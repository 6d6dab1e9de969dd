//! Browsers that hang up while the database stalls.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kosmo::base::clock::Clock;
use kosmo::base::ids::TenantId;
use kosmo::db::{Db, DbRole};
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use crate::support::database::TestDatabase;
use crate::support::world::tester;

const CLIENTS: usize = 14;
const NAME: &str = "hang_ups";

/// A connection to the database that at first holds back the answer to BEGIN.
struct Wire {
    folder: tempfile::TempDir,
    flows: watch::Sender<bool>,
    /// The number of clients that wait for it.
    held: Arc<AtomicUsize>,
}

impl Wire {
    fn to(server: &PgConnectOptions) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let there = socket(server.get_socket().expect("a server with a socket"));
        let listener = UnixListener::bind(socket(folder.path())).expect("a socket");
        let (flows, watched) = watch::channel(false);
        let held = Arc::new(AtomicUsize::new(0));
        let counted = held.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&there).await.expect("the server listens");
                tokio::spawn(pass_on(client, server, watched.clone(), counted.clone()));
            }
        });
        Self { folder, flows, held }
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join(".s.PGSQL.5432")
}

async fn pass_on(
    client: UnixStream,
    server: UnixStream,
    mut flows: watch::Receiver<bool>,
    held: Arc<AtomicUsize>,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (hold, mut holds) = watch::channel(false);
    let asking = async move {
        let mut bytes = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
            if bytes[..length].windows(6).any(|word| word == b"begin;") && !hold.send_replace(true)
            {
                held.fetch_add(1, Ordering::Relaxed);
            }
            to_server.write_all(&bytes[..length]).await.expect("the server reads");
        }
    };
    let answering = async move {
        let mut bytes = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = from_server.read(&mut bytes).await {
            if *holds.borrow_and_update() {
                flows.wait_for(|flows| *flows).await.expect("the wire is there");
            }
            let _ = to_client.write_all(&bytes[..length]).await;
        }
    };
    tokio::join!(asking, answering);
}

/// Returns the number of connections, and how many of them are idle in a transaction.
async fn connections(admin: &mut PgConnection) -> (i64, i64) {
    let both = "select count(*), count(*) filter (where state like 'idle in transaction%')
                from pg_stat_activity where application_name = $1";
    sqlx::query_as(both).bind(NAME).fetch_one(admin).await.expect("an answer")
}

async fn until_connections_are(admin: &mut PgConnection, expected: (i64, i64)) {
    let mut seen = (0, 0);
    let looking = async {
        while seen != expected {
            seen = connections(admin).await;
        }
    };
    let looked = tokio::time::timeout(Duration::from_secs(10), looking).await;
    assert!(looked.is_ok(), "{seen:?} instead of {expected:?}");
}

#[tokio::test]
async fn clients_that_hang_up_while_the_database_stalls_leave_no_transaction_open() {
    let database = TestDatabase::new().await;
    let mut admin = database.admin().await;
    let wire = Wire::to(&database.options);
    let options = database.options.clone().socket(wire.folder.path()).application_name(NAME);
    let db = Db::new(options, DbRole::Server, CLIENTS as u32);
    let tenant = TenantId::new(&Clock::System);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move { db.tenant(tenant, &tester()).await.map(drop) })
        })
        .collect();
    until_connections_are(&mut admin, (14, 14)).await;
    assert_eq!(wire.held.load(Ordering::Relaxed), CLIENTS, "none has heard of it");
    for client in clients {
        client.abort();
        assert!(client.await.expect_err("it hung up").is_cancelled());
    }
    wire.flows.send_replace(true);
    until_connections_are(&mut admin, (14, 0)).await;

    let tester = tester();
    let begun = (0..CLIENTS).map(|_| db.tenant(tenant, &tester));
    for tx in futures_util::future::join_all(begun).await {
        let mut tx = tx.expect("the pool serves");
        let whose = "select current_setting('kosmo.tenant_id')";
        let whose: String = sqlx::query_scalar(whose).fetch_one(tx.conn()).await.unwrap();
        assert_eq!(whose, tenant.to_string());
        tx.commit().await.expect("it ends");
    }
    until_connections_are(&mut admin, (14, 0)).await;
}
