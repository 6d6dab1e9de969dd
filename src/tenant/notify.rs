//! Notifies every server that something of a union has changed.

use sqlx::PgConnection;

/// The channel on which [`super::directory`] listens.
pub(super) const CHANNEL: &str = "kosmo_tenants";

/// Notifies all servers once the connection's transaction commits. Call it after every statement that changes what the directory holds.
/// Without it, a server sees the change only at its own refresh, up to half a minute later.
pub(super) async fn changed(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_notify($1, '')", CHANNEL).execute(conn).await.map(drop)
}
