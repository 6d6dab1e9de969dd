//! Brings the ledger in line with the staged rows, a set at a time.

use super::{COLUMNS, repeated};
use crate::base::clock::Clock;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::import::{Counts, ImportError, ImportRun, RowErrors};

/// Notes rows that stand twice, people the union doesn't know, and corrections of what is not there.
pub(super) async fn check(
    tx: &mut TenantTx,
    corrects: bool,
    errors: &mut RowErrors,
) -> Result<(), sqlx::Error> {
    let [claim_number, person_code, ..] = COLUMNS.map(|column| column.heading);
    let correction = COLUMNS[12].heading;
    sqlx::query("analyze staged_expenses").execute(tx.conn()).await?;
    for (row, first) in repeated(tx, "staged_expenses").await? {
        let message = format!("同じ明細番号が{first}行目にもあります");
        errors.add(row.unsigned_abs(), claim_number, message);
    }
    let strangers: Vec<(i64, String)> = sqlx::query_as(
        "select row, member_code from staged_expenses s
         where member_code is not null
           and not exists (select from members m where m.code = s.member_code)
         order by row limit 1001",
    )
    .fetch_all(tx.conn())
    .await?;
    for (row, code) in strangers {
        let message = format!("個人コード「{code}」の加入者が登録されていません");
        errors.add(row.unsigned_abs(), person_code, message);
    }
    if !corrects {
        return Ok(());
    }
    let missing: Vec<(i64, String)> = sqlx::query_as(
        "select row, claim_number from staged_expenses s
         where correction in ('replace', 'cancel')
           and not exists (select from expense_claims c where c.claim_number = s.claim_number)
         order by row limit 1001",
    )
    .fetch_all(tx.conn())
    .await?;
    for (row, claim) in missing {
        let message = format!("訂正・取消のもとになる明細番号「{claim}」がありません");
        errors.add(row.unsigned_abs(), correction, message);
    }
    Ok(())
}

/// Claims are given their numbers first; only where some of them had theirs already is the file compared
/// with the ledger. Of `rows` staged rows, `left` were left out since.
pub(super) async fn merge(
    tx: &mut TenantTx,
    clock: &Clock,
    run: &ImportRun,
    rows: i64,
    left: i64,
) -> Result<Counts, ImportError> {
    keep_households(tx).await?;
    let claimed = execute(
        tx,
        "insert into expense_claims (claim_number, household_code, notice_month)
         select s.claim_number, coalesce(s.household_code, m.household_code), s.notice_month
         from staged_expenses s join members m on m.code = s.member_code
         where s.correction is null or s.correction = 'new'
         on conflict do nothing",
    )
    .await?;
    let known = rows - left - claimed;
    let ended = if known > 0 { end_others(tx, clock, run, known).await? } else { Ended::default() };
    let inserted = sqlx::query(
        "insert into expenses (household_code, notice_month, claim_number, member_code,
                               treatment_month, institution, care, days, total_yen, insurer_yen,
                               public_yen, out_of_pocket_yen, computed, remarks, batch_id)
         select coalesce(s.household_code, m.household_code), s.notice_month, s.claim_number,
                s.member_code, s.treatment_month, s.institution, s.care, s.days, s.total_yen,
                s.insurer_yen, s.public_yen, s.out_of_pocket_yen, s.computed, s.remarks, $1
         from staged_expenses s join members m on m.code = s.member_code",
    )
    .bind(run.batch)
    .execute(tx.conn())
    .await?;
    let inserted = i64::try_from(inserted.rows_affected()).unwrap_or(i64::MAX);
    keep_sums(tx).await?;
    let added = inserted - ended.replaced;
    let changed = ended.replaced + ended.cancelled;
    Ok(Counts { added, changed, unchanged: rows - added - changed })
}

/// A claim that was withdrawn or cancelled, and comes again for the same person and month, is the
/// household's that had it, wherever the person is now.
async fn keep_households(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    execute(
        tx,
        "update staged_expenses s set household_code = before.household_code
         from (
             select distinct on (h.claim_number, h.member_code, h.treatment_month)
                    h.claim_number, h.member_code, h.treatment_month, h.household_code
             from expense_history h
             where h.claim_number in (select claim_number from staged_expenses)
             order by h.claim_number, h.member_code, h.treatment_month, h.ended_at desc
         ) before
         where before.claim_number = s.claim_number and before.member_code = s.member_code
           and before.treatment_month = s.treatment_month",
    )
    .await
    .map(drop)
}

/// Rows of the ledger that the file ends.
#[derive(Default)]
struct Ended {
    replaced: i64,
    cancelled: i64,
}

