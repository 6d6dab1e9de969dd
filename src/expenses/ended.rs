//! What a row was before it was corrected, cancelled or withdrawn.

use crate::base::clock::Clock;
use crate::base::ids::{BatchId, TenantId};
use crate::base::month::Month;
use crate::db::TenantTx;

/// Copies rows that end into history, before they are deleted: those that an import under way replaces or cancels
/// (`ended_by`), or all of a month that is withdrawn.
pub(super) async fn keep_history(
    tx: &mut TenantTx,
    clock: &Clock,
    ended_by: BatchId,
    withdrawn: Option<Month>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into expense_history
             (tenant_id, ended_by, ended_at, reason, claim_number, household_code, notice_month,
              member_code, treatment_month, institution, care, days, total_yen, insurer_yen,
              public_yen, out_of_pocket_yen, computed, remarks, batch_id)
         select $1, $2, $3, e.reason, e.claim_number, e.household_code, e.notice_month,
                e.member_code, e.treatment_month, e.institution, e.care, e.days, e.total_yen,
                e.insurer_yen, e.public_yen, e.out_of_pocket_yen, e.computed, e.remarks, e.batch_id
         from (
             select e.*, s.outcome as reason
             from staged_expenses s
             cross join lateral (
                 select c.household_code, c.notice_month from expense_claims c
                 where c.tenant_id = $1 and c.claim_number = s.claim_number limit 1
             ) c
             cross join lateral (
                 select e.* from expenses e
                 where e.tenant_id = $1 and e.household_code = c.household_code
                   and e.notice_month = c.notice_month and e.claim_number = s.claim_number limit 1
             ) e
             where s.tenant_id = $1 and s.import_id = $2
               and s.outcome in ('corrected', 'cancelled')
             union all
             select e.*, 'withdrawn' as reason from expenses e
             where e.tenant_id = $1 and e.notice_month = $4
         ) e",
        tx.tenant() as TenantId,
        ended_by as BatchId,
        clock.now(),
        withdrawn as Option<Month>
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
