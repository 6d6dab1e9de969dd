//! Tells every server that something of a union has changed.

use crate::db::PlatformTx;

/// The channel on which [`super::directory`] listens.
pub(super) const CHANNEL: &str = "kosmo_tenants";

/// Notifies all servers once `tx` commits. Every statement that changes what the directory holds is followed by it;
/// without it a server sees the change when it next looks by itself, half a minute later.
///
/// # Errors
/// The database's.
pub(super) async fn changed(tx: &mut PlatformTx) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_notify($1, '')", CHANNEL).execute(tx.conn()).await.map(drop)
}
