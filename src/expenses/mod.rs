//! Medical expenses (医療費): the rows of a household, their sums, and how they come in.

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
