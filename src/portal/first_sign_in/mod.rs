//! The first sign-in, one decision a page (seeds 001–003), or on two forms (seed 004).
//!
//! Each page belongs to a step of [`journey`](crate::auth::journey); opened when another is due, it
//! leads there.

pub(super) mod birthdate;
pub(super) mod confirmation;
pub(super) mod details;
pub(super) mod done;
pub(super) mod email;
pub(super) mod identity;
pub(super) mod user_id;

use axum::Router;
use axum::routing::get;

use crate::portal::places;
use crate::web::state::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(places::BIRTHDATE, get(birthdate::show).post(birthdate::submit))
        .route(places::EMAIL, get(email::show).post(email::submit))
        .route(places::EMAIL_SENT, get(email::sent))
        .route(places::EMAIL_RESEND, get(email::sent).post(email::resend))
        .route(places::EMAIL_STATUS, get(email::status))
        .route(places::USER_ID, get(user_id::show).post(user_id::submit))
        .route(places::DONE, get(done::show))
        .route(places::AGAIN, get(done::again))
        .route(places::IDENTITY, get(identity::show).post(identity::submit))
        .route(places::DETAILS, get(details::show).post(details::submit))
        .route(places::CONFIRMATION, get(confirmation::show).post(confirmation::submit))
        .route(places::REGISTERED, get(confirmation::registered))
}
