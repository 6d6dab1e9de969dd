//! The axis of yen.

use crate::base::money::Yen;

/// The axis has at most this many marks above zero.
const MARKS: u64 = 5;

/// An axis of yen with round steps, up to the tallest bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    step: u64,
    count: u64,
}

impl Scale {
    pub(super) fn up_to(tallest: u64) -> Self {
        let tallest = tallest.max(1);
        let mut unit: u64 = 100;
        loop {
            for step in [unit, unit.saturating_mul(2), unit.saturating_mul(5)] {
                if step.saturating_mul(MARKS) >= tallest {
                    return Self { step, count: tallest.div_ceil(step) };
                }
            }
            unit = unit.saturating_mul(10);
        }
    }

    pub(super) const fn top(self) -> u64 {
        self.step.saturating_mul(self.count)
    }

    pub(super) fn marks(self) -> Vec<u64> {
        (0..=self.count).map(|mark| mark * self.step).collect()
    }

    /// Returns a mark's label, which has little room: 5,000; or 2万 if all marks are whole 万; or 1.5億 if they are large.
    pub(super) fn label(self, yen: u64) -> String {
        let grouped = |number: u64| Yen(number.cast_signed()).grouped();
        match yen {
            0 => "0".to_owned(),
            _ if self.top() >= 100_000_000 => {
                let tenths = yen / 10_000_000;
                let fraction = if tenths.is_multiple_of(10) {
                    String::new()
                } else {
                    format!(".{}", tenths % 10)
                };
                format!("{}{fraction}億", grouped(tenths / 10))
            }
            _ if self.step.is_multiple_of(10_000) => format!("{}万", grouped(yen / 10_000)),
            _ => grouped(yen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e8_the_axis_has_few_and_round_marks() {
        for (tallest, step, top, label) in [
            (0, 100, 100, "100"),
            (1_914, 500, 2_000, "2,000"),
            (50_000, 10_000, 50_000, "5万"),
            (50_001, 20_000, 60_000, "6万"),
            (1_234_567, 500_000, 1_500_000, "150万"),
            (99_999_999, 20_000_000, 100_000_000, "1億"),
            (121_666_635, 50_000_000, 150_000_000, "1.5億"),
            (1_200_000_000, 500_000_000, 1_500_000_000, "15億"),
        ] {
            let scale = Scale::up_to(tallest);
            assert_eq!((scale.step, scale.top()), (step, top), "{tallest}");
            assert_eq!(scale.label(scale.top()), label);
        }
        let most = i64::MAX.unsigned_abs();
        assert!(Scale::up_to(most).top() >= most);
    }
}
