//! GO, the record that ends a file and states its sums.
//!
//! A file whose tail is missing has no such record, and an altered file has other sums; both are refused. The count is that
//! of all HO and KO records; some systems write the number of claims, which is accepted as well. The points count each
//! claim once.

use super::layout::{GO_COUNT, GO_POINTS, GO_VOLUME, MOST_SUM};
use super::records::Record;
use crate::import::RowErrors;

/// The number of a file's last volume, and of its only one.
const LAST_VOLUME: i64 = 99;
const CUT: &str = "ファイルが途中で切れているか、書き換えられています";

/// The sums of the claims since the last GO record.
#[derive(Debug, Default)]
pub(super) struct End {
    claims: i64,
    records: i64,
    points: i64,
    /// True if a claim has mistakes, which were noted: then the sums can't be compared.
    unreadable: bool,
    closed: bool,
}

impl End {
    /// Counts a claim with its records and points; `None` if it can't be read.
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

    /// Returns true if there was a GO record, and no claim came after it.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Compares what was read with the GO record. Several files may have been joined, so a file may have several such
    /// records.
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
