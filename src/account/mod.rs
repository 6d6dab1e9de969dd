//! A person's own account: the pages that both web doors show. A person proves a second factor, sets one up, proves
//! their identity once more, and looks after password, devices and sessions.
//!
//! Each page is generic over the realm. A door says through [`AtDoor`](at_door::AtDoor) where its other pages are.

pub(crate) mod at_door;
#[cfg(test)]
pub(crate) mod gallery;
pub(crate) mod new_password;
pub(crate) mod next;
pub(crate) mod onward;
pub(crate) mod places;
pub(crate) mod reauthenticate;
mod routes;
pub(crate) mod second_factor;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod sign_in_methods;
pub(crate) mod words;

pub(crate) use self::routes::{mailed_code_routes, routes};
