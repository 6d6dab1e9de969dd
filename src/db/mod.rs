//! Connections to PostgreSQL, and the only two ways to its rows.
//!
//! [`TenantTx`] is the only way to a union's rows: it opens a transaction and tells the database which union it is for,
//! and row-level security hides the rows of all others. [`PlatformTx`] reaches the platform's own tables and, for the
//! worker, the outbox.
//!
//! Every transaction begins with the limits of its role. Every new connection is checked: it has to act as the right role,
//! and row-level security has to bind that role. No setting outlasts a transaction, so a pooler may stand in between.

pub mod actor;
pub mod health;
pub mod local;
pub mod migrate;

mod connection;
mod passing;
mod role;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Postgres, SqlSafeStr as _, Transaction};
use tracing::Instrument as _;

use self::actor::Actor;
use self::connection::Refusals;
pub use self::connection::WrongRole;
pub use self::passing::Passing;
pub use self::role::DbRole;
use crate::base::ids::TenantId;
use crate::config::{DatabaseAddress, Pooler};

/// A request waits this long for a connection before the answer is 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// A connection that has been idle for longer than this is pinged before it is used.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// For this long after an I/O error, every pooled connection is pinged before it is used: the pool may hold more broken ones.
const DOUBTED_FOR: Duration = Duration::from_secs(5);

/// Connections that a process may have for notifications: one for each channel.
const MAX_LISTENERS: u32 = 3;

/// A pool of connections that act as one role.
#[derive(Debug, Clone)]
pub struct Db {
    role: DbRole,
    pool: PgPool,
    /// Listeners have a pool of their own, so that they take no connection from requests.
    listeners: PgPool,
    refusals: Arc<Refusals>,
    /// Every connection is pinged before it is used until then.
    doubted_until: Arc<Mutex<Option<Instant>>>,
    /// True if the tables are spread over machines (`infra/scale`).
    spread: Arc<AtomicBool>,
}

impl Db {
    /// Makes a pool that connects when it is first used.
    #[must_use]
    pub fn new(address: impl Into<DatabaseAddress>, role: DbRole, max_connections: u32) -> Self {
        let DatabaseAddress { options, listen, pooler } = address.into();
        let doubted_until = Arc::new(Mutex::new(None));
        let refusals = Arc::new(Refusals::default());
        let spread = Arc::new(AtomicBool::new(false));
        let settled = |pooler| {
            let (refusals, spread) = (refusals.clone(), spread.clone());
            PgPoolOptions::new()
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .test_before_acquire(false)
                .after_connect(move |connection, _| {
                    let (refusals, spread) = (refusals.clone(), spread.clone());
                    Box::pin(async move {
                        let settled = connection::settle(connection, role, pooler).await;
                        spread.store(
                            settled.map_err(|error| refusals.tell(error))?,
                            Ordering::Relaxed,
                        );
                        Ok(())
                    })
                })
        };
        // Listening goes to the same address as everything else unless it has one of its own.
        let listeners = settled(Pooler::None)
            .max_connections(MAX_LISTENERS)
            .connect_lazy_with(connection::plain(listen.unwrap_or_else(|| options.clone())));
        let doubts = doubted_until.clone();
        let pool = settled(pooler)
            .max_connections(max_connections)
            .before_acquire(move |connection, meta| {
                let doubted = *lock(&doubts) > Some(Instant::now());
                Box::pin(async move {
                    Ok(!doubted && meta.idle_for <= FRESH_FOR
                        || connection::is_well(connection).await?)
                })
            })
            .after_release(move |connection, _| {
                Box::pin(async move {
                    Ok(role != DbRole::Worker || connection::is_free(connection).await?)
                })
            })
            .connect_lazy_with(connection::plain(options));
        Self { role, pool, listeners, refusals, doubted_until, spread }
    }

