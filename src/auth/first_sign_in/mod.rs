//! The steps by which a person with first credentials becomes a registered subscriber.

pub mod consent;
pub mod email_confirmation;
pub mod identity;
pub mod registration;
