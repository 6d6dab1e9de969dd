//! A union's files are read, checked, merged, published and corrected, though a process is killed meanwhile.

pub mod corrections;
pub mod kills;
pub mod members_and_expenses;
pub mod notices;
pub mod spreadsheets;
pub mod staging;
pub mod uke;
