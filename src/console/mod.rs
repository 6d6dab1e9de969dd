//! Staff's door: pages in a browser on the host of the union's console.

mod home;
mod message;

use axum::routing::get;

pub use self::message::ConsoleMessage;
use crate::web::routes::{Access, Routes};

/// Every page of the console, and who may come to it.
pub fn routes() -> Routes {
    Routes::default().route("/", Access::Anybody, get(home::show))
}
