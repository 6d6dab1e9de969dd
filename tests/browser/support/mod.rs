//! Stories share these helpers: the running program, a Chromium, and what people do with it.

pub mod browser;
pub mod demo;
pub mod devices;
pub mod downloads;
pub mod keys;
pub mod layout;
pub mod net;
pub mod steps;
pub mod table;
pub mod wait;
pub mod walk;
