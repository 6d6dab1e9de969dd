//! Imports a file of expenses: all of it or nothing.
//!
//! Rows are staged as they are read. Then [`merge`] looks people up and brings the ledger in line, a set at a time. The union's
//! claim number identifies a row, so the same file twice changes nothing. History keeps the rows that a correction replaces or
//! cancels, and a file that comes again after its corrections undoes none of them.

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
use crate::import::{Counts, ImportError, ImportRun, ProgressFn, RowErrors, staging};

use self::rows::ExpenseReader;
use super::uke::{self, KeptClaims, Unmatched};

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    pub counts: Counts,
    pub sums: Sums,
    /// Rows of a file that was imported before, and whose claims another file corrected or completed. The ledger keeps
    /// them as they are.
    pub left: i64,
    /// Months of new and changed rows that people see already, and months that they don't see yet.
    pub published: Vec<Month>,
    pub unpublished: Vec<Month>,
}

/// The sums of a file's rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    pub total: Yen,
    pub out_of_pocket: Yen,
}

/// The format of a file.
#[derive(Debug, Clone, Copy)]
pub enum Format<'f> {
    /// The documented layout, or other headings that are mapped to it.
    Csv(&'f Mapping),
    /// Claims as the clearing house sends them, for a month's notice.
    Uke { notice: Month },
}

/// The treatment of claims for which no person is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strangers {
    /// They are mistakes of the file.
    Refused,
    /// They are left out, if they are exactly the claims that the operator has in a file of their own.
    LeftOut(KeptClaims),
}

/// The settings of an import.
pub struct ExpensesImport<'i> {
    pub run: &'i ImportRun,
    pub clock: &'i Clock,
    pub format: Format<'i>,
}

impl ExpensesImport<'_> {
    /// Reads the file and keeps its rows, to be merged under the run's id.
    ///
    /// # Errors
    /// All mistakes of the file by row and column; then nothing is kept.
    pub async fn stage(
        &self,
        db: &Db,
        tenant: TenantId,
        actor: &Actor,
        source: &Source,
        progress: &mut ProgressFn<'_>,
    ) -> Result<(), ImportError> {
        let mut tx = db.tenant(tenant, actor).await?;
        match self.format {
            Format::Csv(mapping) => self.stage_csv(&mut tx, source, mapping, progress).await?,
            Format::Uke { notice } => {
                let (kind, reading) = (ImportKind::Expenses, format!("uke {notice}"));
                let mut file = StagedFile::new(kind, source, reading, Mapping::default());
                file.notice = Some(notice);
                file.keep(&mut tx, self.clock, self.run.batch).await?;
                uke::stage(&mut tx, self.run.batch, source, notice, progress).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    async fn stage_csv(
        &self,
        tx: &mut TenantTx,
        source: &Source,
        mapping: &Mapping,
        progress: &mut ProgressFn<'_>,
    ) -> Result<(), ImportError> {
        let import = self.run.batch;
        let reader = ExpenseReader::open(source, mapping)?;
        let file = StagedFile::new(ImportKind::Expenses, source, reader.reading(), mapping.clone());
        file.keep(tx, self.clock, import).await?;
        let ExpenseReader { mut errors, .. } = staging::stage(tx, import, reader, progress).await?;
        if !errors.is_empty() {
            // Mistakes of the rows as a whole are reported together with these.
            let corrects = staged::sums(tx, import).await?.corrects;
            check::check(tx, import, &file, corrects, &mut errors).await?;
            errors.into_result()?;
        }
        Ok(())
    }
}

/// Brings the ledger in line with a staged file, which is forgotten. The caller commits, or drops the transaction after a
/// dry run, in which case the file stays staged.
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
    // Members must not move to another household meanwhile.
    batches::lock(tx, ImportKind::Members).await?;
    let file = StagedFile::find(tx, ImportKind::Expenses, run.batch).await?;
    let known = batches::known(tx, &file).await?;
    let mut errors = RowErrors::default();
    if let Some(notice) = file.notice {
        let unmatched = uke::find_people(tx, run.batch, notice, known.the_same).await?;
        set_aside(&unmatched, strangers, &mut errors)?;
    }
    let staged = staged::sums(tx, run.batch).await?;
    let left = match known.perhaps {
        true => again::leave_what_came_after(tx, run.batch, &file).await?,
        false => 0,
    };
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
        left: left + merged.left,
        published: months(published).collect(),
        unpublished: months(unpublished).collect(),
    })
}

/// Leaves out claims without a person if the operator has them, or notes them as mistakes of the file.
fn set_aside(
    unmatched: &[Unmatched],
    strangers: Strangers,
    errors: &mut RowErrors,
) -> Result<(), ImportError> {
    match strangers {
        Strangers::LeftOut(kept) if kept == KeptClaims::of(unmatched) => {}
        // The registry changed after the operator got them.
        Strangers::LeftOut(_) => return Err(ImportError::OthersUnmatched),
        Strangers::Refused => {
            for claim in unmatched {
                errors.add(claim.row, &claim.claim, claim.reason.to_string());
            }
        }
    }
    Ok(())
}

/// Returns the claims of a staged UKE file for which no person is found. The operator keeps them before the rest is merged.
/// The caller drops the transaction.
///
/// # Errors
/// [`ImportError::Forgotten`]; [`ImportError::Heading`] if more than 100,000 claims are unmatched.
pub async fn unmatched(tx: &mut TenantTx, run: &ImportRun) -> Result<Vec<Unmatched>, ImportError> {
    let file = StagedFile::find(tx, ImportKind::Expenses, run.batch).await?;
    let Some(notice) = file.notice else { return Ok(Vec::new()) };
    uke::find_people(tx, run.batch, notice, false).await
}
