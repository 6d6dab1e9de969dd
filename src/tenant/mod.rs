//! Unions: their identity, their hosts, and what they decided.
//!
//! A union's policy is data. [`policy`] is its shape, [`file`] reads it from TOML and reports every
//! mistake with its line, [`registry`] stores its versions, and [`directory`] gives each request
//! its union without asking the database.

pub mod directory;
pub mod file;
pub mod hosts;
pub mod maintenance;
mod notify;
pub mod policy;
pub mod registry;
pub mod terms;
