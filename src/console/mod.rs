//! Staff's door: pages in a browser on the host of the union's console.

mod home;
mod message;

use axum::Router;
use axum::routing::get;

pub use self::message::ConsoleMessage;
use crate::web::state::AppState;

/// Every page of the console.
pub fn routes() -> Router<AppState> {
    Router::new().route("/", get(home::show))
}
