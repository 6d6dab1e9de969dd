//! The registry of insured people and their households.

pub mod import;
mod merge;
pub mod relation;
pub mod roster;
