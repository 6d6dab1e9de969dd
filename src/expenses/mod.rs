//! Medical expenses (医療費): the rows of a household, their sums, and how they come in.

pub mod care;
pub mod chart;
pub mod csv;
pub mod deduction;
mod ended;
pub mod etax;
pub mod import;
pub mod ledger;
pub mod notices;
pub mod pdf;
pub mod privacy;
pub mod statement;
pub mod totals;
pub mod uke;
