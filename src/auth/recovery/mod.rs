//! Ways back in for a person who forgot the password (R1, R3) or the user ID (R2).

mod asking;
mod password;
mod user_id;

pub use self::asking::MailAsked;
pub(in crate::auth) use self::password::send_link;
pub use self::password::{Reset, VALID_FOR};
