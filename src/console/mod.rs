//! Staff's door: pages in a browser on the host of the union's console.

mod home;
mod message;
pub mod places;

use axum::routing::get;

pub use self::message::ConsoleMessage;
use crate::web::routes::{Access, Routes};

/// Declares every page of the console with its access.
pub fn routes() -> Routes {
    Routes::default().route(places::TOP, Access::Anybody, get(home::show))
}
