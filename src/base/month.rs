//! Calendar months, and the fiscal years that begin in April.

use chrono::{Datelike as _, NaiveDate};
use serde::Serialize;

/// A month, kept as its first day (as the database does).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, sqlx::Type)]
#[sqlx(transparent)]
pub struct Month(NaiveDate);

impl Month {
    pub const FIRST: Self = Self(NaiveDate::from_ymd_opt(1900, 1, 1).unwrap());
    pub const LAST: Self = Self(NaiveDate::from_ymd_opt(2199, 12, 1).unwrap());

    /// `month` from 1 to 12; years 1900 to 2199, so that a slip of the pen is found.
    #[must_use]
    pub fn new(year: i32, month: u32) -> Option<Self> {
        (1900..2200).contains(&year).then_some(())?;
        NaiveDate::from_ymd_opt(year, month, 1).map(Self)
    }

    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        Self(date.with_day(1).expect("every month has a first day"))
    }

    /// Reads `2025-03`, `2025/3`, `202503`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = match text.split_once(['-', '/']) {
            Some(parts) => parts,
            None if text.len() == 6 => text.split_at_checked(4)?,
            None => return None,
        };
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if year.len() != 4 || !(1..=2).contains(&month.len()) || !digits(year) || !digits(month) {
            return None;
        }
        Self::new(year.parse().ok()?, month.parse().ok()?)
    }

    #[must_use]
    pub fn year(self) -> i32 {
        self.0.year()
    }

    #[must_use]
    pub fn month(self) -> u32 {
        self.0.month()
    }

    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        self.0
    }

    /// 年度: April to March.
    #[must_use]
    pub fn fiscal_year(self) -> i32 {
        if self.month() < 4 { self.year() - 1 } else { self.year() }
    }

    /// The month `months` later, or earlier where negative.
    #[must_use]
    pub fn plus(self, months: i32) -> Self {
        let count = self.year() * 12 + self.month().cast_signed() - 1 + months;
        let month = (count.rem_euclid(12) + 1).cast_unsigned();
        Self(NaiveDate::from_ymd_opt(count.div_euclid(12), month, 1).expect("a first day exists"))
    }

    /// Months from `earlier` to this one.
    #[must_use]
    pub fn since(self, earlier: Self) -> i32 {
        (self.year() - earlier.year()) * 12 + self.month().cast_signed()
            - earlier.month().cast_signed()
    }

    /// `2025/03`, as tables show it.
    #[must_use]
    pub fn slashed(self) -> String {
        self.0.format("%Y/%m").to_string()
    }

    /// `2025年3月`
    #[must_use]
    pub fn japanese(self) -> String {
        format!("{}年{}月", self.year(), self.month())
    }
}

/// `2025-03`, as addresses and files write it.
impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.format("%Y-%m").fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_as_people_write_them() {
        for text in ["2025-03", "2025/3", "202503"] {
            assert_eq!(Month::parse(text), Month::new(2025, 3), "{text}");
        }
        for bad in ["", "2025-13", "2025-00", "2025", "25-03", "2025-3-1", "+025-03", "20２503"] {
            assert_eq!(Month::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn fiscal_years_begin_in_april() {
        assert_eq!(Month::new(2025, 3).unwrap().fiscal_year(), 2024);
        assert_eq!(Month::new(2025, 4).unwrap().fiscal_year(), 2025);
    }

    #[test]
    fn months_add_across_years() {
        let january = Month::new(2026, 1).unwrap();
        assert_eq!(january.plus(-1), Month::new(2025, 12).unwrap());
        assert_eq!(january.plus(14).to_string(), "2027-03");
        assert_eq!(january.plus(14).since(january), 14);
    }
}
