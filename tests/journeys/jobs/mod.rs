//! A job outlasts the request that caused it, and runs once, though workers die.

pub mod errands;
pub mod running;
