//! Imports a UKE file (レセプト電算処理): claims of doctors, dentists and pharmacies become rows of the ledger.
//!
//! Claims are staged in a table of their own as they are read, so that memory stays flat. The merge looks up their people,
//! a set at a time. A claim has no person's code: 記号, 番号, the birthdate and the branch, if it is given, have to match
//! exactly one person. A claim without a match is never dropped: it is a mistake of the file, or the operator gets it in a
//! file to complete.

mod amounts;
mod claim;
mod end;
mod layout;
mod matching;
mod records;
mod staged;
mod unmatched;

pub use self::unmatched::{KeptClaims, Reason, Unmatched, write_unmatched};

use self::claim::{Claim, Parser};
use self::records::Records;
use self::staged::StagedClaims;
use crate::base::ids::BatchId;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::import::source::Source;
use crate::import::staging::{self, RowReader};
use crate::import::{ImportError, ProgressFn, RowErrors};

/// A file with more unmatched claims than this is probably another union's, and they are not kept in memory.
const MOST_UNMATCHED: usize = 100_000;

/// Reads the whole file for a month's notice into the staging table of claims.
///
/// # Errors
/// All mistakes of the file by row and column.
pub(super) async fn stage(
    tx: &mut TenantTx,
    import: BatchId,
    source: &Source,
    notice: Month,
    progress: &mut ProgressFn<'_>,
) -> Result<(), ImportError> {
    let records = Records::open(source);
    let reader = ClaimReader { records, parser: Parser::new(notice), errors: RowErrors::default() };
    let ClaimReader { mut errors, .. } = staging::stage(tx, import, reader, progress).await?;
    for (row, first) in matching::claims_twice(tx, import).await? {
        let message = format!("同じ医療機関・請求年月・番号のレセプトが{first}行目にもあります");
        errors.add(row.unsigned_abs(), "RE レセプト番号", message);
    }
    errors.into_result()
}

/// Looks up the people of the staged claims. Matched claims are staged as rows of a month's notice. Returns the unmatched
/// claims in the file's order. The rows say that they are new, unless the file comes `again` and replaces what it brought.
///
/// # Errors
/// [`ImportError::Heading`] if more than 100,000 claims are unmatched.
pub(super) async fn find_people(
    tx: &mut TenantTx,
    import: BatchId,
    notice: Month,
    again: bool,
) -> Result<Vec<Unmatched>, ImportError> {
    matching::find_people(tx, import).await?;
    let unmatched = matching::unmatched(tx, import, notice, MOST_UNMATCHED + 1).await?;
    if unmatched.len() > MOST_UNMATCHED {
        return Err(ImportError::Heading(format!(
            "加入者が見つからないレセプトが{MOST_UNMATCHED}件を超えています（組合と加入者の登録を確認してください）"
        )));
    }
    matching::stage_found(tx, import, notice, again).await?;
    Ok(unmatched)
}

/// Reads claims, and notes their mistakes.
struct ClaimReader {
    records: Records,
    parser: Parser,
    errors: RowErrors,
}

impl ClaimReader {
    fn next_claim(&mut self) -> Result<Option<Claim>, ImportError> {
        while let Some(record) = self.records.next_record()? {
            if let Some(claim) = self.parser.take(record, &mut self.errors) {
                return Ok(Some(claim));
            }
        }
        Ok(self.parser.close(&mut self.errors))
    }

    /// Checks that the file has claims and is whole.
    fn end(&self) -> Result<(), ImportError> {
        let message = if self.parser.is_empty() {
            "レセプト（REレコード）が1件もありません。UKEファイルか確認してください"
        } else if !self.parser.has_ended() {
            "最後の記録（GOレコード）がありません。ファイルが途中で切れています"
        } else {
            return Ok(());
        };
        Err(ImportError::Heading(message.to_owned()))
    }
}

impl RowReader for ClaimReader {
    type Batch = StagedClaims;

    fn read(&mut self, batch: &mut StagedClaims) -> Result<bool, ImportError> {
        match self.next_claim()? {
            Some(claim) => {
                batch.push(claim.into());
                Ok(true)
            }
            None => self.end().map(|()| false),
        }
    }

    fn bytes_read(&self) -> u64 {
        self.records.bytes_read()
    }
}
