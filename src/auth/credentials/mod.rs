//! User ID and password: the union's first ones and the person's own.

pub mod account;
pub mod hashing;
pub mod letters;
pub mod password;
pub mod user_id;
