//! Sums of expense rows. Pure.

use super::ledger::ExpenseRow;
use crate::base::money::Yen;

/// The sums in the 合計 line of a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub total: Yen,
    pub insurer: Yen,
    pub public: Yen,
    pub out_of_pocket: Yen,
}

impl Totals {
    #[must_use]
    pub fn of(rows: &[ExpenseRow]) -> Self {
        rows.iter().fold(Self::default(), |mut sums, row| {
            sums.total += row.total;
            sums.insurer += row.insurer;
            sums.public += row.public;
            sums.out_of_pocket += row.out_of_pocket;
            sums
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::month::Month;
    use crate::expenses::care::Care;

    #[test]
    fn e2_the_sample_of_seed_001() {
        let row = |care, total, insurer, public, out_of_pocket| ExpenseRow {
            treatment_month: Month::new(2025, 1).unwrap(),
            patient: "テスト タロウ".into(),
            institution: "サンプルクリニック".into(),
            care,
            days: 1,
            total: Yen(total),
            insurer: Yen(insurer),
            public: Yen(public),
            out_of_pocket: Yen(out_of_pocket),
            computed: false,
            remarks: String::new(),
        };
        let rows = [
            row(Care::Outpatient, 12_960, 9_072, 3_588, 300),
            row(Care::Pharmacy, 2_760, 1_932, 828, 0),
            row(Care::Dental, 11_400, 7_980, 0, 3_420),
        ];
        let sums = Totals::of(&rows);
        assert_eq!(sums.total, Yen(27_120));
        assert_eq!(sums.insurer, Yen(18_984));
        assert_eq!(sums.public, Yen(4_416));
        assert_eq!(sums.out_of_pocket, Yen(3_720));
    }
}
