//! Medical expenses (医療費): the rows of a household, their sums, and how they come in.

pub mod care;
pub mod import;
pub mod ledger;
pub mod totals;
