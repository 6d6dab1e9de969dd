//! Which files were taken in, by whom, and what they came to.

use super::source::Source;
use super::{Counts, ImportRun};
use crate::base::clock::Clock;
use crate::base::ids::BatchId;
use crate::db::TenantTx;

/// Two imports of a kind take turns within a union.
///
/// # Errors
/// The database's.
pub async fn lock(tx: &mut TenantTx, kind: &str) -> Result<(), sqlx::Error> {
    let name = format!("import {kind} {}", tx.tenant());
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", name)
        .execute(tx.conn())
        .await
        .map(drop)
}

/// Notes the file, so that its rows can name it.
///
/// # Errors
/// The database's.
pub async fn open(
    tx: &mut TenantTx,
    clock: &Clock,
    run: &ImportRun,
    kind: &str,
    source: &Source,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into import_batches (id, kind, file_name, file_sha256, added, changed, unchanged,
                                     imported_at, imported_by)
         values ($1, $2, $3, $4, 0, 0, 0, $5, $6)",
        run.batch as BatchId,
        kind,
        source.name,
        source.sha256.as_slice(),
        clock.now(),
        run.by
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Notes what came of it.
///
/// # Errors
/// The database's.
pub async fn close(tx: &mut TenantTx, run: &ImportRun, counts: Counts) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update import_batches set added = $2, changed = $3, unchanged = $4 where id = $1",
        run.batch as BatchId,
        counts.added,
        counts.changed,
        counts.unchanged
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
