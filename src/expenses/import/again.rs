//! A file that was taken in before, and comes again, overrides no later correction.

use crate::base::ids::{BatchId, TenantId};
use crate::db::TenantTx;
use crate::import::row_count;
use crate::import::staged::StagedFile;

/// A file that was taken in before never overrides later corrections of its claims, unless their notice was withdrawn
/// after the file came. Returns the number of rows skipped.
pub(super) async fn leave_what_came_after(
    tx: &mut TenantTx,
    import: BatchId,
    file: &StagedFile,
) -> Result<i64, sqlx::Error> {
    let left = sqlx::query!(
        "delete from staged_expenses s using expense_history h, import_batches b
         where s.tenant_id = $1 and s.import_id = $2
           and h.tenant_id = $1 and h.claim_number = s.claim_number and h.reason <> 'withdrawn'
           and b.tenant_id = $1 and b.id = h.ended_by
           and exists (
               select from import_batches f
               where f.tenant_id = $1 and f.kind = 'expenses' and f.file_sha256 = $3
                 and (f.reading = $4 or f.reading is null) and f.imported_at <= b.imported_at
                 and not exists (select from expense_withdrawals w
                                 where w.tenant_id = $1 and w.month = h.notice_month
                                   and w.withdrawn_at >= f.imported_at)
           )",
        tx.tenant() as TenantId,
        import as BatchId,
        file.sha256,
        file.reading
    )
    .execute(tx.conn())
    .await?;
    Ok(row_count(left.rows_affected()))
}
