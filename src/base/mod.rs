//! Basics for every room: ids, time, secrets, Japanese text, money and months; files and their modes, errors of TOML
//! files and of the operating system in Japanese, and a fair queue.

pub mod clock;
pub mod fair;
pub mod files;
pub mod ids;
pub mod money;
pub mod month;
pub mod realm;
pub mod sealed;
pub mod secret;
mod text;

pub use self::text::{difference, email, gaiji, io_words, japanese, spreadsheet, toml, user_agent};
