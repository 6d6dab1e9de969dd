//! Takes in a file of expenses: all of it or nothing.
//!
//! Rows go into a staging table as they are read; then people are looked up, and the ledger is
//! brought in line, a set at a time in the same transaction. A row is known by the union's own
//! number of it, so the same file twice changes nothing. What a correction replaces or cancels is kept in
//! history; and a file that comes again after its corrections undoes none of them.

mod merge;
mod rows;

use sqlx::AssertSqlSafe;

use crate::base::clock::Clock;
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::import::batches::{self, Kind};
use crate::import::columns::Mapping;
use crate::import::rows::Progress;
use crate::import::source::Source;
use crate::import::{Counts, ImportError, ImportRun, RowErrors};

pub use self::rows::COLUMNS;
pub(super) use self::rows::COMPUTED;
use super::uke::{self, Unmatched};

/// What a file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    pub counts: Counts,
    pub sums: Sums,
    /// Rows of a file that was taken in before, whose claims were corrected by it or since; they stay as the
    /// ledger has them.
    pub left: i64,
    /// Months of new and changed rows: those that people see already, and those they don't yet.
    pub published: Vec<Month>,
    pub unpublished: Vec<Month>,
}

/// The sums over a file's rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    pub total: Yen,
    pub out_of_pocket: Yen,
}

/// How a file is written.
#[derive(Debug, Clone, Copy)]
pub enum Format<'f> {
    /// The documented layout, or headings that are mapped to it.
    Csv(&'f Mapping),
    /// Claims as the clearing house sends them, for a month's notice.
    Uke { notice: Month },
}

/// Claims that nobody could be found for, as the import goes on without them.
pub type LeaveOut<'l> = dyn FnMut(&[Unmatched]) -> std::io::Result<()> + Send + 'l;

/// What the import needs to know besides the file.
pub struct ExpensesImport<'i> {
    pub run: &'i ImportRun,
    pub clock: &'i Clock,
    pub format: Format<'i>,
}

/// Rows that were read and staged.
#[derive(Debug, Default)]
pub(super) struct Staged {
    pub(super) rows: u64,
    pub(super) sums: Sums,
    /// Whether some of them correct others.
    pub(super) corrects: bool,
    /// What besides its content says what the file's rows mean.
    pub(super) reading: String,
    /// Rows that were taken out again, since the ledger has them by another file.
    pub(super) left: i64,
}

impl ExpensesImport<'_> {
    /// Takes the file in. The caller commits, or drops the transaction after a dry run. `leave_out` is
    /// given the claims that nobody could be found for, and keeps them; without it they are mistakes.
    ///
    /// # Errors
    /// All mistakes of the file by row and column; nothing was taken in then.
    pub async fn import(
        &self,
        tx: &mut TenantTx,
        source: &mut Source,
        leave_out: Option<&mut LeaveOut<'_>>,
        progress: &mut Progress<'_>,
    ) -> Result<Imported, ImportError> {
        prepare(tx).await?;
        let mut errors = RowErrors::default();
        let staged = match self.format {
            Format::Csv(mapping) => rows::stage(tx, source, mapping, progress, &mut errors).await?,
            Format::Uke { notice } => {
                let reading = format!("uke {notice}");
                let again = batches::knows(tx, Kind::Expenses, source, &reading).await?;
                let uke = uke::stage(tx, source, notice, again, progress, &mut errors).await?;
                if errors.is_empty() {
                    set_aside(&uke.unmatched, leave_out, &mut errors)?;
                }
                let left = match again {
                    true => leave_what_others_brought(tx, source, &reading).await?,
                    false => 0,
                };
                Staged { rows: uke.rows, sums: uke.sums, corrects: false, reading, left }
            }
        };
        let reading = &staged.reading;
        let left = staged.left + leave_what_came_after(tx, source, reading).await?;
        merge::check(tx, staged.corrects, &mut errors).await?;
        errors.into_result()?;
        let rows = i64::try_from(staged.rows).unwrap_or(i64::MAX);
        let counts = merge::merge(tx, self.clock, self.run, rows, left).await?;
        let months = merge::months(tx).await?;
        batches::record(tx, self.clock, self.run, Kind::Expenses, source, reading, counts).await?;
        let (published, unpublished) = months.into_iter().partition(|(_, published)| *published);
        let months = |months: Vec<(Month, bool)>| months.into_iter().map(|(month, _)| month);
        Ok(Imported {
            counts,
            sums: staged.sums,
            left,
            published: months(published).collect(),
            unpublished: months(unpublished).collect(),
        })
    }
}

