//! Takes in a file of expenses: all of it or nothing.
//!
//! Rows go into a staging table as they are read; then people are looked up, and the ledger is
//! brought in line, a set at a time in the same transaction. A row is known by the union's own
//! number of it, so the same file twice changes nothing. What a correction replaces or cancels is kept in
//! history; and a file that comes again after its corrections undoes none of them.

mod merge;
mod rows;

use chrono::{DateTime, Utc};

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
use super::uke::{self, Unmatched};

/// What a file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    pub counts: Counts,
    pub sums: Sums,
    /// Months of the rows whose notice people don't see yet.
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
                let uke = uke::stage(tx, source, notice, progress, &mut errors).await?;
                if errors.is_empty() {
                    set_aside(&uke.unmatched, leave_out, &mut errors)?;
                }
                Staged { rows: uke.rows, sums: uke.sums, corrects: false }
            }
        };
        let earlier = batches::taken_in(tx, Kind::Expenses, source).await?;
        if let Some(at) = earlier {
            leave_what_came_after(tx, at).await?;
        }
        merge::check(tx, staged.corrects, &mut errors).await?;
        errors.into_result()?;
        let unpublished = merge::unpublished(tx).await?;
        let rows = i64::try_from(staged.rows).unwrap_or(i64::MAX);
        let counts = merge::merge(tx, self.clock, self.run, rows).await?;
        batches::record(tx, self.clock, self.run, Kind::Expenses, source, counts).await?;
        Ok(Imported { counts, sums: staged.sums, unpublished })
    }
}

async fn prepare(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    batches::lock(tx, Kind::Expenses).await?;
    // Of a row that cancels another, nothing but its number is read.
    sqlx::query(
        "create temporary table staged_expenses (
             row bigint not null, claim_number text not null, member_code text,
             notice_month date, treatment_month date, institution text, care text, days smallint,
             total_yen bigint, insurer_yen bigint, public_yen bigint, out_of_pocket_yen bigint,
             computed boolean not null, remarks text,
             correction text check (correction in ('replace', 'cancel'))
         ) on commit drop",
    )
    .execute(tx.conn())
    .await?;
    // The rows that the ledger has of the file's claims.
    sqlx::query(
        "create temporary table standing (
             like expenses, row bigint not null, cancelled boolean not null,
             new_household text not null
         ) on commit drop",
    )
    .execute(tx.conn())
    .await
    .map(drop)
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

/// A file that was taken in at `at` has had its say: what changed its rows since then stays.
async fn leave_what_came_after(tx: &mut TenantTx, at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "delete from staged_expenses s
         where exists (
             select from expense_history h
             where h.claim_number = s.claim_number and h.ended_at >= $1 and h.reason <> 'withdrawn'
         )",
    )
    .bind(at)
    .execute(tx.conn())
    .await
    .map(drop)
}
