//! The subscriber's door: pages in a browser on the union's own host.

mod confirm_email;
mod expenses;
mod first_sign_in;
mod forgotten;
mod home;
mod message;
mod next;
mod onward;
pub mod opening;
pub mod places;
mod policies;
mod records;
mod routes;
mod second_factor;
mod settings;
mod sign_in;
#[cfg(test)]
mod templates;
mod terms;
mod words;

pub use self::message::PortalMessage;
pub use self::routes::{router, routes};
