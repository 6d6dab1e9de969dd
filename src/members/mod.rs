//! This room owns the registry of insured people and their households.

pub mod caller;
mod check;
pub mod import;
pub mod keys;
pub mod layout;
mod merge;
pub mod numbered;
pub mod person;
pub mod relation;
pub mod reports;
pub mod roster;
pub mod search;
pub mod worklist;
