//! Connections to PostgreSQL, and the only two ways to its rows.
//!
//! [`TenantTx`] is the only way to a union's rows: it opens a transaction and tells the database which union it is for,
//! and row-level security hides the rows of all others. [`PlatformTx`] reaches the platform's own tables and, for the
//! worker, the outbox.
//!
//! Every transaction begins with the limits of its role. Every new connection is checked: it acts as the right role,
//! and row-level security binds that role. No setting outlasts a transaction, so a pooler may stand in between.

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
pub use self::role::Role;
use crate::base::ids::TenantId;
use crate::config::{DatabaseAddress, Pooler};

/// How long a request waits for a connection before the answer is 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// A connection that was idle for longer than this is pinged before use.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// For this long after a broken connection, every pooled one is pinged before use: the pool may
/// hold more broken ones.
const DOUBTED_FOR: Duration = Duration::from_secs(5);

/// Connections that a process may have for notifications: one for each channel.
const MAX_LISTENERS: u32 = 3;

/// A pool of connections that act as one role.
#[derive(Debug, Clone)]
pub struct Db {
    role: Role,
    pool: PgPool,
    /// A pool of its own, so that listeners take no connection from requests.
    listeners: PgPool,
    refusals: Arc<Refusals>,
    /// Until then, every connection is pinged before use.
    doubted_until: Arc<Mutex<Option<Instant>>>,
    /// True if the tables are spread over machines (`infra/scale`).
    spread: Arc<AtomicBool>,
}

impl Db {
    /// Makes the pools. They connect when first used.
    #[must_use]
    pub fn new(address: impl Into<DatabaseAddress>, role: Role, max_connections: u32) -> Self {
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
        // Without a `listen_url`, notifications come from the database's own address.
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
            .connect_lazy_with(connection::plain(options));
        Self { role, pool, listeners, refusals, doubted_until, spread }
    }

    /// Begins a transaction, and tries once more if the first connection turns out to be broken or leads
    /// to a read-only database, as one from before a failover does.
    async fn begin(&self, local: &str) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        match self.begin_once(local).await {
            Err(error) if passing::is_of_the_connection(&error) => {
                *lock(&self.doubted_until) = Some(Instant::now() + DOUBTED_FOR);
                self.begin_once(local).await
            }
            begun => begun,
        }
    }

    /// Begins a transaction after the statements of `local`. It runs in a task of its own, because a browser may hang
    /// up and the future may then be dropped. sqlx forgets a BEGIN whose answer it doesn't read, and would return the
    /// connection to the pool with the transaction open (launchbadge/sqlx#4393); a transaction that has begun is
    /// rolled back on drop. So a stalled database never holds more connections than the pool allows.
    async fn begin_once(&self, local: &str) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let connection = tokio::select! {
            biased;
            connection = self.pool.acquire() => connection?,
            error = self.refusals.next() => return Err(error),
        };
        // Statements that may fail come before BEGIN: sqlx takes a connection whose BEGIN failed for one without a
        // transaction. Their settings still hold, since BEGIN continues the transaction that the first statement
        // opened.
        let begin = format!("{}; begin", self.role.limits());
        // One round trip. Citus sends the text that contains SET LOCAL to its workers, which refuse a BEGIN in it, so
        // it goes separately there.
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
        // The task only fails to return a result if the program ends.
        tokio::spawn(beginning.in_current_span()).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }

    /// Opens a transaction that sees the rows of this union only. Its audit lines name `actor`.
    pub async fn tenant(&self, tenant: TenantId, actor: &Actor) -> Result<TenantTx, sqlx::Error> {
        let local = format!("set local kosmo.tenant_id = '{tenant}'");
        Ok(TenantTx { tx: self.begin(&local).await?, tenant, actor: actor.clone() })
    }

    /// Does what [`Db::tenant`] does, but its commit doesn't wait for the disk. Use it for counters of which a
    /// crash may take back the last moment, so that nobody waits long for a row that many change.
    pub async fn tenant_unflushed(
        &self,
        tenant: TenantId,
        actor: &Actor,
    ) -> Result<TenantTx, sqlx::Error> {
        let local =
            format!("set local kosmo.tenant_id = '{tenant}'; set local synchronous_commit = off");
        Ok(TenantTx { tx: self.begin(&local).await?, tenant, actor: actor.clone() })
    }

    /// Opens a transaction without a union.
    pub async fn platform(&self) -> Result<PlatformTx, sqlx::Error> {
        Ok(PlatformTx { tx: self.begin("").await? })
    }

    /// Listens for notifications on a connection of its own.
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

    /// Returns the actor that it was opened for.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Names the actor more closely, once the transaction has found out: the subscriber whose session began in it, or
    /// the staff member whose roles it read.
    pub fn goes_on_as(&mut self, actor: Actor) {
        self.actor = actor;
    }

    /// Commits. After an error, nothing is written.
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

    /// Commits. After an error, nothing is written.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.tx.commit().await
    }
}
