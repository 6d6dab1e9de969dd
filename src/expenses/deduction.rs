//! A year's rows for a tax return (D1, D2, D4), with the six items that the law asks of a 医療費通知.
//!
//! A row belongs to the year of its treatment, in whichever notice it stood. The return covers all of the household's rows
//! that the reader may see, since a family declares together (seed 001 4-2).

use std::ops::RangeInclusive;

use chrono::{Datelike as _, NaiveDate};

use super::ledger;
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::records::filter::Filter;
use crate::records::reader::Reader;
use crate::records::{RecordKind, privacy};

/// A refund can be claimed for this many past years (seed 001 4-2: 過去5年分).
const YEARS: i32 = 5;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deduction {
    pub year: i32,
    /// 被保険者の氏名
    pub insured: String,
    /// 保険者の名称
    pub insurer: String,
    pub lines: Vec<DeductionLine>,
    /// True if rows of another person may be left out, since that person keeps them private (E7).
    pub hides_somebody: bool,
}

/// A person's payments to one institution in one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeductionLine {
    pub treatment_month: Month,
    pub patient: String,
    /// Empty if the data names no institution.
    pub institution: String,
    /// 支払った医療費の額
    pub paid: Yen,
    /// True if `paid` was computed from points, since the claim did not state it.
    pub computed: bool,
}

impl Deduction {
    /// Returns true if an amount was computed from points.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        self.lines.iter().any(|line| line.computed)
    }

    #[must_use]
    pub fn total(&self) -> Yen {
        self.lines.iter().map(|line| line.paid).sum()
    }
}

impl DeductionLine {
    /// Returns the amount as people read it: ※ marks one that was computed.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.computed { format!("※ {}", self.paid) } else { self.paid.to_string() }
    }
}

/// Returns the years that can be chosen: the last five that are over.
#[must_use]
pub fn years(today: NaiveDate) -> RangeInclusive<i32> {
    today.year() - YEARS..=today.year() - 1
}

/// Returns a year's rows for a reader's tax return.
pub async fn of(
    tx: &mut TenantTx,
    reader: Reader<'_>,
    insurer: &str,
    year: i32,
) -> Result<Deduction, sqlx::Error> {
    let filter =
        Filter { from: Month::new(year, 1), to: Month::new(year, 12), ..Filter::default() };
    let rows = ledger::treated(tx, reader, &filter).await?;
    let lines = rows.into_iter().map(|row| DeductionLine {
        treatment_month: row.treatment_month,
        patient: row.patient,
        institution: row.institution,
        paid: row.out_of_pocket,
        computed: row.computed,
    });
    Ok(Deduction {
        year,
        insured: ledger::insured(tx, reader).await?,
        insurer: insurer.to_owned(),
        lines: lines.collect(),
        hides_somebody: privacy::hides_somebody(tx, RecordKind::Expenses, reader).await?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d1_the_past_five_years_can_be_chosen() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        assert_eq!(years(today), 2021..=2025);
    }
}
