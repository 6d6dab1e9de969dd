//! GO, the record that ends a file and tells what a whole one holds.
//!
//! A file of which the tail is missing has none, and one that was altered has other sums: neither is
//! taken in. Its count is that of HO and KO records together; some systems write the number of claims
//! there, which is accepted as well. Its points take each claim once.

use super::layout::{GO_COUNT, GO_POINTS, GO_VOLUME, MOST_SUM};
use super::records::Record;
use crate::import::RowErrors;

/// What the last volume of a file, or its only one, says of itself.
const LAST_VOLUME: i64 = 99;
const CUT: &str = "ファイルが途中で切れているか、書き換えられています";

/// What was read since the last GO, and whether one came.
#[derive(Debug, Default)]
pub(super) struct End {
    claims: i64,
    records: i64,
    points: i64,
    /// Set by a claim with a mistake, which was told: sums say nothing then.
    unreadable: bool,
    closed: bool,
}

impl End {
    /// Counts a claim: its records and points, unless it can't be read.
    pub fn count(&mut self, counted: Option<(i64, i64)>) {
        self.closed = false;
        self.claims += 1;
        match counted {
            Some((records, points)) => {
                self.records += records;
                self.points += points;
            }
            None => self.unreadable = true,
        }
    }

    /// Returns true if no claim came after the last GO, and there was one.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Holds what was read against what GO says. A file may be several that were joined, each with its own.
    pub fn close(&mut self, record: Record<'_>, errors: &mut RowErrors) {
        let read = std::mem::replace(self, Self { closed: true, ..Self::default() });
        let whole = |text: &str| super::layout::whole(text, MOST_SUM);
        let count = record.required(GO_COUNT, errors, whole);
        let points = record.required(GO_POINTS, errors, whole);
        let volume = record.optional(GO_VOLUME, errors, whole);
        if let Some(volume) = volume.flatten().filter(|volume| *volume != LAST_VOLUME) {
            let message = format!(
                "複数に分かれたファイルの{volume}番目です。すべてを1つのファイルにしてください"
            );
            record.wrong(GO_VOLUME, message, errors);
        }
        let (Some(count), Some(points), false) = (count, points, read.unreadable) else { return };
        if count != read.records && count != read.claims {
            let message = format!(
                "{count}件とありますが、保険と公費の請求は合わせて{}件です。{CUT}",
                read.records
            );
            record.wrong(GO_COUNT, message, errors);
        }
        if points != read.points {
            let message =
                format!("{points}点とありますが、レセプトの合計は{}点です。{CUT}", read.points);
            record.wrong(GO_POINTS, message, errors);
        }
    }
}
