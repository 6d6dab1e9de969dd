//! User ID and password: the union's first ones and the person's own.

pub(in crate::auth) mod current;
pub(in crate::auth) mod failures;
pub(in crate::auth) mod first;
pub mod hashing;
pub mod letters;
pub mod login;
pub mod password;
pub mod stored;
pub mod user_id;
