//! Import batches record which files were imported, by whom, and with what result.

use super::kind::ImportKind;
use super::staged::StagedFile;
use super::{Counts, ImportRun};
use crate::audit::{self, Action, AuditLine};
use crate::base::clock::Clock;
use crate::base::ids::{BatchId, TenantId};
use crate::db::TenantTx;

/// Makes two imports of a kind take turns within a union. The second one waits as long as a statement may take,
/// because an import of a million rows takes longer than the usual lock timeout.
pub async fn lock(tx: &mut TenantTx, kind: ImportKind) -> Result<(), sqlx::Error> {
    let name = format!("import {} {}", kind.name(), tx.tenant());
    sqlx::query_scalar!("select set_config('lock_timeout', '0', true)")
        .fetch_one(tx.conn())
        .await?;
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", name)
        .execute(tx.conn())
        .await
        .map(drop)
}

/// Tells whether a file was imported before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// True if the file was imported before, and its rows meant the same.
    pub the_same: bool,
    /// True if `the_same` is true, or if the file was imported by a release that did not record yet how a file was
    /// read.
    pub perhaps: bool,
}

/// Looks for earlier batches of a staged file's content.
pub async fn known(tx: &mut TenantTx, file: &StagedFile) -> Result<Known, sqlx::Error> {
    sqlx::query_as!(
        Known,
        r#"select coalesce(bool_or(reading = $4), false) as "the_same!", count(*) > 0 as "perhaps!"
           from import_batches
           where tenant_id = $1 and kind = $2 and file_sha256 = $3
             and (reading = $4 or reading is null)"#,
        tx.tenant() as TenantId,
        file.kind.name(),
        file.sha256,
        file.reading
    )
    .fetch_one(tx.conn())
    .await
}

/// Records a file and its result, here and on the audit trail.
pub async fn record(
    tx: &mut TenantTx,
    clock: &Clock,
    run: &ImportRun,
    file: &StagedFile,
    counts: Counts,
) -> Result<(), sqlx::Error> {
    let Counts { added, changed, unchanged } = counts;
    sqlx::query!(
        "insert into import_batches (tenant_id, id, kind, file_name, file_sha256, reading, added,
                                     changed, unchanged, imported_at, imported_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        tx.tenant() as TenantId,
        run.batch as BatchId,
        file.kind.name(),
        file.name,
        file.sha256,
        file.reading,
        added,
        changed,
        unchanged,
        clock.now(),
        run.by
    )
    .execute(tx.conn())
    .await?;
    let action = match file.kind {
        ImportKind::Members => Action::MembersImported,
        ImportKind::Expenses => Action::ExpensesImported,
    };
    let detail = serde_json::json!({
        "added": added, "changed": changed, "unchanged": unchanged,
    });
    let line = AuditLine { batch: Some(run.batch), ..AuditLine::new(action, detail) };
    audit::write(tx, clock, &line, &[None]).await
}
