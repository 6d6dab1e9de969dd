//! Words the whole house speaks: ids, time, secrets, Japanese text, money and months; files and who may read them, what
//! is wrong with a TOML file, and what the operating system says; a fair queue.

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

pub use self::text::{email, gaiji, io_words, japanese, spreadsheet, toml, user_agent};
