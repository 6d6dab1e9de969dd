//! Checks of a new connection: it acts as the right role, row-level security binds that role, and it can write.

use std::sync::{Mutex, PoisonError};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};
use tokio::sync::Notify;

use super::Role;
use super::passing::Passing as _;
use crate::config::Pooler;

/// Why a connection acts as a wrong role.
#[derive(Debug, thiserror::Error)]
pub enum WrongRole {
    #[error("it acts as {acting}, not as {wanted}")]
    Another { acting: String, wanted: &'static str },
    #[error("{0} is a superuser or bypasses row-level security")]
    Unbound(String),
}

/// What the database says of a connection.
struct ConnectionFacts {
    acting: String,
    unbound: bool,
    read_only: bool,
    spread: bool,
}

impl ConnectionFacts {
    /// Uses the simple protocol, which leaves no prepared statement behind in a pooler's connection.
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

/// Leaves out a startup parameter that poolers refuse. PostgreSQL's default prints floats as exactly.
pub(super) fn plain(options: PgConnectOptions) -> PgConnectOptions {
    options.extra_float_digits(None)
}

/// Makes a new connection act as `role`, and checks it. Returns true if the tables are spread over machines.
///
/// A login acts as its role from the start (`infra/production/roles.sql`). Another user that is a member of it, as in
/// the demo, takes the role on here. Behind a pooler it can't, since the next transaction may use another connection.
///
/// # Errors
/// Returns [`WrongRole`] in a [`sqlx::Error::Configuration`], which a retry doesn't mend, and [`sqlx::Error::Io`] for
/// a read-only database.
pub(super) async fn settle(
    connection: &mut PgConnection,
    role: Role,
    pooler: Pooler,
) -> Result<bool, sqlx::Error> {
    let wanted = role.name();
    let mut found = ConnectionFacts::of(connection).await?;
    if found.acting != wanted && pooler == Pooler::None {
        connection.execute(AssertSqlSafe(format!("set role {wanted}"))).await?;
        found = ConnectionFacts::of(connection).await?;
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

/// Errors for which new connections are refused for good. The pool alone would retry until the caller's
/// wait times out.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    newest: Mutex<Option<sqlx::Error>>,
    told: Notify,
}

impl Refusals {
    /// Reports an error of [`settle`] to those who wait for a connection, unless it is passing.
    /// Returns the error that the pool logs.
    pub(super) fn tell(&self, error: sqlx::Error) -> sqlx::Error {
        if error.is_passing() {
            return error;
        }
        let logged = sqlx::Error::Configuration(error.to_string().into());
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.told.notify_waiters();
        logged
    }

    /// Waits for the next error that is reported.
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
