//! The table of a statement (E3) in the words and figures that people read. Pages and paper show the same.

use serde::Serialize;

use super::ledger::ExpenseRow;
use super::totals::Totals;

/// 「備考」 begins with this if the amount was computed, since the claim did not state it.
pub(super) const COMPUTED: &str = "自己負担額は計算額";

/// A statement's rows and sums, as text.
#[derive(Debug, Serialize)]
pub struct Statement {
    /// 「あなたが支払った額」
    paid: String,
    rows: Vec<StatementRow>,
    totals: StatementTotals,
    /// True if the notes have to explain a computed amount.
    computed: bool,
    /// True if rows of another person may be left out (E7).
    hides_somebody: bool,
}

#[derive(Debug, Serialize)]
struct StatementRow {
    treatment_month: String,
    patient: String,
    institution: String,
    /// 診療区分/日数: 通院/1日
    care: String,
    total: String,
    insurer: String,
    public: String,
    out_of_pocket: String,
    remarks: String,
}

#[derive(Debug, Serialize)]
struct StatementTotals {
    total: String,
    insurer: String,
    public: String,
    out_of_pocket: String,
}

impl Statement {
    #[must_use]
    pub fn of(rows: Vec<ExpenseRow>, hides_somebody: bool) -> Self {
        let totals = Totals::of(&rows);
        Self {
            paid: totals.out_of_pocket.grouped(),
            computed: rows.iter().any(|row| row.computed),
            rows: rows.into_iter().map(StatementRow::from).collect(),
            totals: StatementTotals {
                total: totals.total.marked(),
                insurer: totals.insurer.marked(),
                public: totals.public.marked(),
                out_of_pocket: totals.out_of_pocket.marked(),
            },
            hides_somebody,
        }
    }
}

impl From<ExpenseRow> for StatementRow {
    fn from(row: ExpenseRow) -> Self {
        let remarks = match row.computed {
            true if row.remarks.is_empty() => COMPUTED.to_owned(),
            true => format!("{COMPUTED}。{}", row.remarks),
            false => row.remarks,
        };
        Self {
            treatment_month: row.treatment_month.slashed(),
            patient: row.patient,
            institution: row.institution,
            care: format!("{}/{}{}", row.care.japanese(), row.days, row.care.counter()),
            total: row.total.marked(),
            insurer: row.insurer.marked(),
            public: row.public.marked(),
            out_of_pocket: row.out_of_pocket.marked(),
            remarks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::money::Yen;
    use crate::base::month::Month;
    use crate::expenses::care::Care;

    fn row(computed: bool, remarks: &str) -> ExpenseRow {
        ExpenseRow {
            treatment_month: Month::new(2025, 1).unwrap(),
            patient: "テスト タロウ".to_owned(),
            institution: "サンプルクリニック薬局".to_owned(),
            care: Care::Pharmacy,
            days: 2,
            total: Yen(2_760),
            insurer: Yen(1_932),
            public: Yen(0),
            out_of_pocket: Yen(828),
            computed,
            remarks: remarks.to_owned(),
        }
    }

    #[test]
    fn e3_remarks_begin_with_how_an_amount_came_about() {
        for (computed, remarks, shown) in [
            (false, "", ""),
            (false, "高額療養費支給", "高額療養費支給"),
            (true, "", "自己負担額は計算額"),
            (true, "高額療養費支給", "自己負担額は計算額。高額療養費支給"),
        ] {
            let statement = Statement::of(vec![row(computed, remarks)], false);
            assert_eq!((statement.rows[0].remarks.as_str(), statement.computed), (shown, computed));
        }
    }

    #[test]
    fn e2_a_row_and_its_sums_as_they_are_read() {
        let statement = Statement::of(vec![row(false, ""), row(false, "")], true);
        let StatementRow { treatment_month, care, public, .. } = &statement.rows[1];
        assert_eq!([treatment_month, care, public], ["2025/01", "調剤/2回", "¥0"]);
        assert_eq!([&statement.paid, &statement.totals.total], ["1,656", "¥5,520"]);
        assert!(statement.hides_somebody && !statement.computed);
    }
}
