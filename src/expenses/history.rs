//! What a row was before it ended.

/// The statement that keeps rows in history: a `with` clause or nothing, why they end, and where they are; then the
/// transaction, the import or withdrawal that ends them, and when. Those three are `$1` to `$3`, further arguments
/// count from `$4`.
macro_rules! into_history {
    ($with:tt, $reason:tt from $rows:tt, $tx:ident, $ended_by:expr, $ended_at:expr $(, $argument:expr)* $(,)?) => {
        sqlx::query!(
            $with
                + " insert into expense_history
                        (tenant_id, claim_number, ended_by, ended_at, reason, household_code,
                         notice_month, member_code, treatment_month, institution, care, days,
                         total_yen, insurer_yen, public_yen, out_of_pocket_yen, computed, remarks,
                         batch_id)
                    select $1, claim_number, $2, $3, "
                + $reason
                + ", household_code, notice_month, member_code, treatment_month, institution, care,
                     days, total_yen, insurer_yen, public_yen, out_of_pocket_yen, computed, remarks,
                     batch_id
                    from "
                + $rows,
            $tx.tenant() as TenantId,
            $ended_by,
            $ended_at
            $(, $argument)*
        )
    };
}

pub(super) use into_history;
