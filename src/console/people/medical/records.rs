//! A person's expenses as they see them themselves, to be read and nothing else.

use std::ops::Range;

use chrono::NaiveDate;
use serde::Serialize;

use crate::base::japanese::day;
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::expenses::ledger::{ExpenseRow, MonthSum};
use crate::expenses::statement::Statement;

/// A month or a calendar year of notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Period {
    Month(Month),
    /// The year that begins with this January.
    Year(Month),
}

impl Period {
    /// Reads `2025-03` or `2025`, in this spelling alone.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Month::new(text.parse().ok()?, 1).map(Self::Year);
        }
        Month::parse(text).filter(|month| month.to_string() == text).map(Self::Month)
    }

    pub(super) fn months(self) -> Range<Month> {
        match self {
            Self::Month(month) => month..month.plus(1),
            Self::Year(january) => january..january.plus(12),
        }
    }

    fn title(self) -> String {
        match self {
            Self::Month(month) => format!("{}の医療費明細", month.japanese()),
            Self::Year(january) => format!("{}年の医療費明細", january.year()),
        }
    }
}

/// The part of a person's data that is shown.
#[derive(Debug, Default, Serialize)]
pub(super) struct MedicalView {
    /// The last day on which the person could see anything, if that is over (T12).
    closed: Option<String>,
    years: Vec<YearLine>,
    statement: Option<StatementView>,
    /// True if rows of another person may be left out (E7).
    hides_somebody: bool,
}

#[derive(Debug, Serialize)]
struct YearLine {
    year: i32,
    months: Vec<MonthLine>,
    total: String,
}

#[derive(Debug, Serialize)]
struct MonthLine {
    label: String,
    /// As the form sends it.
    value: String,
    total: String,
}

#[derive(Debug, Serialize)]
struct StatementView {
    title: String,
    table: StatementTable,
}

#[derive(Debug, Serialize)]
struct StatementTable {
    #[serde(flatten)]
    statement: Statement,
    /// All rows are one group without a heading.
    groups: [RowGroup; 1],
}

#[derive(Debug, Serialize)]
struct RowGroup {
    heading: Option<String>,
    from: usize,
    to: usize,
}

impl MedicalView {
    pub(super) fn closed(last_day: NaiveDate) -> Self {
        Self { closed: Some(day(last_day)), ..Self::default() }
    }

    /// Lists the months of notices, which are ordered newest first.
    pub(super) fn of_months(sums: &[MonthSum], hides_somebody: bool) -> Self {
        let month = |sum: &MonthSum| MonthLine {
            label: sum.month.japanese(),
            value: sum.month.to_string(),
            total: sum.out_of_pocket.grouped(),
        };
        let year = |sums: &[MonthSum]| YearLine {
            year: sums[0].month.year(),
            months: sums.iter().map(month).collect(),
            total: sums.iter().map(|sum| sum.out_of_pocket).sum::<Yen>().grouped(),
        };
        let years = sums.chunk_by(|one, other| one.month.year() == other.month.year());
        Self { years: years.map(year).collect(), hides_somebody, ..Self::default() }
    }

    pub(super) fn of_period(period: Period, rows: Vec<ExpenseRow>, hides_somebody: bool) -> Self {
        let groups = [RowGroup { heading: None, from: 0, to: rows.len() }];
        let table = StatementTable { statement: Statement::of(rows, hides_somebody), groups };
        let statement = Some(StatementView { title: period.title(), table });
        Self { statement, hides_somebody, ..Self::default() }
    }
}

#[cfg(test)]
impl MedicalView {
    pub(super) fn samples() -> Vec<Self> {
        use crate::expenses::care::Care;
        let month = Month::parse("2025-03").expect("a month");
        let row = ExpenseRow {
            treatment_month: month,
            patient: "テスト <b>".to_owned(),
            institution: "薬局 <b>".to_owned(),
            care: Care::Pharmacy,
            days: 1,
            total: Yen(1_000),
            insurer: Yen(700),
            public: Yen(0),
            out_of_pocket: Yen(300),
            computed: true,
            remarks: "<b>".to_owned(),
        };
        let sum = MonthSum { month, out_of_pocket: Yen(300) };
        vec![
            Self::closed(month.first_day()),
            Self::of_months(&[], false),
            Self::of_months(&[sum], true),
            Self::of_period(Period::Month(month), Vec::new(), false),
            Self::of_period(Period::Year(month), vec![row.clone(), row], true),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_one_spelling() {
        let march = Period::parse("2025-03").unwrap();
        assert_eq!(march.title(), "2025年3月の医療費明細");
        let year = Period::parse("2025").unwrap();
        assert_eq!(year.months().end.to_string(), "2026-01");
        for text in ["2025-3", "202503", "25", "2025-13", "99999", "２０２５"] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    #[test]
    fn months_stand_below_their_years() {
        let sum = |text: &str, yen| MonthSum {
            month: Month::parse(text).unwrap(),
            out_of_pocket: Yen(yen),
        };
        let view = MedicalView::of_months(
            &[sum("2026-10", 1_500), sum("2026-09", 3_000), sum("2025-03", 3_720)],
            true,
        );
        let years = view.years.iter().map(|y| (y.year, y.total.as_str(), y.months.len()));
        assert_eq!(years.collect::<Vec<_>>(), [(2026, "4,500", 2), (2025, "3,720", 1)]);
        assert!(view.hides_somebody);
    }
}
