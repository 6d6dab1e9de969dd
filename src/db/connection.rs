//! Checks of a new connection: that it acts as the right role, that row-level security binds it, and that it can write.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::DbRole;
use super::passing::Passing as _;
use crate::config::Pooler;

/// A statement of which nobody takes the result may still end by itself within this time.
const ENDS_WITHIN: Duration = Duration::from_millis(500);

/// The role that a connection acts as is wrong.
#[derive(Debug, thiserror::Error)]
pub enum WrongRole {
    #[error("it acts as {acting}, not as {wanted}")]
    Another { acting: String, wanted: &'static str },
    #[error("{0} is a superuser or bypasses row-level security")]
    Unbound(String),
}

/// The state of a new connection.
struct ConnectionState {
    acting: String,
    unbound: bool,
    read_only: bool,
    spread: bool,
}

impl ConnectionState {
    /// Asks by the simple protocol, which leaves no prepared statement behind in a pooler's connection.
    async fn of(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let row = connection
            .fetch_one(sqlx::raw_sql(
                "select rolname::text as acting, rolsuper or rolbypassrls as unbound,
                        current_setting('transaction_read_only')::boolean as read_only,
                        coalesce(current_setting('citus.propagate_set_commands', true), '') = 'local' as spread
                 from pg_roles where rolname = current_user",
            ))
            .await?;
        Ok(Self {
            acting: row.try_get("acting")?,
            unbound: row.try_get("unbound")?,
            read_only: row.try_get("read_only")?,
            spread: row.try_get("spread")?,
        })
    }
}

/// Leaves out of a connection's start the option that a pooler refuses. PostgreSQL's default prints numbers as exactly.
pub(super) fn plain(options: PgConnectOptions) -> PgConnectOptions {
    options.extra_float_digits(None)
}

/// Makes a new connection act as `role`, and checks it. Returns true if the tables are spread over machines.
///
/// A login acts as its role from the start (`infra/production/roles.sql`). Another user that is a member of it, as in
/// the demo, takes the role on here. Behind a pooler it can't, since the next transaction may use another connection.
///
/// # Errors
/// [`WrongRole`] as [`sqlx::Error::Configuration`], which trying again does not mend; a read-only database as
/// [`sqlx::Error::Io`], which it may.
pub(super) async fn settle(
    connection: &mut PgConnection,
    role: DbRole,
    pooler: Pooler,
) -> Result<bool, sqlx::Error> {
    let wanted = role.name();
    let mut found = ConnectionState::of(connection).await?;
    if found.acting != wanted && pooler == Pooler::None {
        connection.execute(AssertSqlSafe(format!("set role {wanted}"))).await?;
        found = ConnectionState::of(connection).await?;
    }
    let wrong = |error: WrongRole| Err(sqlx::Error::Configuration(Box::new(error)));
    if found.acting != wanted {
        return wrong(WrongRole::Another { acting: found.acting, wanted });
    }
    if found.unbound {
        return wrong(WrongRole::Unbound(found.acting));
    }
    if found.read_only {
        return Err(sqlx::Error::Io(std::io::Error::other("the database only reads")));
    }
    Ok(found.spread)
}

/// Returns true if a connection answers and can write.
pub(super) async fn is_well(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let asked = sqlx::raw_sql("select current_setting('transaction_read_only')::boolean");
    let read_only: bool = connection.fetch_one(asked).await?.try_get(0)?;
    Ok(!read_only)
}

/// Returns true if a connection that was given back can serve again: its last statement has ended. Otherwise the pool
/// closes the connection, which ends the statement ([`DbRole::limits`]). A connection is given back in the middle of a
/// statement if the work that waits for it is dropped, as a cancelled job is.
///
/// We end it like this, and not by `pg_cancel_backend`: behind a pooler, the server process may already work for somebody
/// else when the cancellation arrives.
pub(super) async fn is_free(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match timeout(ENDS_WITHIN, connection.ping()).await {
        Ok(answered) => answered.map(|()| true),
        Err(_) => Ok(false),
    }
}

/// The reason why new connections are refused for good. Without it, requests would wait until the pool's timeout.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    newest: Mutex<Option<sqlx::Error>>,
    told: Notify,
}

impl Refusals {
    /// Passes an error of [`settle`] on to the requests that wait, unless it may pass by itself. Returns the error that the
    /// pool logs.
    pub(super) fn tell(&self, error: sqlx::Error) -> sqlx::Error {
        if error.is_passing() {
            return error;
        }
        let logged = sqlx::Error::Configuration(error.to_string().into());
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.told.notify_waiters();
        logged
    }

    /// Waits for the next error.
    pub(super) async fn next(&self) -> sqlx::Error {
        loop {
            self.told.notified().await;
            let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(error) = newest {
                return error;
            }
        }
    }
}
