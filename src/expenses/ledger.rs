//! What a household spent, as its members read it: [`crate::records::reader`] says who reads what.

use std::ops::Range;

use super::care::Care;
use crate::base::ids::TenantId;
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::records::RecordKind;
use crate::records::filter::{Choices, Filter, Relative};
use crate::records::reader::{Reader, readable};

const KIND: RecordKind = RecordKind::Expenses;

/// One person, institution and treatment month (E3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpenseRow {
    pub treatment_month: Month,
    /// The person's code.
    pub member: String,
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
    /// Set if `out_of_pocket` was computed from points, since the claim did not tell it.
    pub computed: bool,
    pub remarks: String,
}

/// Out-of-pocket yen of a month's notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthSum {
    pub month: Month,
    pub out_of_pocket: Yen,
}

/// One person's out-of-pocket yen of a month's notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonSum {
    pub month: Month,
    pub member: String,
    pub patient: String,
    pub out_of_pocket: Yen,
}

/// The rows of the notices of some months, oldest treatment first.
pub async fn notices(
    tx: &mut TenantTx,
    reader: Reader<'_>,
    months: Range<Month>,
) -> Result<Vec<ExpenseRow>, sqlx::Error> {
    rows(tx, reader, months, &Filter::default()).await
}

/// The rows of some months of treatment, whichever notice they stood in, oldest first.
pub async fn treated(
    tx: &mut TenantTx,
    reader: Reader<'_>,
    filter: &Filter,
) -> Result<Vec<ExpenseRow>, sqlx::Error> {
    // No notice is older than the treatment it tells of.
    let months = filter.from.unwrap_or(Month::FIRST)..Month::LAST;
    rows(tx, reader, months, filter).await
}

async fn rows(
    tx: &mut TenantTx,
    reader: Reader<'_>,
    notices: Range<Month>,
    filter: &Filter,
) -> Result<Vec<ExpenseRow>, sqlx::Error> {
    readable!(
        query!(),
        r#"select e.treatment_month as "treatment_month: Month", e.member_code as member,
                  m.kana as patient, e.institution, e.care, e.days, e.total_yen as "total: Yen",
                  e.insurer_yen as "insurer: Yen", e.public_yen as "public: Yen",
                  e.out_of_pocket_yen as "out_of_pocket: Yen", e.computed, e.remarks"#
        from "expenses" "join members m on m.tenant_id = e.tenant_id and m.code = e.member_code"
        rest "and e.notice_month >= $6 and e.notice_month < $7
              and ($8::date is null or e.treatment_month >= $8)
              and ($9::date is null or e.treatment_month <= $9)
              and ($10::text is null or e.member_code = $10)
              order by e.treatment_month, m.branch, e.claim_number",
        tx,
        reader,
        KIND,
        notices.start as Month,
        notices.end as Month,
        filter.from as Option<Month>,
        filter.to as Option<Month>,
        filter.member.as_deref()
    )
    .try_map(|row| {
        let care = Care::from_name(&row.care)
            .ok_or_else(|| sqlx::Error::Decode(format!("unknown care {:?}", row.care).into()))?;
        Ok(ExpenseRow {
            treatment_month: row.treatment_month,
            member: row.member,
            patient: row.patient,
            institution: row.institution,
            care,
            days: row.days,
            total: row.total,
            insurer: row.insurer,
            public: row.public,
            out_of_pocket: row.out_of_pocket,
            computed: row.computed,
            remarks: row.remarks,
        })
    })
    .fetch_all(tx.conn())
    .await
}

/// The months of which there is a notice, newest first.
pub async fn month_sums(
    tx: &mut TenantTx,
    reader: Reader<'_>,
) -> Result<Vec<MonthSum>, sqlx::Error> {
    readable!(
        query_as!(MonthSum),
        r#"select e.notice_month as "month: Month",
                  sum(e.out_of_pocket_yen)::bigint as "out_of_pocket!: Yen""#
        from "expenses" ""
        rest "group by e.notice_month order by e.notice_month desc",
        tx,
        reader,
        KIND
    )
    .fetch_all(tx.conn())
    .await
}

/// Each person's share of each month's notice (E8): by person, as the household lists them, and then
/// oldest first.
pub async fn person_sums(
    tx: &mut TenantTx,
    reader: Reader<'_>,
) -> Result<Vec<PersonSum>, sqlx::Error> {
    readable!(
        query_as!(PersonSum),
        r#"select e.notice_month as "month: Month", m.code as member, m.kana as patient,
                  sum(e.out_of_pocket_yen)::bigint as "out_of_pocket!: Yen""#
        from "expenses" "join members m on m.tenant_id = e.tenant_id and m.code = e.member_code"
        rest "group by e.notice_month, m.code, m.kana, m.branch
              order by m.branch, m.code, e.notice_month",
        tx,
        reader,
        KIND
    )
    .fetch_all(tx.conn())
    .await
}

/// The months of treatment and the people of whom there are rows (E5).
pub async fn choices(tx: &mut TenantTx, reader: Reader<'_>) -> Result<Choices, sqlx::Error> {
    let rows = readable!(
        query!(),
        r#"select distinct e.treatment_month as "month: Month", m.branch, m.code, m.kana"#
        from "expenses" "join members m on m.tenant_id = e.tenant_id and m.code = e.member_code"
        rest "order by m.branch, m.code, 1 desc",
        tx,
        reader,
        KIND
    )
    .fetch_all(tx.conn())
    .await?;
    let mut choices = Choices::default();
    for row in rows {
        choices.months.push(row.month);
        if choices.family.last().is_none_or(|last| last.member != row.code) {
            choices.family.push(Relative { member: row.code, kana: row.kana });
        }
    }
    choices.months.sort_unstable_by(|a, b| b.cmp(a));
    choices.months.dedup();
    Ok(choices)
}

/// The insured person of the household, in kana; empty if the union knows none.
pub async fn insured(tx: &mut TenantTx, reader: Reader<'_>) -> Result<String, sqlx::Error> {
    let kana = sqlx::query_scalar!(
        "select kana from members
         where tenant_id = $1 and household_code = $2 and relation = 'insured'
         order by code limit 1",
        tx.tenant() as TenantId,
        reader.household
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(kana.unwrap_or_default())
}
