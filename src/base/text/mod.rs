//! What people and programs write: Japanese, mail addresses, browsers' names, spreadsheets and TOML files; and the words
//! for what the operating system says.

pub mod email;
pub mod gaiji;
pub mod io_words;
pub mod japanese;
pub mod spreadsheet;
pub mod toml;
pub mod user_agent;
