//! Finds the people of claims, a set at a time.
//!
//! The household is the one that had the claim's 記号, 番号 and insurer at the end of the month of treatment. The person is
//! its member with the claim's birthdate and, if the claim has one, its branch. There has to be exactly one such person.

use super::unmatched::{Reason, Unmatched};
use crate::base::ids::{BatchId, TenantId};
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::expenses::care::Care;

/// Returns rows whose claim number stands in an earlier row, each with the first such row.
pub(super) async fn claims_twice(
    tx: &mut TenantTx,
    import: BatchId,
) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let found = sqlx::query!(
        r#"select row as "row!", first as "first!"
           from (select row, min(row) over (partition by claim_number) as first
                 from staged_claims where tenant_id = $1 and import_id = $2) same
           where row > first order by row limit 1001"#,
        tx.tenant() as TenantId,
        import as BatchId
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found.into_iter().map(|found| (found.row, found.first)).collect())
}

/// Looks up each claim's person, and notes the person or the reason why there is none. A household's numbers are valid until
/// its next ones; its first known numbers count for the time before, too.
pub(super) async fn find_people(tx: &mut TenantTx, import: BatchId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update staged_claims s
         set person_code = case when found.matches = 1 then found.person_code end,
             reason = case when s.insurer_number is null then 'public_payer'
                           when found.numbers = 0 then 'numbers'
                           when found.households = 0 then 'insurer'
                           when found.people = 0 then 'birthdate'
                           when found.matches = 0 then 'branch'
                           when found.matches > 1 then 'ambiguous' end
         from (
             select c.row, count(n.household_code) as numbers, count(h.code) as households,
                    count(m.code) as people,
                    count(m.code) filter (where c.branch is null or m.branch = c.branch) as matches,
                    min(m.code) filter (where c.branch is null or m.branch = c.branch) as person_code
             from staged_claims c
             cross join lateral (
                 select (c.treatment_month + interval '1 month')::date as day
             ) next_month
             left join household_numbers n
               on n.tenant_id = $1 and n.symbol = c.symbol and n.number = c.number
              and not exists (select from household_numbers l
                              where l.tenant_id = $1 and l.household_code = n.household_code
                                and l.valid_from > n.valid_from and l.valid_from < next_month.day)
              and (n.valid_from < next_month.day
                   or not exists (select from household_numbers l
                                  where l.tenant_id = $1 and l.household_code = n.household_code
                                    and l.valid_from < n.valid_from))
             left join households h
               on h.tenant_id = $1 and h.code = n.household_code
              and h.insurer_number = c.insurer_number
             left join members m
               on m.tenant_id = $1 and m.household_code = h.code and m.birthdate = c.birthdate
             where c.tenant_id = $1 and c.import_id = $2
             group by c.row
         ) found
         where s.tenant_id = $1 and s.import_id = $2 and s.row = found.row",
        tx.tenant() as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Stages the matched claims as rows of a month's notice.
pub(super) async fn stage_found(
    tx: &mut TenantTx,
    import: BatchId,
    notice: Month,
    again: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into staged_expenses
             (tenant_id, import_id, row, claim_number, person_code, notice_month, treatment_month,
              institution, care, days, total, insurer_paid, public_paid, out_of_pocket, remarks,
              correction, computed)
         select c.tenant_id, c.import_id, c.row, c.claim_number, c.person_code, $3,
                c.treatment_month, c.institution, c.care, c.days, c.total, c.insurer_paid,
                c.public_paid, c.out_of_pocket, '', case when not $4 then 'new' end, c.computed
         from staged_claims c
         where c.tenant_id = $1 and c.import_id = $2 and c.person_code is not null",
        tx.tenant() as TenantId,
        import as BatchId,
        notice as Month,
        again
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Returns the unmatched claims in the file's order, at most `most`.
pub(super) async fn unmatched(
    tx: &mut TenantTx,
    import: BatchId,
    notice: Month,
    most: usize,
) -> Result<Vec<Unmatched>, sqlx::Error> {
    let claims = sqlx::query!(
        r#"select row, claim_number, reason as "reason!",
                  treatment_month as "treatment_month: Month", institution,
                  care as "care: Care", days, total as "total: Yen", insurer_paid as "insurer_paid: Yen",
                  public_paid as "public_paid: Yen", out_of_pocket as "out_of_pocket: Yen",
                  computed, symbol, number, branch, birthdate, patient
           from staged_claims
           where tenant_id = $1 and import_id = $2 and reason is not null
           order by row limit $3"#,
        tx.tenant() as TenantId,
        import as BatchId,
        i64::try_from(most).unwrap_or(i64::MAX)
    )
    .fetch_all(tx.conn())
    .await?;
    claims
        .into_iter()
        .map(|claim| {
            Ok(Unmatched {
                row: claim.row.unsigned_abs(),
                claim: claim.claim_number,
                reason: Reason::from_name(&claim.reason).ok_or_else(|| {
                    sqlx::Error::Decode(format!("unknown reason {:?}", claim.reason).into())
                })?,
                notice_month: notice,
                treatment_month: claim.treatment_month,
                institution: claim.institution,
                care: claim.care,
                days: claim.days,
                total: claim.total,
                insurer: claim.insurer_paid,
                public: claim.public_paid,
                out_of_pocket: claim.out_of_pocket,
                computed: claim.computed,
                symbol: claim.symbol,
                number: claim.number,
                branch: claim.branch,
                birthdate: claim.birthdate,
                patient: claim.patient,
            })
        })
        .collect()
}
