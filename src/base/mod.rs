//! Words the whole house speaks: ids, time, secrets, Japanese text, money and months; and what is wrong with a TOML file.

pub mod clock;
pub mod email;
pub mod ids;
pub mod japanese;
pub mod money;
pub mod month;
pub mod sealed;
pub mod secret;
pub mod spreadsheet;
pub mod toml;
pub mod user_agent;
