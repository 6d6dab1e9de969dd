//! What a household spent, as its members read it.

use std::ops::Range;

use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::TenantTx;

use super::care::Care;

/// One person, institution and treatment month (E3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpenseRow {
    pub treatment_month: Month,
    /// In kana, as the notice prints it.
    pub patient: String,
    /// Empty where the data has none.
    pub institution: String,
    pub care: Care,
    /// Days, or times for dispensing.
    pub days: i16,
    pub total: Yen,
    pub insurer: Yen,
    pub public: Yen,
    pub out_of_pocket: Yen,
    pub remarks: String,
}

/// Out-of-pocket yen of a month's notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthSum {
    pub month: Month,
    pub out_of_pocket: Yen,
}

/// The rows of the notices of some months, oldest treatment first; `until`: none of a later treatment.
///
/// # Errors
/// The database's.
pub async fn notices(
    tx: &mut TenantTx,
    household: &str,
    months: Range<Month>,
    until: Option<Month>,
) -> Result<Vec<ExpenseRow>, sqlx::Error> {
    sqlx::query!(
        r#"select e.treatment_month as "treatment_month: Month", m.kana, e.institution, e.care,
                  e.days, e.total_yen as "total: Yen", e.insurer_yen as "insurer: Yen",
                  e.public_yen as "public: Yen", e.out_of_pocket_yen as "out_of_pocket: Yen",
                  e.remarks
           from expenses e
           join members m on m.tenant_id = e.tenant_id and m.code = e.member_code
           where e.household_code = $1 and e.notice_month >= $2 and e.notice_month < $3
             and ($4::date is null or e.treatment_month <= $4)
           order by e.treatment_month, m.branch, e.claim_number"#,
        household,
        months.start as Month,
        months.end as Month,
        until as Option<Month>
    )
    .try_map(|row| {
        let care = Care::from_name(&row.care)
            .ok_or_else(|| sqlx::Error::Decode(format!("unknown care {:?}", row.care).into()))?;
        Ok(ExpenseRow {
            treatment_month: row.treatment_month,
            patient: row.kana,
            institution: row.institution,
            care,
            days: row.days,
            total: row.total,
            insurer: row.insurer,
            public: row.public,
            out_of_pocket: row.out_of_pocket,
            remarks: row.remarks,
        })
    })
    .fetch_all(tx.conn())
    .await
}

/// The months of which there is a notice, newest first; `until`: none of a later treatment.
///
/// # Errors
/// The database's.
pub async fn month_sums(
    tx: &mut TenantTx,
    household: &str,
    until: Option<Month>,
) -> Result<Vec<MonthSum>, sqlx::Error> {
    sqlx::query_as!(
        MonthSum,
        r#"select notice_month as "month: Month",
                  sum(out_of_pocket_yen)::bigint as "out_of_pocket!: Yen"
           from expenses
           where household_code = $1 and ($2::date is null or treatment_month <= $2)
           group by notice_month order by notice_month desc"#,
        household,
        until as Option<Month>
    )
    .fetch_all(tx.conn())
    .await
}
