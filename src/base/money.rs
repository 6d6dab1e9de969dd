//! Whole yen.

use serde::Serialize;

/// An amount in yen. There is no smaller unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, sqlx::Type)]
#[sqlx(transparent)]
pub struct Yen(pub i64);

impl Yen {
    /// The most that one amount may be: nine digits, as many as the eight digits of a claim's points come
    /// to. The dearest therapy fits, and a slip of the pen is found.
    pub const MOST: Self = Self(999_999_999);

    /// `1,914`
    #[must_use]
    pub fn grouped(self) -> String {
        let digits = self.0.unsigned_abs().to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
        if self.0 < 0 {
            text.push('-');
        }
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        text
    }
}

/// `¥1,914`
impl std::fmt::Display for Yen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("¥{}", self.grouped()))
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
        for (yen, text) in
            [(0, "0"), (300, "300"), (1_914, "1,914"), (1_234_567, "1,234,567"), (-5_000, "-5,000")]
        {
            assert_eq!(Yen(yen).grouped(), text);
        }
        assert_eq!(Yen(27_120).to_string(), "¥27,120");
    }
}
