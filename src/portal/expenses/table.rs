//! The table of a statement (E3), as a month, a year and a search show it.

use serde::Serialize;

use crate::base::money::Yen;
use crate::expenses::ledger::ExpenseRow;
use crate::expenses::statement::Statement;

#[derive(Debug, Serialize)]
pub(in crate::portal) struct Table {
    #[serde(flatten)]
    statement: Statement,
    groups: Vec<Group>,
    /// The address of the same table as a file.
    pdf: String,
}

/// Rows of one month of treatment.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Group {
    /// `None` if the rows have no heading.
    heading: Option<Heading>,
    /// The index of its first row, and the index after its last.
    from: usize,
    to: usize,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Heading {
    /// 「2025年1月診療分」
    title: String,
    out_of_pocket: String,
}

impl Table {
    /// Makes a table without headings.
    pub(in crate::portal) fn of(rows: Vec<ExpenseRow>, hides_somebody: bool, pdf: String) -> Self {
        let groups = vec![Group { heading: None, from: 0, to: rows.len() }];
        Self { statement: Statement::of(rows, hides_somebody), groups, pdf }
    }

    /// Makes a table with a heading for each month of treatment, if there are several months.
    pub(in crate::portal) fn by_month(
        rows: Vec<ExpenseRow>,
        hides_somebody: bool,
        pdf: String,
    ) -> Self {
        let groups = groups(&rows);
        if groups.len() < 2 {
            return Self::of(rows, hides_somebody, pdf);
        }
        Self { statement: Statement::of(rows, hides_somebody), groups, pdf }
    }
}

fn groups(rows: &[ExpenseRow]) -> Vec<Group> {
    let mut from = 0;
    rows.chunk_by(|one, other| one.treatment_month == other.treatment_month)
        .map(|rows| {
            let heading = Heading {
                title: format!("{}診療分", rows[0].treatment_month.japanese()),
                out_of_pocket: rows.iter().map(|row| row.out_of_pocket).sum::<Yen>().to_string(),
            };
            let group = Group { heading: Some(heading), from, to: from + rows.len() };
            from = group.to;
            group
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::month::Month;
    use crate::expenses::care::Care;

    fn row(month: u32, out_of_pocket: i64) -> ExpenseRow {
        ExpenseRow {
            treatment_month: Month::new(2025, month).unwrap(),
            patient: "テスト タロウ".to_owned(),
            institution: String::new(),
            care: Care::Outpatient,
            days: 1,
            total: Yen(10_000),
            insurer: Yen(7_000),
            public: Yen(0),
            out_of_pocket: Yen(out_of_pocket),
            computed: false,
            remarks: String::new(),
        }
    }

    #[test]
    fn e2_the_rows_of_a_month_of_treatment_stand_together_with_their_sum() {
        let rows = vec![row(1, 300), row(1, 3_420), row(3, 828)];
        let group = |title: &str, out_of_pocket: &str, from, to| {
            let heading = Heading { title: title.into(), out_of_pocket: out_of_pocket.into() };
            Group { heading: Some(heading), from, to }
        };
        let table = Table::by_month(rows.clone(), false, String::new());
        assert_eq!(
            table.groups,
            [group("2025年1月診療分", "¥3,720", 0, 2), group("2025年3月診療分", "¥828", 2, 3)]
        );
        let plain = |to| [Group { heading: None, from: 0, to }];
        assert_eq!(Table::by_month(rows[..2].to_vec(), false, String::new()).groups, plain(2));
        assert_eq!(Table::by_month(Vec::new(), false, String::new()).groups, plain(0));
        assert_eq!(Table::of(rows, false, String::new()).groups, plain(3));
    }
}
