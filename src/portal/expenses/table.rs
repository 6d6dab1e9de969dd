//! The table of a statement (E3), as a month, a year and a search show it.

use serde::Serialize;

use crate::expenses::ledger::ExpenseRow;
use crate::expenses::statement::Statement;

#[derive(Debug, Serialize)]
pub(in crate::portal) struct Table {
    #[serde(flatten)]
    statement: Statement,
    /// The same as a file.
    pdf: String,
}

impl Table {
    pub(in crate::portal) fn of(rows: Vec<ExpenseRow>, hides_somebody: bool, pdf: String) -> Self {
        Self { statement: Statement::of(rows, hides_somebody), pdf }
    }
}
