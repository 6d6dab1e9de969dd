//! People look after their accounts: what is set, what happened, and what is lost or forgotten.

pub mod activity;
pub mod recovery;
pub mod recovery_codes;
pub mod settings;
