//! Whole yen.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// An amount in yen. There is no smaller unit.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, sqlx::Type,
)]
#[sqlx(transparent)]
pub struct Yen(pub i64);

impl Yen {
    /// The most that one amount may be: nine digits, as many as the eight digits of a claim's points come
    /// to. The dearest therapy fits, and a slip of the pen is found.
    pub const MOST: Self = Self(999_999_999);

    /// `1,914`
    #[must_use]
    pub fn grouped(self) -> String {
        self.behind("")
    }

    /// `¥1,914`
    #[must_use]
    pub fn marked(self) -> String {
        self.behind("¥")
    }

    /// Pages have thousands of amounts, so each is written into one string.
    fn behind(self, mark: &str) -> String {
        let mut text = String::with_capacity(24);
        text.push_str(mark);
        if self.0 < 0 {
            text.push('-');
        }
        let mut rest = self.0.unsigned_abs();
        let mut unit = 1;
        while rest / unit >= 1000 {
            unit *= 1000;
        }
        // A string takes all that is written to it.
        let _ = write!(text, "{}", rest / unit);
        while unit > 1 {
            rest %= unit;
            unit /= 1000;
            let _ = write!(text, ",{:03}", rest / unit);
        }
        text
    }
}

/// `¥1,914`
impl std::fmt::Display for Yen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.marked())
    }
}

impl std::iter::Sum for Yen {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).sum())
    }
}

impl std::ops::AddAssign for Yen {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (yen, text) in [
            (0, "0"),
            (300, "300"),
            (999, "999"),
            (1_000, "1,000"),
            (1_914, "1,914"),
            (-5_000, "-5,000"),
            (1_234_567, "1,234,567"),
            (12_003_004, "12,003,004"),
            (i64::MIN, "-9,223,372,036,854,775,808"),
        ] {
            assert_eq!(Yen(yen).grouped(), text);
        }
        assert_eq!(Yen(27_120).to_string(), "¥27,120");
    }
}
