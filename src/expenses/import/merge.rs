//! Brings the ledger in line with the staged rows, a set at a time.

use sqlx::Acquire as _;

use super::check;
use super::ending::{self, Ended};
use super::staged::StagedSums;
use crate::base::clock::Clock;
use crate::base::ids::{BatchId, TenantId};
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::expenses::history::forget_empty_months;
use crate::import::staged::StagedFile;
use crate::import::{Counts, ImportError, ImportRun, RowErrors, row_count};

/// The result of a merge.
pub(super) struct Merged {
    pub(super) counts: Counts,
    /// Rows that stay as they are in the ledger, since another file brought them.
    pub(super) left: i64,
    /// Oldest first.
    pub(super) months: Vec<ChangedMonth>,
}

/// A month of new or changed rows.
#[derive(Debug)]
pub(super) struct ChangedMonth {
    pub(super) month: Month,
    pub(super) published: bool,
}

/// One of the two kinds of claims that are given their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claims {
    /// Claims that correct no other.
    New,
    /// Claims whose earlier rows were ended.
    Corrected,
}

/// Merges the rows that are still staged. `staged` are the sums of all the file's rows, of which `left` were taken away again.
///
/// Claims are given their numbers first. If all rows get theirs, no number stands twice or is in the ledger, and every
/// person is known, so nothing else has to be checked. Otherwise the file is compared with the ledger.
pub(super) async fn merge(
    tx: &mut TenantTx,
    clock: &Clock,
    run: &ImportRun,
    file: &StagedFile,
    staged: &StagedSums,
    left: i64,
) -> Result<Merged, ImportError> {
    let import = run.batch;
    keep_households(tx, import).await?;
    let claimed = number_claims(tx, import, Claims::New).await?;
    let known = staged.rows - left - claimed;
    let mut ended = Ended::default();
    if known > 0 {
        let mut errors = RowErrors::default();
        check::check(tx, import, file, staged.corrects, &mut errors).await?;
        errors.into_result()?;
        ended = ending::end_others(tx, clock, import, file, known).await?;
        if ended.replaced > 0 {
            number_claims(tx, import, Claims::Corrected).await?;
        }
    }
    let inserted = insert(tx, import).await?;
    add_sums(tx, import).await?;
    forget_empty_months(tx).await?;
    let added = inserted - ended.replaced;
    let changed = ended.replaced + ended.cancelled;
    let counts = Counts { added, changed, unchanged: staged.rows - added - changed };
    let months = changed_months(tx, import, &ended.months).await?;
    Ok(Merged { counts, left: ended.left, months })
}

/// Gives claims that were withdrawn or cancelled, and come again for the same person and month, to the household that had
/// them, wherever the person is now.
async fn keep_households(tx: &mut TenantTx, import: BatchId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update staged_expenses s set household_code = before.household_code
         from (
             select r.row, h.household_code
             from staged_expenses r
             cross join lateral (
                 select h.household_code from expense_history h
                 where h.tenant_id = $1 and h.claim_number = r.claim_number
                   and h.member_code = r.person_code and h.treatment_month = r.treatment_month
                 order by h.ended_at desc limit 1
             ) h
             where r.tenant_id = $1 and r.import_id = $2
               -- Most unions' files find no history at all, and no row is looked up then.
               and exists (select from expense_history h where h.tenant_id = $1)
         ) before
         where s.tenant_id = $1 and s.import_id = $2 and s.row = before.row",
        tx.tenant() as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// The statement that gives claims their numbers; `$taken` says what happens if a number is taken.
macro_rules! claims_insert {
    ($tenant:expr, $import:expr, $which:expr, $taken:literal) => {
        sqlx::query!(
            "insert into expense_claims (tenant_id, claim_number, household_code, notice_month)
             select s.tenant_id, s.claim_number, coalesce(s.household_code, m.household_code),
                    s.notice_month
             from staged_expenses s
             join members m on m.tenant_id = $1 and m.code = s.person_code
             where s.tenant_id = $1 and s.import_id = $2
               and case when $3 then s.outcome = 'corrected'
                        else coalesce(s.correction, 'new') = 'new' end "
                + $taken,
            $tenant as TenantId,
            $import as BatchId,
            $which == Claims::Corrected
        )
    };
}

/// Gives claims their numbers, where these are free. Returns the number of claims that got theirs.
///
/// Most files bring new numbers only. To insert them without looking for each first takes less than half as long, so that
/// is tried first. If a number is taken, the whole attempt is undone.
async fn number_claims(
    tx: &mut TenantTx,
    import: BatchId,
    which: Claims,
) -> Result<i64, sqlx::Error> {
    let tenant = tx.tenant();
    let mut attempt = tx.conn().begin().await?;
    match claims_insert!(tenant, import, which, "").execute(&mut *attempt).await {
        Ok(done) => {
            attempt.commit().await?;
            return Ok(row_count(done.rows_affected()));
        }
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            attempt.rollback().await?;
        }
        Err(error) => return Err(error),
    }
    let free = claims_insert!(tenant, import, which, "on conflict do nothing");
    Ok(row_count(free.execute(tx.conn()).await?.rows_affected()))
}

