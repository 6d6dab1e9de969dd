//! Finds the people that claims are about, a set at a time.
//!
//! The household is the one whose 記号 and 番号 were those of the claim at the end of the month of
//! treatment, under the claim's insurer; the person is its member with the birthdate and, where the claim
//! tells one, the branch. Exactly one person will do.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::unmatched::{Reason, Unmatched};
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::expenses::care::Care;
use crate::expenses::import::{Sums, repeated};
use crate::import::RowErrors;

/// The table that claims are read into.
pub(super) const CLAIMS: &str = "staged_claims";

/// Makes the table, which ends with the transaction. Where only public payers pay, nobody is insured.
pub(super) async fn prepare(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    sqlx::query(
        "create temporary table staged_claims (
             row bigint not null, claim_number text not null, treatment_month date not null,
             institution text not null, care text not null, patient text not null,
             birthdate date not null, branch text, days smallint not null,
             total_yen bigint not null, insurer_yen bigint not null, public_yen bigint not null,
             out_of_pocket_yen bigint not null, computed boolean not null,
             insurer_number text, symbol text, number text
         ) on commit drop",
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Notes claims that stand twice.
pub(super) async fn check(tx: &mut TenantTx, errors: &mut RowErrors) -> Result<(), sqlx::Error> {
    sqlx::query("analyze staged_claims").execute(tx.conn()).await?;
    for (row, first) in repeated(tx, CLAIMS).await? {
        let message = format!("同じ医療機関・請求年月・番号のレセプトが{first}行目にもあります");
        errors.add(row.unsigned_abs(), "RE レセプト番号", message);
    }
    Ok(())
}

/// Looks everybody up: a claim's person, or how far the search came.
pub(super) async fn find_people(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    // Numbers hold until the next ones; the first ones that are known held before, too.
    sqlx::query(
        "create temporary table claimants on commit drop as
         with held as (
             select household_code, symbol, number,
                    case when lag(valid_from) over history is null then '-infinity'
                         else valid_from end as since,
                    coalesce(lead(valid_from) over history, 'infinity') as until
             from household_numbers
             window history as (partition by household_code order by valid_from)
         ), found as (
             select c.row, c.insurer_number is not null as insured,
                    count(n.household_code) as numbers, count(h.code) as households,
                    count(m.code) as people,
                    count(m.code) filter (where c.branch is null or m.branch = c.branch) as matches,
                    min(m.code) filter (where c.branch is null or m.branch = c.branch) as member_code
             from staged_claims c
             left join held n on n.symbol = c.symbol and n.number = c.number
                 and n.since < c.treatment_month + interval '1 month'
                 and n.until >= c.treatment_month + interval '1 month'
             left join households h
                 on h.code = n.household_code and h.insurer_number = c.insurer_number
             left join members m on m.household_code = h.code and m.birthdate = c.birthdate
             group by c.row, c.insurer_number is not null
         )
         select row, case when matches = 1 then member_code end as member_code,
                case when not insured then 'public_payer'
                     when numbers = 0 then 'numbers'
                     when households = 0 then 'insurer'
                     when people = 0 then 'birthdate'
                     when matches = 0 then 'branch'
                     when matches > 1 then 'ambiguous' end as reason
         from found",
    )
    .execute(tx.conn())
    .await?;
    sqlx::query("analyze claimants").execute(tx.conn()).await.map(drop)
}

/// The claims whose people were found go on; how many they were, and their sums.
pub(super) async fn stage(
    tx: &mut TenantTx,
    notice: Month,
    again: bool,
) -> Result<(u64, Sums), sqlx::Error> {
    let (rows, total, out_of_pocket): (i64, Yen, Yen) = sqlx::query_as(
        "with staged as (
             insert into staged_expenses
                 (row, claim_number, member_code, notice_month, treatment_month, institution, care,
                  days, total_yen, insurer_yen, public_yen, out_of_pocket_yen, computed, remarks,
                  correction)
             select c.row, c.claim_number, p.member_code, $1, c.treatment_month, c.institution,
                    c.care, c.days, c.total_yen, c.insurer_yen, c.public_yen, c.out_of_pocket_yen,
                    c.computed, '', case when not $2 then 'new' end
             from staged_claims c join claimants p on p.row = c.row
             where p.member_code is not null
             returning total_yen, out_of_pocket_yen
         )
         select count(*), coalesce(sum(total_yen), 0)::bigint,
                coalesce(sum(out_of_pocket_yen), 0)::bigint
         from staged",
    )
    .bind(notice)
    .bind(again)
    .fetch_one(tx.conn())
    .await?;
    Ok((rows.unsigned_abs(), Sums { total, out_of_pocket }))
}

/// The claims that found nobody, in the file's order, `most` of them.
pub(super) async fn unmatched(
    tx: &mut TenantTx,
    notice: Month,
    most: usize,
) -> Result<Vec<Unmatched>, sqlx::Error> {
    let rows = sqlx::query(
        "select c.*, p.reason from staged_claims c join claimants p on p.row = c.row
         where p.reason is not null order by c.row limit $1",
    )
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await?;
    rows.iter().map(|row| read(row, notice)).collect()
}

fn read(row: &PgRow, notice: Month) -> Result<Unmatched, sqlx::Error> {
    let unknown = |what: &str| sqlx::Error::Decode(format!("unknown {what:?}").into());
    let care: &str = row.try_get("care")?;
    let reason: &str = row.try_get("reason")?;
    let line: i64 = row.try_get("row")?;
    Ok(Unmatched {
        row: line.unsigned_abs(),
        claim: row.try_get("claim_number")?,
        reason: Reason::from_name(reason).ok_or_else(|| unknown(reason))?,
        notice_month: notice,
        treatment_month: row.try_get("treatment_month")?,
        institution: row.try_get("institution")?,
        care: Care::from_name(care).ok_or_else(|| unknown(care))?,
        days: row.try_get("days")?,
        total: row.try_get("total_yen")?,
        insurer: row.try_get("insurer_yen")?,
        public: row.try_get("public_yen")?,
        out_of_pocket: row.try_get("out_of_pocket_yen")?,
        computed: row.try_get("computed")?,
        symbol: row.try_get("symbol")?,
        number: row.try_get("number")?,
        branch: row.try_get("branch")?,
        birthdate: row.try_get("birthdate")?,
        patient: row.try_get("patient")?,
    })
}
