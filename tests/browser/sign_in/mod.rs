//! People sign in, or find out why they are not let in.

pub mod answers;
pub mod deep_links;
pub mod keyboard;
pub mod mailed_code;
pub mod passkey_alone;
pub mod recovery;
pub mod updated_terms;
