//! Takes in a UKE file (レセプト電算処理): claims of doctors, dentists and pharmacies become rows of the
//! ledger.
//!
//! Claims go into a table of their own as they are read, so that memory stays flat; then the people they
//! are about are looked up, a set at a time. Claims know no person's code: 記号, 番号, the birthdate and,
//! where it is told, the branch have to point at exactly one person. A claim that finds nobody is never
//! dropped: it is a mistake of the file, or goes into a file of its own for the operator to complete.

mod amounts;
mod claim;
mod end;
mod layout;
mod matching;
mod records;
mod unmatched;

pub use self::unmatched::{Reason, Unmatched, write_unmatched};

use self::amounts::Amounts;
use self::claim::{Claim, Insured, Parser};
use self::records::Records;
use super::import::Sums;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::import::rows::{Copy, Progress};
use crate::import::source::Source;
use crate::import::{ImportError, RowErrors};

/// Claims beyond this that find nobody are another union's, and not kept in memory.
const MOST_UNMATCHED: usize = 100_000;

/// Claims that were read, and went into the staging table where their people were found.
#[derive(Debug, Default)]
pub(super) struct Staged {
    /// How many went there.
    pub(super) rows: u64,
    /// The sums over those.
    pub(super) sums: Sums,
    /// In the file's order.
    pub(super) unmatched: Vec<Unmatched>,
}

/// Reads the whole file for a month's notice; mistakes are noted, and then nothing is staged. Its claims are
/// new ones, but for a file that comes `again`: that replaces what it brought.
pub(super) async fn stage(
    tx: &mut TenantTx,
    source: &mut Source,
    notice: Month,
    again: bool,
    progress: &mut Progress<'_>,
    errors: &mut RowErrors,
) -> Result<Staged, ImportError> {
    matching::prepare(tx).await?;
    read(tx, source, notice, progress, errors).await?;
    matching::check(tx, errors).await?;
    if !errors.is_empty() {
        return Ok(Staged::default());
    }
    matching::find_people(tx).await?;
    let unmatched = matching::unmatched(tx, notice, MOST_UNMATCHED + 1).await?;
    if unmatched.len() > MOST_UNMATCHED {
        return Err(ImportError::Heading(format!(
            "加入者が見つからないレセプトが{MOST_UNMATCHED}件を超えています（組合と加入者の登録を確認してください）"
        )));
    }
    let (rows, sums) = matching::stage(tx, notice, again).await?;
    Ok(Staged { rows, sums, unmatched })
}

/// Sends the claims into their table.
async fn read(
    tx: &mut TenantTx,
    source: &mut Source,
    notice: Month,
    progress: &mut Progress<'_>,
    errors: &mut RowErrors,
) -> Result<(), ImportError> {
    let mut records = Records::open(source)?;
    let mut parser = Parser::new(notice);
    let mut copy = Copy::into(tx.conn(), matching::CLAIMS).await?;
    loop {
        match next_claim(&mut records, &mut parser, errors) {
            Ok(Some(claim)) => {
                write(&claim, &mut copy);
                if copy.end_row().await? {
                    progress(records.bytes_read());
                }
            }
            Ok(None) => break,
            Err(error) => return Err(copy.abort(error).await),
        }
    }
    copy.finish().await?;
    if parser.is_empty() {
        let message = "レセプト（REレコード）が1件もありません。UKEファイルか確認してください";
        return Err(ImportError::Heading(message.to_owned()));
    }
    if !parser.has_ended() {
        let message = "最後の記録（GOレコード）がありません。ファイルが途中で切れています";
        return Err(ImportError::Heading(message.to_owned()));
    }
    Ok(())
}

fn next_claim(
    records: &mut Records,
    parser: &mut Parser,
    errors: &mut RowErrors,
) -> Result<Option<Claim>, ImportError> {
    while let Some(record) = records.next_record()? {
        if let Some(claim) = parser.take(record, errors) {
            return Ok(Some(claim));
        }
    }
    Ok(parser.close(errors))
}

/// A claim in the order of [`matching::CLAIMS`].
fn write(claim: &Claim, copy: &mut Copy<'_>) {
    copy.display(claim.line);
    copy.field(&claim.number);
    copy.display(claim.treatment_month.first_day());
    copy.field(&claim.institution);
    copy.field(claim.care.name());
    copy.field(&claim.patient);
    copy.display(claim.birthdate);
    copy.optional(claim.branch.as_deref());
    copy.display(claim.days);
    let Amounts { total, insurer, public, out_of_pocket, computed } = claim.amounts;
    copy.display(total.0);
    copy.display(insurer.0);
    copy.display(public.0);
    copy.display(out_of_pocket.0);
    copy.display(computed);
    match &claim.insured {
        Some(Insured { insurer_number, symbol, number }) => {
            copy.field(insurer_number);
            copy.field(symbol);
            copy.field(number);
        }
        None => (0..3).for_each(|_| copy.null()),
    }
}
