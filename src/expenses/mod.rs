//! Medical expenses (医療費): a household's rows and their sums, the files that bring them, and the files that a person takes
//! away.

pub mod care;
pub mod chart;
pub mod csv;
pub mod deduction;
pub mod etax;
mod history;
pub mod import;
pub mod ledger;
pub mod notices;
pub mod pdf;
pub mod statement;
pub mod totals;
pub mod uke;
