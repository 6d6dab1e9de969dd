//! People read their medical expenses, hide them from the family, print them, and save them for the tax return.

pub mod deduction;
pub mod etax;
pub mod family;
pub mod paper;
pub mod reading;
pub mod saved;
pub mod search;
