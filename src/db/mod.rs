//! Connections to PostgreSQL, and the only two ways to its rows.
//!
//! [`TenantTx`] is the only way to a union's rows: it opens a transaction and tells the database
//! whose it is, and row-level security shows nothing of any other. [`PlatformTx`] reaches the
//! platform's own tables, and for the worker the outbox.

pub mod actor;
pub mod health;
pub mod local;
pub mod migrate;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Postgres, SqlSafeStr as _, Transaction};
use tracing::Instrument as _;

use self::actor::Actor;
use crate::base::ids::TenantId;

/// How long a request waits for a connection before it is told to come again.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// A connection that rested longer than this is tried before it is used.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// So long after one was broken, each is tried: the pool may hold more of them.
const DOUBTED_FOR: Duration = Duration::from_secs(5);

/// What a process may do; see `db/roles.sql`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Owns the tables: migrations.
    Owner,
    /// Serves requests.
    Server,
    /// Delivers mail.
    Worker,
    /// The operator's commands.
    Operator,
}

impl Role {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "kosmo_owner",
            Self::Server => "kosmo_server",
            Self::Worker => "kosmo_worker",
            Self::Operator => "kosmo_operator",
        }
    }
}

/// A pool of connections that have taken on one role.
#[derive(Debug, Clone)]
pub struct Db {
    pool: PgPool,
    /// Until when connections are doubted.
    doubted_until: Arc<Mutex<Option<Instant>>>,
}

impl Db {
    /// Connects when first used; `url` may log in as any member of the role.
    #[must_use]
    pub fn new(options: PgConnectOptions, role: Role, max_connections: u32) -> Self {
        let doubted_until = Arc::new(Mutex::new(None));
        let doubts = doubted_until.clone();
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(move |connection, meta| {
                let doubted = *lock(&doubts) > Some(Instant::now());
                Box::pin(async move {
                    if doubted || meta.idle_for > FRESH_FOR {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options.options([("role", role.name())]));
        Self { pool, doubted_until }
    }

    /// Begins a transaction; once more where the first connection turns out to be broken.
    async fn begin(&self, begin: &str) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        match self.begin_once(begin).await {
            Err(sqlx::Error::Io(_)) => {
                *lock(&self.doubted_until) = Some(Instant::now() + DOUBTED_FOR);
                self.begin_once(begin).await
            }
            begun => begun,
        }
    }

    /// Begins a transaction, and goes on with that though nobody waits for it any more: a browser may hang up.
    /// sqlx forgets a BEGIN whose answer it doesn't get to read, and gives the connection back to the pool with
    /// the transaction open (launchbadge/sqlx#4393); one that was begun to the end is rolled back when it is
    /// dropped. So a stalled database holds no more connections than the pool may have, either.
    async fn begin_once(&self, begin: &str) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let connection = self.pool.acquire().await?;
        // Either is a constant or an id, which is hexadecimal digits and hyphens.
        let begin = AssertSqlSafe(begin.to_owned()).into_sql_str();
        let beginning = Transaction::begin(connection, Some(begin)).in_current_span();
        // It ends without a result only with the program.
        tokio::spawn(beginning).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }

    /// Opens a transaction that sees one union's rows and no other's, for whoever acts in it.
    ///
    /// # Errors
    /// The database's.
    pub async fn tenant(&self, tenant: TenantId, actor: &Actor) -> Result<TenantTx, sqlx::Error> {
        // One round trip.
        let begin = format!("begin; set local kosmo.tenant_id = '{tenant}'");
        Ok(TenantTx { tx: self.begin(&begin).await?, tenant, actor: actor.clone() })
    }

    /// [`Db::tenant`] for counts whose last fraction of a second a crash may take back: it ends without waiting
    /// for the disk, so that nobody waits long for a row that many change.
    ///
    /// # Errors
    /// The database's.
    pub async fn tenant_unflushed(
        &self,
        tenant: TenantId,
        actor: &Actor,
    ) -> Result<TenantTx, sqlx::Error> {
        let begin = format!(
            "begin; set local kosmo.tenant_id = '{tenant}'; set local synchronous_commit = off"
        );
        Ok(TenantTx { tx: self.begin(&begin).await?, tenant, actor: actor.clone() })
    }

    /// Opens a transaction without a tenant.
    ///
    /// # Errors
    /// The database's.
    pub async fn platform(&self) -> Result<PlatformTx, sqlx::Error> {
        Ok(PlatformTx { tx: self.begin("begin").await? })
    }

    /// Listens for notifications, on a connection kept for that.
    ///
    /// # Errors
    /// The database's.
    pub async fn listen(&self, channel: &str) -> Result<PgListener, sqlx::Error> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(channel).await?;
        Ok(listener)
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Nothing panics while it holds this lock.
fn lock(doubted_until: &Mutex<Option<Instant>>) -> MutexGuard<'_, Option<Instant>> {
    doubted_until.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A transaction within one union. Dropped without [`TenantTx::commit`] it changes nothing.
#[derive(Debug)]
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    tenant: TenantId,
    actor: Actor,
}

impl TenantTx {
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Who it was opened for.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Names whoever acts more closely, once the transaction itself has found out: the person whose session has begun
    /// in it, the staff member whose roles it has read.
    pub fn goes_on_as(&mut self, actor: Actor) {
        self.actor = actor;
    }

    /// # Errors
    /// The database's; then nothing is written.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.tx.commit().await
    }
}

/// A transaction outside any union.
#[derive(Debug)]
pub struct PlatformTx {
    tx: Transaction<'static, Postgres>,
}

impl PlatformTx {
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// # Errors
    /// The database's; then nothing is written.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.tx.commit().await
    }
}

/// Whether an error means that the database can't be reached just now, so that trying again helps.
#[must_use]
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_)
        | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // Connection exceptions, insufficient resources, operator intervention, and what two
            // transactions can't both do: trying again helps.
            ["08", "53", "57P", "40"].iter().any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}
