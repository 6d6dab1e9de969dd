//! Brings a database to the schema that this program needs.

use sqlx::migrate::{Migrate as _, MigrateError, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection};

use super::{DbRole, PlatformTx, connection};
use crate::config::Pooler;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Creates the roles, runs the migrations that have not run yet, and adds the trail's partitions for the year ahead.
///
/// Each migration is its own transaction. The connection must not go through a pooler.
pub async fn migrate(options: &PgConnectOptions) -> anyhow::Result<()> {
    let mut connection = connection::plain(options.clone()).connect().await?;
    connection.execute(include_str!("roles.sql")).await?;
    let mut owner = owner(options).await?;
    MIGRATIONS.run_direct(None, &mut owner, false).await?;
    owner
        .execute("grant select on _sqlx_migrations to kosmo_server, kosmo_worker, kosmo_operator")
        .await?;
    owner.execute("call add_audit_months(current_date, 12)").await?;
    Ok(())
}

/// Connects as the owner of the tables.
pub async fn owner(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut owner = connection::plain(options.clone()).connect().await?;
    connection::settle(&mut owner, DbRole::Owner, Pooler::None).await?;
    // While a migration waits for a lock, others wait behind it. Better it fails and is run again in a quieter
    // hour.
    owner.execute("set lock_timeout = '10s'").await?;
    Ok(owner)
}

/// Counts this program's migrations that the database lacks.
pub async fn pending(tx: &mut PlatformTx) -> Result<usize, MigrateError> {
    let applied = tx.conn().list_applied_migrations("_sqlx_migrations").await?;
    let known = MIGRATIONS.iter().filter(|migration| migration.migration_type.is_up_migration());
    Ok(known.filter(|known| !applied.iter().any(|done| done.version == known.version)).count())
}
