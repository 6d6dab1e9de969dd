//! People change how they sign in.

pub mod changes;
pub mod devices;
pub mod keyboard;
