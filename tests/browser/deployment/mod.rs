//! The program is started, stopped and killed, and many unions share it without seeing each other.

pub mod running;
pub mod sibling;
pub mod unions;
