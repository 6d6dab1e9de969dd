//! Takes in a file of expenses: all of it or nothing.
//!
//! Rows go into a staging table as they are read; then [`merge`] looks people up, and brings the ledger in line,
//! a set at a time. A row is known by the union's own number of it, so the same file twice changes nothing. What a
//! correction replaces or cancels is kept in history; and a file that comes again after its corrections
//! undoes none of them.

mod again;
mod check;
mod ending;
pub mod job;
pub mod layout;
mod merge;
mod rows;
mod staged;

use serde::{Deserialize, Serialize};

use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::actor::Actor;
use crate::db::{Db, TenantTx};
use crate::import::batches;
use crate::import::kind::ImportKind;
use crate::import::mapping::Mapping;
use crate::import::source::Source;
use crate::import::staged::{self as staged_files, StagedFile};
use crate::import::{Counts, ImportError, ImportRun, Progress, RowErrors, staging};

use self::rows::ExpenseReader;
use super::uke::{self, KeptClaims, Unmatched};

/// What a file came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// What happens to claims that nobody can be found for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strangers {
    /// They are mistakes of the file.
    Refused,
    /// They are left out: exactly those that the operator has in a file of their own.
    LeftOut(KeptClaims),
}

/// What reading a file needs to know besides it.
pub struct ExpensesImport<'i> {
    pub run: &'i ImportRun,
    pub clock: &'i Clock,
    pub format: Format<'i>,
}

impl ExpensesImport<'_> {
    /// Reads the file and keeps its rows, to be merged under the run's id.
    ///
    /// # Errors
    /// All mistakes of the file by row and column; nothing was kept then.
    pub async fn stage(
        &self,
        db: &Db,
        tenant: TenantId,
        actor: &Actor,
        source: &Source,
        progress: &mut Progress<'_>,
    ) -> Result<(), ImportError> {
        let mut tx = db.tenant(tenant, actor).await?;
        let file = match self.format {
            Format::Csv(mapping) => self.stage_csv(&mut tx, source, mapping, progress).await?,
            Format::Uke { notice } => {
                uke::stage(&mut tx, self.run.batch, source, notice, progress).await?;
                let reading = format!("uke {notice}");
                let kind = ImportKind::Expenses;
                let mut file = StagedFile::new(kind, source, reading, Mapping::default());
                file.notice = Some(notice);
                file
            }
        };
        file.keep(&mut tx, self.clock, self.run.batch).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn stage_csv(
        &self,
        tx: &mut TenantTx,
        source: &Source,
        mapping: &Mapping,
        progress: &mut Progress<'_>,
    ) -> Result<StagedFile, ImportError> {
        let import = self.run.batch;
        let reader = ExpenseReader::open(source, mapping)?;
        let file = StagedFile::new(ImportKind::Expenses, source, reader.reading(), mapping.clone());
        let ExpenseReader { mut errors, .. } = staging::stage(tx, import, reader, progress).await?;
        if !errors.is_empty() {
            // What is wrong with the rows as a whole is told along with that.
            let corrects = staged::sums(tx, import).await?.corrects;
            check::check(tx, import, &file, corrects, &mut errors).await?;
            errors.into_result()?;
        }
        Ok(file)
    }
}

/// Brings the ledger in line with a staged file, which is forgotten. The caller commits, or drops the transaction after a
/// dry run; the file waits on then.
///
/// # Errors
/// Mistakes of the file by row and column; [`ImportError::Forgotten`].
pub async fn merge(
    tx: &mut TenantTx,
    clock: &Clock,
    run: &ImportRun,
    strangers: Strangers,
) -> Result<Imported, ImportError> {
    batches::lock(tx, ImportKind::Expenses).await?;
    // Nobody moves to another household meanwhile.
    batches::lock(tx, ImportKind::Members).await?;
    let file = StagedFile::find(tx, ImportKind::Expenses, run.batch).await?;
    let known = batches::known(tx, &file).await?;
    let mut errors = RowErrors::default();
    if let Some(notice) = file.notice {
        let unmatched = uke::find_people(tx, run.batch, notice, known.the_same).await?;
        set_aside(&unmatched, strangers, &mut errors)?;
    }
    let staged = staged::sums(tx, run.batch).await?;
    let mut left = 0;
    if file.notice.is_some() && known.the_same {
        left += again::leave_what_others_brought(tx, run.batch, &file).await?;
    }
    if known.perhaps {
        left += again::leave_what_came_after(tx, run.batch, &file).await?;
    }
    if !errors.is_empty() {
        check::check(tx, run.batch, &file, staged.corrects, &mut errors).await?;
        errors.into_result()?;
    }
    let merged = merge::merge(tx, clock, run, &file, &staged, left).await?;
    batches::record(tx, clock, run, &file, merged.counts).await?;
    staged_files::forget(tx, run.batch).await?;
    let (published, unpublished): (Vec<_>, Vec<_>) =
        merged.months.into_iter().partition(|month| month.published);
    let months = |months: Vec<merge::ChangedMonth>| months.into_iter().map(|month| month.month);
    Ok(Imported {
        counts: merged.counts,
        sums: Sums { total: staged.total, out_of_pocket: staged.out_of_pocket },
        left,
        published: months(published).collect(),
        unpublished: months(unpublished).collect(),
    })
}

/// Claims without a person are left out if the operator keeps them, or are mistakes of the file.
fn set_aside(
    unmatched: &[Unmatched],
    strangers: Strangers,
    errors: &mut RowErrors,
) -> Result<(), ImportError> {
    match strangers {
        Strangers::LeftOut(kept) if kept == KeptClaims::of(unmatched) => {}
        // Members came or went since they were written down.
        Strangers::LeftOut(_) => return Err(ImportError::OthersUnmatched),
        Strangers::Refused => {
            for claim in unmatched {
                errors.add(claim.row, &claim.claim, claim.reason.to_string());
            }
        }
    }
    Ok(())
}

/// Finds the claims of a staged UKE file that nobody can be found for, for the operator to keep before the rest is merged.
/// The caller drops the transaction.
///
/// # Errors
/// [`ImportError::Forgotten`]; [`ImportError::Heading`] if nearly nobody is found.
pub async fn unmatched(tx: &mut TenantTx, run: &ImportRun) -> Result<Vec<Unmatched>, ImportError> {
    let file = StagedFile::find(tx, ImportKind::Expenses, run.batch).await?;
    let Some(notice) = file.notice else { return Ok(Vec::new()) };
    uke::find_people(tx, run.batch, notice, false).await
}
