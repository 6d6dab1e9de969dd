//! The subscriber's door: pages in a browser on the union's own host.

mod email_code;
mod expenses;
mod first_sign_in;
mod home;
mod sign_in;
mod sign_out;

use axum::Router;
use axum::routing::get;

use crate::web::state::AppState;

/// Every page of the portal.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(home::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-in/code", get(email_code::show).post(email_code::submit))
        .route("/sign-in/code/resend", get(email_code::show).post(email_code::resend))
        .route("/first-sign-in", get(first_sign_in::show))
        .route("/sign-out", get(sign_out::show).post(sign_out::submit))
        .route("/expenses", get(expenses::overview::show))
        .route("/expenses/history", get(expenses::history::show))
        .route("/expenses/months/{month}", get(expenses::statement::month))
        .route("/expenses/years/{year}", get(expenses::statement::year))
}

#[cfg(test)]
mod templates;
