//! Rows that end: a correction, a cancellation or a withdrawal takes them out of the ledger, and history keeps them.

use crate::base::ids::TenantId;
use crate::db::TenantTx;

/// Ends rows of the ledger, all in one statement: their claims' numbers become free, their amounts leave the sums of their
/// months, and history keeps what they were.
///
/// The first argument is a DELETE that returns the rows and the `reason` of each; then come the transaction, the import or
/// withdrawal that ends them, and when. `$1` to `$3` are the tenant and those two; further arguments count from `$4`. This is
/// a macro and not a function because only literals are checked when the program is compiled.
macro_rules! into_history {
    ($delete:tt, $tx:ident, $ended_by:expr, $ended_at:expr $(, $argument:expr)* $(,)?) => {
        sqlx::query_scalar!(
            "with gone as ("
                + $delete
                + "), freed as (
                       delete from expense_claims c using gone
                       where c.tenant_id = $1 and c.claim_number = gone.claim_number
                   ), taken_off as (
                       update expense_months kept
                       set rows = kept.rows - ended.rows,
                           total_yen = kept.total_yen - ended.total_yen,
                           out_of_pocket_yen = kept.out_of_pocket_yen - ended.out_of_pocket_yen
                       from (select notice_month, count(*) as rows, sum(total_yen) as total_yen,
                                    sum(out_of_pocket_yen) as out_of_pocket_yen
                             from gone group by notice_month) ended
                       where kept.tenant_id = $1 and kept.notice_month = ended.notice_month
                   ), kept as (
                   insert into expense_history
                       (tenant_id, claim_number, ended_by, ended_at, reason, household_code,
                        notice_month, member_code, treatment_month, institution, care, days,
                        total_yen, insurer_yen, public_yen, out_of_pocket_yen, computed, remarks,
                        batch_id)
                   select $1, claim_number, $2, $3, reason, household_code, notice_month,
                          member_code, treatment_month, institution, care, days, total_yen,
                          insurer_yen, public_yen, out_of_pocket_yen, computed, remarks, batch_id
                   from gone
                   returning true
                   )
                   select count(*) as \"rows!\" from kept",
            $tx.tenant() as TenantId,
            $ended_by,
            $ended_at
            $(, $argument)*
        )
    };
}

pub(super) use into_history;

/// Forgets the sums of months that have no rows any more.
pub(super) async fn forget_empty_months(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from expense_months where tenant_id = $1 and rows = 0",
        tx.tenant() as TenantId
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
