//! Calendar months, and the fiscal years that begin in April.

use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

use super::japanese::{fold, parse_date, strip_era};

/// A month, kept as its first day (as the database does).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
)]
#[sqlx(transparent)]
#[serde(from = "NaiveDate")]
pub struct Month(NaiveDate);

impl From<NaiveDate> for Month {
    fn from(date: NaiveDate) -> Self {
        Self::of(date)
    }
}

impl Month {
    pub const FIRST: Self = Self(NaiveDate::from_ymd_opt(1900, 1, 1).unwrap());
    pub const LAST: Self = Self(NaiveDate::from_ymd_opt(2199, 12, 1).unwrap());

    /// Returns `None` unless `month` is 1 to 12 and `year` is 1900 to 2199. The narrow range
    /// catches typing errors.
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

    /// Reads a month as files and spreadsheets write it, in any width: what [`Month::parse`] reads;
    /// `2026年10月`, `令和8年10月`, `R8.10`; `2026/10/1`, only for the month's first day; `Oct-26`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = fold(text);
        if let Some(month) = Self::parse(&text).or_else(|| Self::english(&text)) {
            return Some(month);
        }
        let day = text.split(' ').next().unwrap_or_default();
        if let Some(day) = parse_date(day) {
            return (day.day() == 1).then(|| Self::of(day));
        }
        let text = text.replace("元年", "1年");
        let (year_and_month, era) = strip_era(&text);
        let year_and_month = year_and_month.strip_suffix('月').unwrap_or(year_and_month);
        // Without an era, `2026.1` is refused: a spreadsheet may have made it of `2026.10`.
        let (year, month) = match era {
            Some(_) => year_and_month.split_once(['年', '.', '/', '-'])?,
            None => year_and_month.split_once('年')?,
        };
        let number = |part: &str| {
            let digits = part.trim();
            let right =
                (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            right.then(|| digits.parse().ok()).flatten()
        };
        let (year, month): (i32, i32) = (number(year)?, number(month)?);
        let month = month.cast_unsigned();
        match era {
            Some(era) => {
                let month = Self::new(era.year(year)?, month)?;
                era.had_begun(month.last_day()).then_some(month)
            }
            None => Self::new(year, month),
        }
    }

    /// Reads `Oct-26` or `26-Oct`, which spreadsheets in English make of a month. A year of two
    /// digits is of this century.
    fn english(text: &str) -> Option<Self> {
        const NAMES: [&str; 12] =
            ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
        let (first, second) = text.split_once(['-', ' '])?;
        let month = |name: &str| NAMES.iter().position(|known| name.eq_ignore_ascii_case(known));
        let (month, year) = match month(first) {
            Some(month) => (month, second),
            None => (month(second)?, first),
        };
        let digits = year.bytes().all(|b| b.is_ascii_digit());
        let century = match year.len() {
            2 if digits => 2000,
            4 if digits => 0,
            _ => return None,
        };
        Self::new(century + year.parse::<i32>().ok()?, u32::try_from(month).ok()? + 1)
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

    fn last_day(self) -> NaiveDate {
        self.plus(1).0.pred_opt().expect("a day lies before every other")
    }

    /// Returns the 年度, which runs from April to March.
    #[must_use]
    pub fn fiscal_year(self) -> i32 {
        if self.month() < 4 { self.year() - 1 } else { self.year() }
    }

    /// Returns the month `months` later, or earlier if negative.
    #[must_use]
    pub fn plus(self, months: i32) -> Self {
        let count = self.year() * 12 + self.month().cast_signed() - 1 + months;
        let month = (count.rem_euclid(12) + 1).cast_unsigned();
        Self(NaiveDate::from_ymd_opt(count.div_euclid(12), month, 1).expect("a first day exists"))
    }

    /// Counts the months from `earlier` to this one.
    #[must_use]
    pub fn since(self, earlier: Self) -> i32 {
        (self.year() - earlier.year()) * 12 + self.month().cast_signed()
            - earlier.month().cast_signed()
    }

    /// Formats the month as `2025/03`, for tables.
    #[must_use]
    pub fn slashed(self) -> String {
        format!("{:04}/{:02}", self.year(), self.month())
    }

    /// Formats the month as `2025年3月`.
    #[must_use]
    pub fn japanese(self) -> String {
        format!("{}年{}月", self.year(), self.month())
    }
}

/// Formats the month as `2025-03`, for addresses and files.
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
    fn months_are_read_as_spreadsheets_and_registers_write_them() {
        for text in [
            "2026-10",
            "2026/10",
            "202610",
            "２０２６－１０",
            "Oct-26",
            "26-Oct",
            "OCT 2026",
            "2026年10月",
            "2026/10/1",
            "2026-10-01",
            "2026/10/1 0:00",
            "R8.10",
            "r8/10",
            "令和8年10月",
            "R.8.10",
            "令和 8年 10月",
        ] {
            assert_eq!(Month::read(text), Month::new(2026, 10), "{text}");
        }
        assert_eq!(Month::read("2026-9"), Month::new(2026, 9));
        assert_eq!(Month::read("令和元年5月"), Month::new(2019, 5));
        for bad in [
            "",
            "2026/10/2",
            "2026/10/31",
            "10-26",
            "8.10",
            "R0.10",
            "平成32年1月",
            "Okt-26",
            "2026年13月",
            "1.23E+11",
            "45931",
            "2026.1",
            "2026.10",
            "26年10月",
            "令和元年4月",
        ] {
            assert_eq!(Month::read(bad), None, "{bad}");
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
