//! The first sign-in: one decision on each page (seeds 001–003), or two forms (seed 004).
//!
//! Each page belongs to a step of [`journey`](crate::auth::journey). If another step is due, the
//! page redirects to it.

pub(super) mod birthdate;
pub(super) mod confirmation;
pub(super) mod details;
pub(super) mod done;
pub(super) mod email;
pub(super) mod identity;
pub(super) mod user_id;

use axum::routing::get;

use crate::portal::places;
use crate::web::routes::{Access, Routes};

pub(super) fn routes() -> Routes {
    Routes::default()
        .route(places::BIRTHDATE, Access::SigningIn, get(birthdate::show).post(birthdate::submit))
        .route(places::EMAIL, Access::SigningIn, get(email::show).post(email::submit))
        .route(places::EMAIL_SENT, Access::SigningIn, get(email::sent))
        .route(places::EMAIL_RESEND, Access::SigningIn, get(email::sent).post(email::resend))
        .route(places::EMAIL_STATUS, Access::SigningIn, get(email::status))
        .route(places::USER_ID, Access::SigningIn, get(user_id::show).post(user_id::submit))
        .route(places::DONE, Access::SigningIn, get(done::show))
        .route(places::AGAIN, Access::Anybody, get(done::again))
        .route(places::IDENTITY, Access::SigningIn, get(identity::show).post(identity::submit))
        .route(places::DETAILS, Access::SigningIn, get(details::show).post(details::submit))
        .route(
            places::CONFIRMATION,
            Access::SigningIn,
            get(confirmation::show).post(confirmation::submit),
        )
        .route(places::REGISTERED, Access::Subscriber, get(confirmation::registered))
}
