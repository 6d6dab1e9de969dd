//! What a tax return gets of a year (D1, D2, D4): the six legal items of a 医療費通知.
//!
//! The year is that of treatment, whichever notice told of it. All of the household that the reader may
//! see goes in, since a family declares together (seed 001 4-2).

use std::ops::RangeInclusive;

use chrono::{Datelike as _, NaiveDate};

use super::ledger;
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::records::filter::Filter;
use crate::records::reader::Reader;
use crate::records::{RecordKind, privacy};

/// A refund can be claimed so many years later (seed 001 4-2: 過去5年分).
const YEARS: i32 = 5;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deduction {
    pub year: i32,
    /// 被保険者の氏名
    pub insured: String,
    /// 保険者の名称
    pub insurer: String,
    pub lines: Vec<Line>,
    /// Set if somebody of the household keeps theirs private.
    pub hides_somebody: bool,
}

/// One person, institution and month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub treatment_month: Month,
    pub patient: String,
    /// Empty where the data has none.
    pub institution: String,
    /// 支払った医療費の額
    pub paid: Yen,
    /// Set if it was computed from points, since the claim did not tell it.
    pub computed: bool,
}

impl Deduction {
    /// Returns true if some of it was computed from points.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        self.lines.iter().any(|line| line.computed)
    }

    #[must_use]
    pub fn total(&self) -> Yen {
        self.lines.iter().map(|line| line.paid).sum()
    }
}

impl Line {
    /// The amount, with ※ before one that was computed.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.computed { format!("※ {}", self.paid) } else { self.paid.to_string() }
    }
}

/// The years that can be chosen: the last five that are over.
#[must_use]
pub fn years(today: NaiveDate) -> RangeInclusive<i32> {
    today.year() - YEARS..=today.year() - 1
}

/// What there is of a year for a reader's tax return.
pub async fn of(
    tx: &mut TenantTx,
    reader: Reader<'_>,
    insurer: &str,
    year: i32,
) -> Result<Deduction, sqlx::Error> {
    let filter =
        Filter { from: Month::new(year, 1), to: Month::new(year, 12), ..Filter::default() };
    let rows = ledger::treated(tx, reader, &filter).await?;
    let lines = rows.into_iter().map(|row| Line {
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
