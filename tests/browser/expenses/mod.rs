//! People read their medical expenses, print them, and save them for the tax return.

pub mod deduction;
pub mod family;
pub mod graph;
pub mod pages;
pub mod reading;
pub mod statement;