    /// Begins a transaction. It tries once more if the first connection turns out to be broken, or to lead to a database
    /// that is read-only, as the old primary is after a failover.
    async fn begin(&self, local: &str) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        match self.begin_once(local).await {
            Err(error) if passing::is_of_the_connection(&error) => {
                *lock(&self.doubted_until) = Some(Instant::now() + DOUBTED_FOR);
                self.begin_once(local).await
            }
            begun => begun,
        }
    }

    /// Begins a transaction with the settings of `local`, in a task that goes on if the browser hangs up. If sqlx never
    /// reads the answer to a BEGIN, it forgets the transaction and gives the connection back to the pool with it still open
    /// (launchbadge/sqlx#4393). A transaction that has begun is rolled back when it is dropped. For the same reason a
    /// stalled database never holds more connections than the pool may have.
    async fn begin_once(&self, local: &str) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let connection = tokio::select! {
            biased;
            connection = self.pool.acquire() => connection?,
            error = self.refusals.next() => return Err(error),
        };
        // Statements that may fail stand before BEGIN, since sqlx believes that a connection whose BEGIN failed has no
        // transaction. Their settings hold all the same: BEGIN continues the transaction that the first statement opened.
        let begin = format!("{}; begin", self.role.limits());
        // One text is one round trip. Citus sends the whole text in which SET LOCAL stands to its workers, which have begun
        // already, so there SET LOCAL goes alone.
        let (begin, then) = match self.spread.load(Ordering::Relaxed) && !local.is_empty() {
            true => (begin, Some(AssertSqlSafe(local.to_owned()))),
            false => (format!("{begin}; {local}"), None),
        };
        let begin = AssertSqlSafe(begin).into_sql_str();
        let beginning = async move {
            let mut tx = Transaction::begin(connection, Some(begin)).await?;
            if let Some(then) = then {
                tx.execute(then).await?;
            }
            Ok(tx)
        };
        // The task fails to give a result only when the program ends.
        tokio::spawn(beginning.in_current_span()).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }

    /// Opens a transaction that sees one union's rows and no other's, in the name of `actor`.
    pub async fn tenant(&self, tenant: TenantId, actor: &Actor) -> Result<TenantTx, sqlx::Error> {
        let local = format!("set local kosmo.tenant_id = '{tenant}'");
        Ok(TenantTx { tx: self.begin(&local).await?, tenant, actor: actor.clone() })
    }

    /// [`Db::tenant`] for counts of which a crash may lose the last fraction of a second. Its commit does not wait for the
    /// disk, so that requests which change the same row do not wait long for each other.
    pub async fn tenant_unflushed(
        &self,
        tenant: TenantId,
        actor: &Actor,
    ) -> Result<TenantTx, sqlx::Error> {
        let local =
            format!("set local kosmo.tenant_id = '{tenant}'; set local synchronous_commit = off");
        Ok(TenantTx { tx: self.begin(&local).await?, tenant, actor: actor.clone() })
    }

    /// Opens a transaction without a tenant.
    pub async fn platform(&self) -> Result<PlatformTx, sqlx::Error> {
        Ok(PlatformTx { tx: self.begin("").await? })
    }

    /// Listens for notifications, on a connection kept for that.
    pub async fn listen(&self, channel: &str) -> Result<PgListener, sqlx::Error> {
        let mut listener = tokio::select! {
            biased;
            listener = PgListener::connect_with(&self.listeners) => listener?,
            error = self.refusals.next() => return Err(error),
        };
        listener.listen(channel).await?;
        Ok(listener)
    }

    pub async fn close(&self) {
        tokio::join!(self.pool.close(), self.listeners.close());
    }
}

/// A poisoned lock is safe to use: nothing panics while it holds this lock.
fn lock(doubted_until: &Mutex<Option<Instant>>) -> MutexGuard<'_, Option<Instant>> {
    doubted_until.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A transaction within one union. If it is dropped without [`TenantTx::commit`], nothing is
/// changed.
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

    /// The actor in whose name it was opened.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Names the actor more closely once the transaction has found out who it is: the person whose session has begun in
    /// it, or the staff member whose roles it has read.
    pub fn goes_on_as(&mut self, actor: Actor) {
        self.actor = actor;
    }

    /// Commits it. If this fails, nothing is written.
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

    /// Commits it. If this fails, nothing is written.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.tx.commit().await
    }
}
