//! A household's expenses, as its members read them. [`crate::records::reader`] decides which rows a person may read.

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

/// A person's treatment at one institution in one month (E3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpenseRow {
    pub treatment_month: Month,
    /// In kana, as the notice prints it.
    pub patient: String,
    /// Empty if the data names no institution.
    pub institution: String,
    pub care: Care,
    /// The number of days; for dispensing, the number of times.
    pub days: i16,
    pub total: Yen,
    pub insurer: Yen,
    pub public: Yen,
    pub out_of_pocket: Yen,
    /// True if `out_of_pocket` was computed from points, since the claim did not state it.
    pub computed: bool,
    pub remarks: String,
}

/// The out-of-pocket sum of a month's notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthSum {
    pub month: Month,
    pub out_of_pocket: Yen,
}

/// One person's share of a month's out-of-pocket sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonSum {
    pub month: Month,
    pub member: String,
    pub patient: String,
    pub out_of_pocket: Yen,
}

/// Returns the rows of the notices of some months, oldest treatment first.
pub async fn notices(
    tx: &mut TenantTx,
    reader: Reader<'_>,
    months: Range<Month>,
) -> Result<Vec<ExpenseRow>, sqlx::Error> {
    rows(tx, reader, months, &Filter::default()).await
}

/// Returns the rows that a filter by month of treatment and person lets through, whichever notice they stood in, oldest first.
pub async fn treated(
    tx: &mut TenantTx,
    reader: Reader<'_>,
    filter: &Filter,
) -> Result<Vec<ExpenseRow>, sqlx::Error> {
    // A notice is never older than the treatments in it.
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
        query_as!(ExpenseRow),
        r#"select e.treatment_month as "treatment_month: Month", m.kana as patient, e.institution,
                  e.care as "care: Care", e.days, e.total_yen as "total: Yen",
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
    .fetch_all(tx.conn())
    .await
}

/// Returns the months that have rows, newest first.
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

/// Returns the nearest months with rows before and after a period.
///
/// It tries the published months one by one, the nearest first, since most households have rows in the next one: to sum up
/// all months would read ten years.
pub async fn neighbours(
    tx: &mut TenantTx,
    reader: Reader<'_>,
    period: Range<Month>,
) -> Result<[Option<Month>; 2], sqlx::Error> {
    let found = readable!(
        query_scalar!(),
        r#"select found.month as "month!: Month"
           from (values (false), (true)) as directions (forward)
           cross join lateral (
               select near.month
               from (select n.month, abs(n.month - $6::date) as distance
                     from record_notices n
                     where n.tenant_id = $1 and n.kind = $5
                       and case when forward then n.month >= $7 else n.month < $6 end
                     order by distance) near
               cross join lateral (select 1"#
        from "expenses" ""
        rest "and e.notice_month = near.month limit 1) readable
              order by near.distance limit 1) found",
        tx,
        reader,
        KIND,
        period.start as Month,
        period.end as Month
    )
    .fetch_all(tx.conn())
    .await?;
    let before = found.iter().find(|month| **month < period.start);
    let after = found.iter().find(|month| **month >= period.end);
    Ok([before.copied(), after.copied()])
}

/// Returns each person's share of each month's notice (E8): person by person in the household's order, each with the oldest
/// month first.
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

/// Returns the months of treatment and the people that have rows (E5).
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

/// Returns the name in kana of the household's insured person; empty if the household has none.
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
