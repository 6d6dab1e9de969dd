//! Staff serve their union's people at the console.

pub mod every_page;
pub mod keyboard;
pub mod serving;
