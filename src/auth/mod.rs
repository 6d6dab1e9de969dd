//! Who a person is: credentials, sign-in, second factors, sessions.
//!
//! [`journey`] decides what comes next from the policy and durable facts; everything else stores
//! and checks those facts.

pub mod account;
pub mod email_code;
pub mod hashing;
pub mod journey;
pub mod session;
pub mod sign_in;
pub mod user_id;
