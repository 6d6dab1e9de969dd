//! Ends what a file replaces or cancels: out of the ledger, and into history.
//!
//! The ledger is a hundred times as large as a file. So its rows are looked up by their keys, one for each
//! staged row (`cross join lateral … limit 1`), whatever the planner believes of the file's size: it never reads the whole
//! ledger for ten corrections.

use super::layout::ExpenseColumn;
use crate::base::clock::Clock;
use crate::base::ids::{BatchId, TenantId};
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::expenses::history::into_history;
use crate::import::layout::Layout as _;
use crate::import::staged::StagedFile;
use crate::import::{ImportError, RowErrors, row_count};

/// Rows of the ledger that the file ends.
#[derive(Default)]
pub(super) struct Ended {
    pub(super) replaced: i64,
    pub(super) cancelled: i64,
    /// The months that they stood in.
    pub(super) months: Vec<Month>,
}

/// Takes out of the ledger, and into history, what the file replaces or cancels. `known`: how many of the file's
/// claims had their numbers.
pub(super) async fn end_others(
    tx: &mut TenantTx,
    clock: &Clock,
    import: BatchId,
    file: &StagedFile,
    known: i64,
) -> Result<Ended, ImportError> {
    let standing = compare(tx, import).await?;
    if standing != known {
        let message = format!("{known}件の明細番号に対して、明細が{standing}件あります");
        return Err(ImportError::Inconsistent(message));
    }
    refuse_clashes(tx, import, file).await?;
    let ended = count_ended(tx, import).await?;
    if ended.replaced + ended.cancelled > 0 {
        keep_history(tx, clock, import).await?;
        take_off_sums(tx, import).await?;
        delete_ended(tx, import).await?;
    }
    Ok(ended)
}

