//! The notices of a month or a year: their address, and the links to the period before and after.

use std::ops::Range;

use serde::Serialize;

use crate::base::month::Month;

/// A link to the period before or after.
#[derive(Debug, Serialize)]
pub(in crate::portal) struct Neighbour {
    pub(in crate::portal) label: String,
    pub(in crate::portal) path: String,
}

/// The months of a statement's notices: one month, or a calendar year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::portal) enum Period {
    Month(Month),
    /// The year that begins with this January.
    Year(Month),
}

impl Period {
    /// Parses `2025-03`. Other spellings are refused, so that a page has only one address.
    pub(in crate::portal) fn month(text: &str) -> Option<Self> {
        Month::parse(text).filter(|parsed| parsed.to_string() == text).map(Self::Month)
    }

    pub(in crate::portal) fn year(text: &str) -> Option<Self> {
        year(text).and_then(|year| Month::new(year, 1)).map(Self::Year)
    }

    pub(in crate::portal) fn months(self) -> Range<Month> {
        match self {
            Self::Month(month) => month..month.plus(1),
            Self::Year(january) => january..january.plus(12),
        }
    }

    /// Returns the period of the same kind that holds a month.
    fn with(self, month: Month) -> Option<Self> {
        match self {
            Self::Month(_) => Some(Self::Month(month)),
            Self::Year(_) => Month::new(month.year(), 1).map(Self::Year),
        }
    }

    /// 「2025年3月」, 「2025年1月から12月まで」
    pub(in crate::portal) fn notices(self) -> String {
        match self {
            Self::Month(month) => month.japanese(),
            Self::Year(january) => format!("{}年1月から12月まで", january.year()),
        }
    }

    pub(in crate::portal) fn label(self) -> String {
        match self {
            Self::Month(month) => month.japanese(),
            Self::Year(january) => format!("{}年", january.year()),
        }
    }

    /// Returns the period as addresses and file names write it.
    pub(in crate::portal) fn plain(self) -> String {
        match self {
            Self::Month(month) => month.to_string(),
            Self::Year(january) => january.year().to_string(),
        }
    }

    /// Returns the path of the period's page below the pages of a kind of record, such as `/expenses`.
    pub(in crate::portal) fn path(self, pages: &str) -> String {
        let folder = match self {
            Self::Month(_) => "months",
            Self::Year(_) => "years",
        };
        format!("{pages}/{folder}/{}", self.plain())
    }

    /// Returns links to the periods that hold the nearest months with rows before and after this period.
    pub(in crate::portal) fn links(
        self,
        nearest: [Option<Month>; 2],
        pages: &str,
    ) -> [Option<Neighbour>; 2] {
        nearest.map(|month| {
            let period = self.with(month?)?;
            Some(Neighbour { label: period.label(), path: period.path(pages) })
        })
    }
}

/// Parses a year as addresses write it: four digits.
pub(in crate::portal) fn year(text: &str) -> Option<i32> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e2_a_period_has_one_address() {
        let march = Period::month("2025-03").unwrap();
        assert_eq!(march.path("/expenses"), "/expenses/months/2025-03");
        assert_eq!(march.label(), "2025年3月");
        let year = Period::year("2025").unwrap();
        assert_eq!(year.path("/expenses"), "/expenses/years/2025");
        assert_eq!(year.label(), "2025年");
        assert!(year.months().contains(&Month::new(2025, 12).unwrap()));
        assert!(!year.months().contains(&Month::new(2026, 1).unwrap()));
        for text in ["2025-3", "2025/03", "202503", "2025-13", "2025", "2025-03-01", ""] {
            assert_eq!(Period::month(text), None, "{text}");
        }
        for text in ["25", "99999", "+202", "２０２５", "0000", "2025-01", ""] {
            assert_eq!(Period::year(text), None, "{text}");
        }
    }
}
