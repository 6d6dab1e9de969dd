//! What tests of the running product share: a database of their own, a clock they hold, a browser
//! without a screen.

pub mod authenticator;
pub mod browser;
pub mod database;
pub mod first_sign_in;
pub mod imports;
pub mod people;
pub mod uke;
pub mod worker;
pub mod world;