/// Writes new and corrected rows into the ledger. Returns the number of rows.
///
/// The ledger's key begins with the household, so rows in this order grow its index at fewer places, and a household's
/// rows come to stand together.
async fn insert(tx: &mut TenantTx, import: BatchId) -> Result<i64, sqlx::Error> {
    let done = sqlx::query!(
        "insert into expenses (tenant_id, household_code, notice_month, claim_number, member_code,
                               treatment_month, institution, care, days, total_yen, insurer_yen,
                               public_yen, out_of_pocket_yen, computed, remarks, batch_id)
         select s.tenant_id, coalesce(s.household_code, m.household_code), s.notice_month,
                s.claim_number, s.person_code, s.treatment_month, s.institution, s.care, s.days,
                s.total, s.insurer_paid, s.public_paid, s.out_of_pocket, s.computed, s.remarks,
                s.import_id
         from staged_expenses s
         join members m on m.tenant_id = $1 and m.code = s.person_code
         where s.tenant_id = $1 and s.import_id = $2
           and (s.outcome is null or s.outcome = 'corrected')
         order by coalesce(s.household_code, m.household_code), s.notice_month",
        tx.tenant() as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await?;
    Ok(row_count(done.rows_affected()))
}

/// Adds new and corrected rows to the sums of their months.
async fn add_sums(tx: &mut TenantTx, import: BatchId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into expense_months as kept
             (tenant_id, notice_month, rows, total_yen, out_of_pocket_yen)
         select $1, s.notice_month, count(*), sum(s.total), sum(s.out_of_pocket)
         from staged_expenses s
         where s.tenant_id = $1 and s.import_id = $2 and s.person_code is not null
           and (s.outcome is null or s.outcome = 'corrected')
         group by s.notice_month
         on conflict (tenant_id, notice_month) do update
         set rows = kept.rows + excluded.rows, total_yen = kept.total_yen + excluded.total_yen,
             out_of_pocket_yen = kept.out_of_pocket_yen + excluded.out_of_pocket_yen",
        tx.tenant() as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Returns the months of new and changed rows and of their `former` rows, and tells which of them are published.
async fn changed_months(
    tx: &mut TenantTx,
    import: BatchId,
    former: &[Month],
) -> Result<Vec<ChangedMonth>, sqlx::Error> {
    sqlx::query_as!(
        ChangedMonth,
        r#"select changed.month as "month!: Month",
                  exists (select from record_notices n
                          where n.tenant_id = $1 and n.kind = 'expenses'
                            and n.month = changed.month) as "published!"
           from (select s.notice_month as month from staged_expenses s
                 where s.tenant_id = $1 and s.import_id = $2 and s.notice_month is not null
                   and (s.outcome is null or s.outcome = 'corrected')
                 union
                 select unnest($3::date[])) changed
           order by changed.month"#,
        tx.tenant() as TenantId,
        import as BatchId,
        former as &[Month]
    )
    .fetch_all(tx.conn())
    .await
}
