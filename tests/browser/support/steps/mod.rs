//! Steps that several stories take.

pub mod first_sign_in;
pub mod settings;
pub mod staff;
