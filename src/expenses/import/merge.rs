//! Brings the ledger in line with the staged rows, a set at a time.
//!
//! The ledger is a hundred times as large as a file. So its rows are looked up by their keys, one for each
//! staged row (`cross join lateral … limit 1`), whatever the planner believes of the file's size: it never reads the whole
//! ledger for ten corrections.

use super::check;
use super::layout::ExpenseColumn;
use super::staged::StagedSums;
use crate::base::clock::Clock;
use crate::base::ids::{BatchId, TenantId};
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::expenses::history::into_history;
use crate::import::layout::Layout as _;
use crate::import::staged::StagedFile;
use crate::import::{Counts, ImportError, ImportRun, RowErrors};

/// What the merge came to.
pub(super) struct Merged {
    pub(super) counts: Counts,
    /// Oldest first.
    pub(super) months: Vec<ChangedMonth>,
}

/// A month of new or changed rows.
#[derive(Debug)]
pub(super) struct ChangedMonth {
    pub(super) month: Month,
    pub(super) published: bool,
}

/// Which claims are given their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claims {
    /// Those that no correction is about.
    New,
    /// Those whose earlier rows were ended.
    Corrected,
}

/// Claims are given their numbers first. If all of a file's rows got theirs, no number stood twice or was in the ledger,
/// and everybody is known: that needs no other look. Else the file is compared with the ledger. Of the staged rows,
/// `left` were left out since.
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
        ended = end_others(tx, clock, import, file, known).await?;
    }
    let inserted = insert(tx, import).await?;
    add_sums(tx, import).await?;
    let added = inserted - ended.replaced;
    let changed = ended.replaced + ended.cancelled;
    let counts = Counts { added, changed, unchanged: staged.rows - added - changed };
    let months = changed_months(tx, import, &ended.months).await?;
    Ok(Merged { counts, months })
}

/// A claim that was withdrawn or cancelled, and comes again for the same person and month, is the
/// household's that had it, wherever the person is now.
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

/// Gives claims their numbers, where these are free; returns how many.
async fn number_claims(
    tx: &mut TenantTx,
    import: BatchId,
    which: Claims,
) -> Result<i64, sqlx::Error> {
    let done = sqlx::query!(
        "insert into expense_claims (tenant_id, claim_number, household_code, notice_month)
         select s.tenant_id, s.claim_number, coalesce(s.household_code, m.household_code),
                s.notice_month
         from staged_expenses s
         join members m on m.tenant_id = $1 and m.code = s.person_code
         where s.tenant_id = $1 and s.import_id = $2
           and case when $3 then s.outcome = 'corrected'
                    else s.correction is null or s.correction = 'new' end
         on conflict do nothing",
        tx.tenant() as TenantId,
        import as BatchId,
        which == Claims::Corrected
    )
    .execute(tx.conn())
    .await?;
    Ok(rows(done.rows_affected()))
}

/// Rows of the ledger that the file ends.
#[derive(Default)]
struct Ended {
    replaced: i64,
    cancelled: i64,
    /// The months that they stood in.
    months: Vec<Month>,
}

/// Takes out of the ledger, and into history, what the file replaces or cancels. `known`: how many of the file's
/// claims had their numbers.
async fn end_others(
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
        number_claims(tx, import, Claims::Corrected).await?;
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
    Ok(rows(compared.rows_affected()))
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

/// Writes new and corrected rows into the ledger; returns how many.
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
           and (s.outcome is null or s.outcome = 'corrected')",
        tx.tenant() as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await?;
    Ok(rows(done.rows_affected()))
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

/// Adds what came to the sums of its months; a month without rows has none.
async fn add_sums(tx: &mut TenantTx, import: BatchId) -> Result<(), sqlx::Error> {
    let tenant = tx.tenant();
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
        tenant as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from expense_months where tenant_id = $1 and rows = 0", tenant as TenantId)
        .execute(tx.conn())
        .await
        .map(drop)
}

/// The months of what the file changed, with those in which its former rows stood, and whether people see them.
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

fn rows(affected: u64) -> i64 {
    i64::try_from(affected).unwrap_or(i64::MAX)
}
