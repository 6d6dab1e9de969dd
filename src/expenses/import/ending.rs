//! Ends the rows that a file replaces or cancels: they leave the ledger, and history keeps them.
//!
//! The ledger is a hundred times as large as a file. So [`compare`] looks its rows up by their keys, one for each staged row
//! (`cross join lateral … limit 1`), whatever the planner believes of the file's size: ten corrections never make it read the
//! whole ledger. It notes where each row stands, so that nothing else has to look for it again.

use super::layout::ExpenseColumn;
use crate::base::clock::Clock;
use crate::base::ids::{BatchId, TenantId};
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::expenses::history::into_history;
use crate::import::layout::Layout as _;
use crate::import::staged::StagedFile;
use crate::import::{ImportError, RowErrors};

/// The effect of the file on rows of the ledger.
#[derive(Default)]
pub(super) struct Ended {
    /// Rows of claims that stand in the file, too.
    standing: i64,
    pub(super) replaced: i64,
    pub(super) cancelled: i64,
    /// Rows that stay as they are, since another file brought them after this one came first.
    pub(super) left: i64,
    /// The months in which replaced and cancelled rows stood.
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
    let ended = compare(tx, import, file).await?;
    if ended.standing != known {
        let message = format!("{known}件の明細番号に対して、明細が{}件あります", ended.standing);
        return Err(ImportError::Inconsistent(message));
    }
    refuse_clashes(tx, import, file).await?;
    if ended.replaced + ended.cancelled > 0 {
        end(tx, clock, import).await?;
    }
    Ok(ended)
}

/// Compares the staged rows with the ledger's rows of the same claims. Notes with each staged row where its claim's row
/// stands, and what becomes of that. A row stays with the family that had it, unless it is another person's now.
///
/// A UKE file that comes again (its rows say no more that they are new) mends only what it brought itself. Claims that
/// stand by another file were completed by hand, since the file found no person for them at first: they are left.
async fn compare(
    tx: &mut TenantTx,
    import: BatchId,
    file: &StagedFile,
) -> Result<Ended, sqlx::Error> {
    sqlx::query_as!(
        Ended,
        r#"with compared as (
               update staged_expenses s
               set outcome = found.outcome, former_household_code = found.household_code,
                   former_notice_month = found.notice_month,
                   household_code = case when found.is_same_person then found.household_code
                                         else s.household_code end
               from (
                   select r.row, e.household_code, e.notice_month,
                          coalesce(e.member_code = r.person_code, false) as is_same_person,
                          case when r.correction = 'cancel' then 'cancelled'
                               when $3 and r.correction is null and not exists (
                                   select from import_batches b
                                   where b.tenant_id = $1 and b.id = e.batch_id
                                     and b.kind = 'expenses' and b.file_sha256 = $4
                                     and b.reading = $5) then 'left'
                               when (e.member_code, e.notice_month, e.treatment_month,
                                     e.institution, e.care, e.days, e.total_yen, e.insurer_yen,
                                     e.public_yen, e.out_of_pocket_yen, e.computed, e.remarks)
                                    is not distinct from
                                    (r.person_code, r.notice_month, r.treatment_month,
                                     r.institution, r.care, r.days, r.total, r.insurer_paid,
                                     r.public_paid, r.out_of_pocket, r.computed, r.remarks)
                                    then 'same'
                               else 'corrected' end as outcome
                   from staged_expenses r
                   cross join lateral (
                       select c.household_code, c.notice_month from expense_claims c
                       where c.tenant_id = $1 and c.claim_number = r.claim_number limit 1
                   ) c
                   cross join lateral (
                       select e.* from expenses e
                       where e.tenant_id = $1 and e.household_code = c.household_code
                         and e.notice_month = c.notice_month
                         and e.claim_number = r.claim_number limit 1
                   ) e
                   where r.tenant_id = $1 and r.import_id = $2
               ) found
               where s.tenant_id = $1 and s.import_id = $2 and s.row = found.row
               returning s.outcome, s.former_notice_month
           )
           select count(*) as "standing!",
                  count(*) filter (where outcome = 'corrected') as "replaced!",
                  count(*) filter (where outcome = 'cancelled') as "cancelled!",
                  count(*) filter (where outcome = 'left') as "left!",
                  coalesce(array_agg(distinct former_notice_month)
                               filter (where outcome in ('corrected', 'cancelled')), '{}')
                      as "months!: Vec<Month>"
           from compared"#,
        tx.tenant() as TenantId,
        import as BatchId,
        file.notice.is_some(),
        file.sha256,
        file.reading
    )
    .fetch_one(tx.conn())
    .await
}

/// Refuses rows that say they are new where another row has their number.
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

/// Ends the rows that the file replaces or cancels.
async fn end(tx: &mut TenantTx, clock: &Clock, import: BatchId) -> Result<(), sqlx::Error> {
    into_history!(
        "delete from expenses e using staged_expenses s
         where s.tenant_id = $1 and s.import_id = $2 and s.outcome in ('corrected', 'cancelled')
           and e.tenant_id = $1 and e.household_code = s.former_household_code
           and e.notice_month = s.former_notice_month and e.claim_number = s.claim_number
         returning e.*, s.outcome as reason",
        tx,
        import as BatchId,
        clock.now()
    )
    .fetch_one(tx.conn())
    .await
    .map(drop)
}
