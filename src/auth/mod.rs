//! Who a person is: credentials, sign-in, second factors, sessions.
//!
//! [`journey`] decides what comes next from the policy and durable facts; everything else stores
//! and checks those facts.

pub mod account;
pub mod account_changed;
pub mod activity;
mod availability;
pub mod consent;
pub mod context;
pub mod device;
pub mod eligibility;
pub mod email_code;
pub mod email_confirmation;
pub mod email_failures;
pub mod foreign;
pub mod hashing;
pub mod housekeeping;
pub mod identity;
pub mod journey;
mod known_browser;
pub mod leases;
pub mod letters;
mod links;
pub mod method;
pub mod passkey;
pub mod passkey_offer;
pub mod password;
pub mod reauth;
pub mod recovery;
pub mod recovery_code;
pub mod registration;
mod second_factor;
pub mod session;
pub mod sign_in;
pub mod staff;
mod throttle;
pub mod totp;
pub mod touched;
mod tries;
pub mod user_id;

pub use known_browser::KNOWN_FOR;
