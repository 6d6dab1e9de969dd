//! Sessions: a random token in the browser, its hash in the database.
//!
//! A session begins with the right password and is renewed (a new token, the old one dead) when a
//! second factor is proved. It ends by sign-out, by rest, or by age.

pub mod activity;
mod judgement;
pub(in crate::auth) mod life;
pub(in crate::auth) mod living;
pub(in crate::auth) mod lookup;
pub(in crate::auth) mod proof;
mod row;
pub(in crate::auth) mod store;
pub(in crate::auth) mod token;

pub use self::living::{CODE_LASTS, Lookup, Session};
pub use self::lookup::find;
pub use self::store::{end, end_others, was_ours};
