//! Whole yen.

use serde::{Deserialize, Serialize};

const DIGITS: &[u8; 10] = b"0123456789";
/// Twenty digits and six commas.
const LONGEST: usize = 26;

/// An amount in yen. There is no smaller unit.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, sqlx::Type,
)]
#[sqlx(transparent)]
pub struct Yen(pub i64);

impl Yen {
    /// The most that one amount may be: nine digits. A claim has at most eight digits of points, at ten
    /// yen each, so the dearest therapy fits, and a typing error is found.
    pub const MOST: Self = Self(999_999_999);

    /// Formats the amount as `1,914`.
    #[must_use]
    pub fn grouped(self) -> String {
        self.behind("")
    }

    /// Formats the amount as `¥1,914`.
    #[must_use]
    pub fn marked(self) -> String {
        self.behind("¥")
    }

    /// Writes the digits from the last one on, without the machinery of `format!`: pages have thousands of amounts.
    fn behind(self, mark: &str) -> String {
        let mut digits = [0; LONGEST];
        let mut first = LONGEST;
        let mut rest = self.0.unsigned_abs();
        for place in 0.. {
            if place > 0 && place % 3 == 0 {
                first -= 1;
                digits[first] = b',';
            }
            first -= 1;
            digits[first] = DIGITS[(rest % 10) as usize];
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        let mut text = String::with_capacity(mark.len() + 1 + LONGEST - first);
        text.push_str(mark);
        if self.0 < 0 {
            text.push('-');
        }
        text.extend(digits[first..].iter().copied().map(char::from));
        text
    }
}

/// Formats the amount as `¥1,914`.
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
