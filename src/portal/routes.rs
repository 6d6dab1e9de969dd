//! The portal's routes.

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;

use super::settings::{passkey_offer, profile, profile_email, sessions, sign_in_methods};
use super::sign_in::{new_password, passkey_alone, reauthenticate, sign_out};
use super::{
    confirm_email, expenses, first_sign_in, forgotten, home, next, onward, places, policies,
    second_factor, sign_in, terms,
};
use crate::web::routes::{Access, Routes};
use crate::web::state::AppState;

/// Declares every page of the portal with its access.
pub fn routes() -> Routes {
    Routes::default()
        .route(places::TOP, Access::Anybody, get(home::show))
        .route(places::SIGN_IN, Access::Anybody, get(sign_in::show).post(sign_in::submit))
        .route(
            places::SIGN_IN_WITH_PASSKEY,
            Access::Anybody,
            get(sign_in::show).post(passkey_alone::submit),
        )
        .route(places::ONWARD, Access::SigningIn, get(onward::show))
        .merge(second_factor::routes())
        .route(
            places::NEW_PASSWORD,
            Access::SigningIn,
            get(new_password::show).post(new_password::submit),
        )
        .route(places::TERMS, Access::SigningIn, get(terms::show).post(terms::submit))
        .route(places::CHANGE_PASSWORD, Access::Anybody, get(onward::to_password))
        .route(
            places::PASSKEY_OFFER,
            (Access::Anybody, Access::Subscriber),
            get(passkey_offer::back).post(passkey_offer::decline),
        )
        .route(places::POLICIES, Access::Anybody, get(policies::show))
        .route(
            places::CONFIRM_EMAIL,
            Access::Anybody,
            get(confirm_email::show).post(confirm_email::submit),
        )
        .merge(forgotten::routes())
        .merge(first_sign_in::routes())
        .route(places::PROFILE, Access::Fresh, get(profile::show).post(profile::submit))
        .route(
            places::PROFILE_EMAIL,
            Access::Fresh,
            get(profile_email::show).post(profile_email::submit),
        )
        .route(places::PROFILE_EMAIL_SENT, Access::Subscriber, get(profile_email::sent))
        .route(
            places::PROFILE_EMAIL_RESEND,
            (Access::Subscriber, Access::Fresh),
            get(profile_email::sent).post(profile_email::resend),
        )
        .route(places::PROFILE_EMAIL_STATUS, Access::Subscriber, get(profile_email::status))
        .route(
            places::AGAIN_PASSWORD,
            Access::Subscriber,
            get(reauthenticate::show).post(reauthenticate::submit),
        )
        .merge(sign_in_methods::routes())
        .merge(sessions::routes())
        .route(
            places::SIGN_OUT,
            (Access::Subscriber, Access::Anybody),
            get(sign_out::show).post(sign_out::submit),
        )
        .merge(expenses::routes())
}

/// Builds the portal's router. It remembers the page that a person wanted when they had to sign in.
pub fn router() -> Router<AppState> {
    routes().into_router().layer(from_fn(next::remember)).layer(from_fn(onward::lead))
}
