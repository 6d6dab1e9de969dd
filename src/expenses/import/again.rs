//! A file that was taken in before, and comes again, overrides nothing that was said since.

use crate::base::ids::{BatchId, TenantId};
use crate::db::TenantTx;
use crate::import::row_count;
use crate::import::staged::StagedFile;

/// A UKE file that comes again mends what it brought itself. Claims that stand by another file were completed
/// by hand, since nobody was found for them at first: they stay. Returns the number of rows skipped.
pub(super) async fn leave_what_others_brought(
    tx: &mut TenantTx,
    import: BatchId,
    file: &StagedFile,
) -> Result<i64, sqlx::Error> {
    let left = sqlx::query!(
        "delete from staged_expenses s using (
             select r.row
             from staged_expenses r
             cross join lateral (
                 select c.household_code, c.notice_month from expense_claims c
                 where c.tenant_id = $1 and c.claim_number = r.claim_number limit 1
             ) c
             cross join lateral (
                 select e.batch_id from expenses e
                 where e.tenant_id = $1 and e.household_code = c.household_code
                   and e.notice_month = c.notice_month and e.claim_number = r.claim_number limit 1
             ) e
             where r.tenant_id = $1 and r.import_id = $2
               and not exists (select from import_batches b
                               where b.tenant_id = $1 and b.id = e.batch_id
                                 and b.kind = 'expenses' and b.file_sha256 = $3 and b.reading = $4)
         ) others
         where s.tenant_id = $1 and s.import_id = $2 and s.row = others.row",
        tx.tenant() as TenantId,
        import as BatchId,
        file.sha256,
        file.reading
    )
    .execute(tx.conn())
    .await?;
    Ok(row_count(left.rows_affected()))
}

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
