//! What a household spent, as its members read it.
//!
//! Whoever reads sees the household's rows of published notices, without those that somebody else
//! keeps private, and up to the month in which eligibility was lost: `readable_expenses` in the
//! database says so once, and a page, a sum or a file has no other way to a row.

use std::ops::Range;

use crate::auth::session::Session;
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::TenantTx;

use super::care::Care;

/// Who reads.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'r> {
    pub household: &'r str,
    pub member: &'r str,
    /// The last month of treatment that the person may see; `None`: whatever comes (T12).
    pub until: Option<Month>,
}

impl<'r> Reader<'r> {
    #[must_use]
    pub fn of(session: &'r Session) -> Self {
        Self {
            household: &session.person.household_code,
            member: &session.person.member_code,
            until: session.last_month(),
        }
    }
}

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
    /// Whether `out_of_pocket` was computed from points, since the claim did not tell it.
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

/// What narrows rows down (E5); both months count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub from: Option<Month>,
    pub to: Option<Month>,
    /// The person's code.
    pub member: Option<String>,
}

/// What a filter can choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// Months of treatment, newest first.
    pub months: Vec<Month>,
    pub family: Vec<Relative>,
}

/// Somebody whose rows there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relative {
    pub member: String,
    pub kana: String,
}

/// The rows of the notices of some months, oldest treatment first.
///
/// # Errors
/// The database's.
pub async fn notices(
    tx: &mut TenantTx,
    reader: Reader<'_>,
    months: Range<Month>,
) -> Result<Vec<ExpenseRow>, sqlx::Error> {
    rows(tx, reader, months, &Filter::default()).await
}

/// The rows of some months of treatment, whichever notice they stood in, oldest first.
///
/// # Errors
/// The database's.
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
    sqlx::query!(
        r#"select e.treatment_month as "treatment_month!: Month", e.member_code as "member!",
                  m.kana as patient, e.institution as "institution!", e.care as "care!",
                  e.days as "days!", e.total_yen as "total!: Yen",
                  e.insurer_yen as "insurer!: Yen", e.public_yen as "public!: Yen",
                  e.out_of_pocket_yen as "out_of_pocket!: Yen", e.computed as "computed!",
                  e.remarks as "remarks!"
           from readable_expenses($1, $2, $3) e
           join members m on m.tenant_id = e.tenant_id and m.code = e.member_code
           where e.notice_month >= $4 and e.notice_month < $5
             and ($6::date is null or e.treatment_month >= $6)
             and ($7::date is null or e.treatment_month <= $7)
             and ($8::text is null or e.member_code = $8)
           order by e.treatment_month, m.branch, e.claim_number"#,
        reader.household,
        reader.member,
        reader.until as Option<Month>,
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
///
/// # Errors
/// The database's.
pub async fn month_sums(
    tx: &mut TenantTx,
    reader: Reader<'_>,
) -> Result<Vec<MonthSum>, sqlx::Error> {
    sqlx::query_as!(
        MonthSum,
        r#"select e.notice_month as "month!: Month",
                  sum(e.out_of_pocket_yen)::bigint as "out_of_pocket!: Yen"
           from readable_expenses($1, $2, $3) e
           group by e.notice_month order by e.notice_month desc"#,
        reader.household,
        reader.member,
        reader.until as Option<Month>
    )
    .fetch_all(tx.conn())
    .await
}

/// Each person's share of each month's notice (E8): by person, as the household lists them, and then
/// oldest first.
///
/// # Errors
/// The database's.
pub async fn person_sums(
    tx: &mut TenantTx,
    reader: Reader<'_>,
) -> Result<Vec<PersonSum>, sqlx::Error> {
    sqlx::query_as!(
        PersonSum,
        r#"select e.notice_month as "month!: Month", m.code as member, m.kana as patient,
                  sum(e.out_of_pocket_yen)::bigint as "out_of_pocket!: Yen"
           from readable_expenses($1, $2, $3) e
           join members m on m.tenant_id = e.tenant_id and m.code = e.member_code
           group by e.notice_month, m.code, m.kana, m.branch
           order by m.branch, m.code, e.notice_month"#,
        reader.household,
        reader.member,
        reader.until as Option<Month>
    )
    .fetch_all(tx.conn())
    .await
}

/// The months of treatment and the people of whom there are rows (E5).
///
/// # Errors
/// The database's.
pub async fn choices(tx: &mut TenantTx, reader: Reader<'_>) -> Result<Choices, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select distinct e.treatment_month as "month!: Month", m.branch, m.code, m.kana
           from readable_expenses($1, $2, $3) e
           join members m on m.tenant_id = e.tenant_id and m.code = e.member_code
           order by m.branch, m.code, 1 desc"#,
        reader.household,
        reader.member,
        reader.until as Option<Month>
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

/// The insured person of the household, in kana; empty where the union knows none.
///
/// # Errors
/// The database's.
pub async fn insured(tx: &mut TenantTx, reader: Reader<'_>) -> Result<String, sqlx::Error> {
    let kana = sqlx::query_scalar!(
        "select kana from members where household_code = $1 and relation = 'insured'
         order by code limit 1",
        reader.household
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(kana.unwrap_or_default())
}
