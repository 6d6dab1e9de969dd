//! The identity of subscribers and of staff: credentials, sign-in, second factors, sessions.
//!
//! [`journey`] decides what comes next from the policy and durable facts; everything else stores
//! and checks those facts. A realm is a type parameter wherever both realms do the same.

pub mod access;
pub mod account_changed;
mod client;
pub mod context;
pub mod credentials;
pub mod eligibility;
pub mod email_failures;
pub mod factor;
pub mod first_sign_in;
pub mod guard;
pub mod help_desk;
pub mod housekeeping;
pub mod journey;
mod links;
pub mod people;
pub mod reauth;
pub mod recovery;
pub mod session;
pub mod sign_in;
pub mod staff;
pub mod touched;
