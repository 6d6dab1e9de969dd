//! Text that people and programs write: Japanese, mail addresses, user agents, spreadsheets, TOML files, and errors of
//! the operating system.

pub mod email;
pub mod gaiji;
pub mod io_words;
pub mod japanese;
pub mod spreadsheet;
pub mod toml;
pub mod user_agent;
