//! What makes a registered subscriber of somebody with first credentials.

pub mod consent;
pub mod email_confirmation;
pub mod identity;
pub mod registration;