/// Takes out of the ledger, and into history, what the file replaces or cancels; and out of the staging
/// table what needs no writing. `known`: how many of the file's claims had their numbers.
async fn end_others(
    tx: &mut TenantTx,
    clock: &Clock,
    run: &ImportRun,
    known: i64,
) -> Result<Ended, ImportError> {
    let standing = execute(
        tx,
        "insert into standing
         select e.*, s.row, coalesce(s.correction = 'cancel', false)
         from staged_expenses s
         join expense_claims c on c.claim_number = s.claim_number
         join expenses e on e.household_code = c.household_code
                        and e.notice_month = c.notice_month and e.claim_number = c.claim_number",
    )
    .await?;
    if standing != known {
        let message = format!("{known}件の明細番号に対して、明細が{standing}件あります");
        return Err(ImportError::Inconsistent(message));
    }
    drop_the_same(tx).await?;
    refuse_clashes(tx).await?;
    execute(
        tx,
        "update staged_expenses s set household_code = t.household_code
         from standing t where t.row = s.row and t.member_code = s.member_code",
    )
    .await?;
    keep_history(tx, clock, run).await?;
    let ended = execute(
        tx,
        "delete from expenses e using standing t
         where e.household_code = t.household_code and e.notice_month = t.notice_month
           and e.claim_number = t.claim_number",
    )
    .await?;
    let cancelled = execute(
        tx,
        "delete from expense_claims c using standing t
         where c.claim_number = t.claim_number and t.cancelled",
    )
    .await?;
    execute(
        tx,
        "update expense_claims c
         set household_code = coalesce(s.household_code, m.household_code),
             notice_month = s.notice_month
         from staged_expenses s join members m on m.code = s.member_code
         where s.claim_number = c.claim_number
           and s.row in (select row from standing where not cancelled)",
    )
    .await?;
    Ok(Ended { replaced: ended - cancelled, cancelled })
}

/// What the file says just as the ledger does.
async fn drop_the_same(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    execute(
        tx,
        "with same as (
             delete from standing t using staged_expenses s
             where s.row = t.row and not t.cancelled
               and (t.member_code, t.notice_month, t.treatment_month, t.institution, t.care, t.days,
                    t.total_yen, t.insurer_yen, t.public_yen, t.out_of_pocket_yen, t.computed,
                    t.remarks)
                 is not distinct from
                   (s.member_code, s.notice_month, s.treatment_month, s.institution, s.care, s.days,
                    s.total_yen, s.insurer_yen, s.public_yen, s.out_of_pocket_yen, s.computed,
                    s.remarks)
             returning t.row
         )
         delete from staged_expenses s using same where s.row = same.row",
    )
    .await?;
    execute(tx, "analyze standing").await.map(drop)
}

/// A row that says it is new must not replace another.
async fn refuse_clashes(tx: &mut TenantTx) -> Result<(), ImportError> {
    let clashes: Vec<(i64, String)> = sqlx::query_as(
        "select s.row, s.claim_number from standing t join staged_expenses s on s.row = t.row
         where s.correction = 'new' order by s.row limit 1001",
    )
    .fetch_all(tx.conn())
    .await?;
    let mut errors = RowErrors::default();
    for (row, claim) in clashes {
        let message = format!("明細番号「{claim}」の、内容の違う明細がすでにあります");
        errors.add(row.unsigned_abs(), COLUMNS[0].heading, message);
    }
    errors.into_result()
}

async fn keep_history(
    tx: &mut TenantTx,
    clock: &Clock,
    run: &ImportRun,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into expense_history
             (claim_number, ended_by, ended_at, reason, household_code, notice_month, member_code,
              treatment_month, institution, care, days, total_yen, insurer_yen, public_yen,
              out_of_pocket_yen, computed, remarks, batch_id)
         select claim_number, $1, $2, case when cancelled then 'cancelled' else 'corrected' end,
                household_code, notice_month, member_code, treatment_month, institution, care, days,
                total_yen, insurer_yen, public_yen, out_of_pocket_yen, computed, remarks, batch_id
         from standing",
    )
    .bind(run.batch)
    .bind(clock.now())
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Adds what came to the sums of its months, and takes off what went.
async fn keep_sums(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into expense_months as kept
             (tenant_id, notice_month, rows, total_yen, out_of_pocket_yen)
         select $1, notice_month, sum(rows), sum(total_yen), sum(out_of_pocket_yen)
         from (
             select notice_month, count(*) as rows, sum(total_yen) as total_yen,
                    sum(out_of_pocket_yen) as out_of_pocket_yen
             from staged_expenses where member_code is not null group by notice_month
             union all
             select notice_month, -count(*), -sum(total_yen), -sum(out_of_pocket_yen)
             from standing where tenant_id = $1 group by notice_month
         ) change
         group by notice_month
         on conflict (tenant_id, notice_month) do update
         set rows = kept.rows + excluded.rows, total_yen = kept.total_yen + excluded.total_yen,
             out_of_pocket_yen = kept.out_of_pocket_yen + excluded.out_of_pocket_yen",
    )
    .bind(tx.tenant())
    .execute(tx.conn())
    .await?;
    sqlx::query("delete from expense_months where tenant_id = $1 and rows = 0")
        .bind(tx.tenant())
        .execute(tx.conn())
        .await
        .map(drop)
}

/// The months of what the file changed, oldest first, and whether people see them.
pub(super) async fn months(tx: &mut TenantTx) -> Result<Vec<(Month, bool)>, sqlx::Error> {
    sqlx::query_as(
        "select s.month, exists (select from record_notices n
                                where n.tenant_id = $1 and n.kind = 'expenses'
                                  and n.month = s.month)
         from (select notice_month as month from staged_expenses where notice_month is not null
               union select notice_month from standing) s
         order by 1",
    )
    .bind(tx.tenant())
    .fetch_all(tx.conn())
    .await
}

async fn execute(tx: &mut TenantTx, statement: &'static str) -> Result<i64, sqlx::Error> {
    let done = sqlx::query(statement).execute(tx.conn()).await?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}
