//! Limits on guesses, which leave the person's own tries alone.

mod availability;
pub mod foreign;
pub mod known_browser;
pub mod leases;
pub(in crate::auth) mod throttle;
pub(in crate::auth) mod tries;
