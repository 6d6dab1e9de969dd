//! What keeps guesses few and tells them from the person's own tries.

mod availability;
pub mod foreign;
pub mod known_browser;
pub mod leases;
pub(in crate::auth) mod throttle;
pub(in crate::auth) mod tries;