async fn prepare(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    batches::lock(tx, Kind::Expenses).await?;
    // Nobody moves to another household meanwhile.
    batches::lock(tx, Kind::Members).await?;
    // Of a row that cancels another, nothing but its number is read.
    sqlx::query(
        "create temporary table staged_expenses (
             row bigint not null, claim_number text not null, member_code text,
             household_code text,
             notice_month date, treatment_month date, institution text, care text, days smallint,
             total_yen bigint, insurer_yen bigint, public_yen bigint, out_of_pocket_yen bigint,
             computed boolean not null, remarks text,
             correction text check (correction in ('new', 'replace', 'cancel'))
         ) on commit drop",
    )
    .execute(tx.conn())
    .await?;
    // The rows that the ledger has of the file's claims.
    sqlx::query(
        "create temporary table standing (
             like expenses, row bigint not null, cancelled boolean not null
         ) on commit drop",
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Rows of a staging table, whose name is the program's own, with a claim number that stands in an
/// earlier row: theirs, and the first.
pub(super) async fn repeated(
    tx: &mut TenantTx,
    table: &'static str,
) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let query = format!(
        "select s.row, same.first from {table} s join (
             select claim_number, min(row) as first from {table}
             group by claim_number having count(*) > 1
         ) same using (claim_number) where s.row > same.first order by s.row limit 1001"
    );
    sqlx::query_as(AssertSqlSafe(query)).fetch_all(tx.conn()).await
}

/// Claims without a person are kept where the operator said, or are mistakes of the file.
fn set_aside(
    unmatched: &[Unmatched],
    leave_out: Option<&mut LeaveOut<'_>>,
    errors: &mut RowErrors,
) -> Result<(), ImportError> {
    match leave_out {
        Some(leave_out) => leave_out(unmatched)?,
        None => {
            for claim in unmatched {
                errors.add(claim.row, &claim.claim, claim.reason.to_string());
            }
        }
    }
    Ok(())
}

/// A UKE file that comes again mends what it brought itself. Claims that stand by another file were completed
/// by hand, since nobody was found for them at first: they stay. Returns the number of rows skipped.
async fn leave_what_others_brought(
    tx: &mut TenantTx,
    source: &Source,
    reading: &str,
) -> Result<i64, sqlx::Error> {
    let statement = "
        delete from staged_expenses s using expense_claims c, expenses e
        where c.claim_number = s.claim_number
          and e.household_code = c.household_code and e.notice_month = c.notice_month
          and e.claim_number = c.claim_number
          and e.batch_id not in (select id from import_batches
                                 where kind = 'expenses' and file_sha256 = $1 and reading = $2)";
    delete_of_file(tx, statement, source, reading).await
}

/// Deletes staged rows by a file's content ($1) and reading ($2); how many they were.
async fn delete_of_file(
    tx: &mut TenantTx,
    statement: &'static str,
    source: &Source,
    reading: &str,
) -> Result<i64, sqlx::Error> {
    let query = sqlx::query(statement).bind(source.sha256.as_slice()).bind(reading);
    let deleted = query.execute(tx.conn()).await?;
    Ok(i64::try_from(deleted.rows_affected()).unwrap_or(i64::MAX))
}

/// A file that was taken in before has had its say: what was corrected since then stays, unless its
/// notice was withdrawn meanwhile. How many rows.
async fn leave_what_came_after(
    tx: &mut TenantTx,
    source: &Source,
    reading: &str,
) -> Result<i64, sqlx::Error> {
    let statement = "
        with file as materialized (
             select imported_at from import_batches
             where kind = 'expenses' and file_sha256 = $1 and (reading = $2 or reading is null)
         ), ended as materialized (
             select h.claim_number, h.notice_month, b.imported_at
             from expense_history h join import_batches b on b.id = h.ended_by
             where exists (select from file) and h.reason <> 'withdrawn'
               and h.claim_number in (select claim_number from staged_expenses)
         ), withdrawn as materialized (
             select e.notice_month, coalesce(
                 (select max(w.withdrawn_at) from expense_withdrawals w
                  where w.month = e.notice_month),
                 '-infinity') as at
             from (select distinct notice_month from ended) e
         )
         delete from staged_expenses s using (
             select e.claim_number from ended e join withdrawn w using (notice_month)
             where e.imported_at > w.at
               and e.imported_at >= (select min(file.imported_at) from file
                                     where file.imported_at > w.at)
         ) said where s.claim_number = said.claim_number";
    delete_of_file(tx, statement, source, reading).await
}
