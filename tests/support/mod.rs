//! Helpers for tests of the running product: databases, a clock that tests move, a browser without a screen.

pub mod authenticator;
pub mod browser;
pub mod database;
pub mod first_sign_in;
pub mod imports;
pub mod kills;
pub mod people;
pub mod uke;
pub mod worker;
pub mod world;
