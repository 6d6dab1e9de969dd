//! Text that people and programs write, and how two differ: Japanese, mail addresses, user agents, spreadsheets, TOML files, and errors of
//! the operating system.

pub mod difference;
pub mod email;
pub mod gaiji;
pub mod io_words;
pub mod japanese;
pub mod spreadsheet;
pub mod toml;
pub mod user_agent;
