//! The subscriber's door: pages in a browser on the union's own host.

mod confirm_email;
mod door;
mod expenses;
mod first_sign_in;
mod forgotten;
mod home;
mod message;
mod not_me;
pub mod opening;
pub mod places;
mod policies;
mod records;
mod routes;
mod settings;
mod sign_in;
#[cfg(test)]
mod templates;
mod terms;

pub use self::message::PortalMessage;
pub use self::routes::{router, routes};
