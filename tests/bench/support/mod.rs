//! The measurements share unions with people and files, the programs, a cheap client, and the tables.

pub mod files;
pub mod form;
pub mod history;
pub mod http;
pub mod meter;
pub mod stage;
pub mod table;
