//! Failures, floods and one person's heavy work harm nobody else.

pub mod connections;
pub mod faults;
pub mod heavy;
pub mod reserved;
pub mod shares;