/// Holds the staged rows against the ledger's of the same claims, and notes what each does to its one. A row stays with
/// the family that had it, unless it is another person's now. Returns how many there are.
async fn compare(tx: &mut TenantTx, import: BatchId) -> Result<i64, sqlx::Error> {
    let compared = sqlx::query!(
        "update staged_expenses s
         set outcome = compared.outcome,
             household_code = coalesce(compared.household_code, s.household_code)
         from (
             select r.row,
                    case when e.member_code = r.person_code then e.household_code end
                        as household_code,
                    case when r.correction = 'cancel' then 'cancelled'
                         when (e.member_code, e.notice_month, e.treatment_month, e.institution,
                               e.care, e.days, e.total_yen, e.insurer_yen, e.public_yen,
                               e.out_of_pocket_yen, e.computed, e.remarks)
                              is not distinct from
                              (r.person_code, r.notice_month, r.treatment_month, r.institution,
                               r.care, r.days, r.total, r.insurer_paid, r.public_paid,
                               r.out_of_pocket, r.computed, r.remarks) then 'same'
                         else 'corrected' end as outcome
             from staged_expenses r
             cross join lateral (
                 select c.household_code, c.notice_month from expense_claims c
                 where c.tenant_id = $1 and c.claim_number = r.claim_number limit 1
             ) c
             cross join lateral (
                 select e.* from expenses e
                 where e.tenant_id = $1 and e.household_code = c.household_code
                   and e.notice_month = c.notice_month and e.claim_number = r.claim_number limit 1
             ) e
             where r.tenant_id = $1 and r.import_id = $2
         ) compared
         where s.tenant_id = $1 and s.import_id = $2 and s.row = compared.row",
        tx.tenant() as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await?;
    Ok(row_count(compared.rows_affected()))
}

/// A row that says it is new must not replace another.
async fn refuse_clashes(
    tx: &mut TenantTx,
    import: BatchId,
    file: &StagedFile,
) -> Result<(), ImportError> {
    let clashes = sqlx::query!(
        "select row, claim_number from staged_expenses
         where tenant_id = $1 and import_id = $2 and outcome = 'corrected' and correction = 'new'
         order by row limit 1001",
        tx.tenant() as TenantId,
        import as BatchId
    )
    .fetch_all(tx.conn())
    .await?;
    let mut errors = RowErrors::default();
    let heading = file.heading(ExpenseColumn::ClaimNumber.column());
    for clash in clashes {
        let message =
            format!("明細番号「{}」の、内容の違う明細がすでにあります", clash.claim_number);
        errors.add(clash.row.unsigned_abs(), heading, message);
    }
    errors.into_result()
}

async fn count_ended(tx: &mut TenantTx, import: BatchId) -> Result<Ended, sqlx::Error> {
    sqlx::query_as!(
        Ended,
        r#"select count(*) filter (where s.outcome = 'corrected') as "replaced!",
                  count(*) filter (where s.outcome = 'cancelled') as "cancelled!",
                  coalesce(array_agg(distinct c.notice_month), '{}') as "months!: Vec<Month>"
           from staged_expenses s
           cross join lateral (
               select c.notice_month from expense_claims c
               where c.tenant_id = $1 and c.claim_number = s.claim_number limit 1
           ) c
           where s.tenant_id = $1 and s.import_id = $2
             and s.outcome in ('corrected', 'cancelled')"#,
        tx.tenant() as TenantId,
        import as BatchId
    )
    .fetch_one(tx.conn())
    .await
}

async fn keep_history(
    tx: &mut TenantTx,
    clock: &Clock,
    import: BatchId,
) -> Result<(), sqlx::Error> {
    into_history!(
        "",
        "reason" from "(
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
        ) ended",
        tx,
        import as BatchId,
        clock.now()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Deletes the rows that the file ends, with their claims.
async fn delete_ended(tx: &mut TenantTx, import: BatchId) -> Result<(), sqlx::Error> {
    let tenant = tx.tenant();
    sqlx::query!(
        "delete from expenses e using (
             select c.household_code, c.notice_month, c.claim_number
             from staged_expenses s
             cross join lateral (
                 select c.household_code, c.notice_month, c.claim_number from expense_claims c
                 where c.tenant_id = $1 and c.claim_number = s.claim_number limit 1
             ) c
             where s.tenant_id = $1 and s.import_id = $2
               and s.outcome in ('corrected', 'cancelled')
         ) ended
         where e.tenant_id = $1 and e.household_code = ended.household_code
           and e.notice_month = ended.notice_month and e.claim_number = ended.claim_number",
        tenant as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from expense_claims
         where tenant_id = $1
           and claim_number = any (array(select s.claim_number from staged_expenses s
                                         where s.tenant_id = $1 and s.import_id = $2
                                           and s.outcome in ('corrected', 'cancelled')))",
        tenant as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Takes the rows that the file ends off the sums of their months.
async fn take_off_sums(tx: &mut TenantTx, import: BatchId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update expense_months kept
         set rows = kept.rows - ended.rows, total_yen = kept.total_yen - ended.total_yen,
             out_of_pocket_yen = kept.out_of_pocket_yen - ended.out_of_pocket_yen
         from (
             select c.notice_month, count(*) as rows, sum(e.total_yen) as total_yen,
                    sum(e.out_of_pocket_yen) as out_of_pocket_yen
             from staged_expenses s
             cross join lateral (
                 select c.household_code, c.notice_month from expense_claims c
                 where c.tenant_id = $1 and c.claim_number = s.claim_number limit 1
             ) c
             cross join lateral (
                 select e.total_yen, e.out_of_pocket_yen from expenses e
                 where e.tenant_id = $1 and e.household_code = c.household_code
                   and e.notice_month = c.notice_month and e.claim_number = s.claim_number limit 1
             ) e
             where s.tenant_id = $1 and s.import_id = $2
               and s.outcome in ('corrected', 'cancelled')
             group by c.notice_month
         ) ended
         where kept.tenant_id = $1 and kept.notice_month = ended.notice_month",
        tx.tenant() as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
