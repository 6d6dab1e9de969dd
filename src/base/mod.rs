//! Words the whole house speaks: ids, time, secrets, Japanese text, money and months.

pub mod clock;
pub mod email;
pub mod ids;
pub mod japanese;
pub mod money;
pub mod month;
pub mod sealed;
pub mod secret;
pub mod spreadsheet;
pub mod user_agent;
