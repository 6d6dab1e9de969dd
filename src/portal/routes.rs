//! The portal's routes.

use axum::Router;
use axum::middleware::from_fn;
use axum::response::Redirect;
use axum::routing::get;

use super::settings::{passkey_offer, profile, profile_email, who_looked};
use super::sign_in::{passkey_alone, sign_out};
use super::{
    confirm_email, expenses, first_sign_in, forgotten, home, not_me, places, policies, terms,
};
use crate::account::{self, new_password, next, onward, sign_in};
use crate::base::realm::Subscribers;
use crate::web::routes::{Access, Routes};
use crate::web::state::AppState;

/// Declares every page of the portal with its access.
pub fn routes() -> Routes {
    Routes::default()
        .route(places::TOP, Access::Anybody, get(home::show))
        .route(
            places::SIGN_IN_WITH_PASSKEY,
            Access::Anybody,
            get(sign_in::show::<Subscribers>).post(passkey_alone::submit),
        )
        .merge(account::routes::<Subscribers>())
        .merge(account::mailed_code_routes())
        .route(
            places::NEW_PASSWORD,
            Access::SigningIn,
            get(new_password::show).post(new_password::submit),
        )
        .route(places::TERMS, Access::SigningIn, get(terms::show).post(terms::submit))
        .route(places::CHANGE_PASSWORD, Access::Anybody, get(to_password))
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
        .route(places::NOT_ME, Access::Anybody, get(not_me::show).post(not_me::submit))
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
            account::places::SIGN_OUT,
            (Access::Subscriber, Access::Anybody),
            get(sign_out::show).post(sign_out::submit),
        )
        .merge(who_looked::routes())
        .merge(expenses::routes())
}

/// Builds the portal's router. It remembers the page that a person wanted when they had to sign in.
pub fn router() -> Router<AppState> {
    routes()
        .into_router()
        .layer(from_fn(next::remember::<Subscribers>))
        .layer(from_fn(onward::lead::<Subscribers>))
}

async fn to_password() -> Redirect {
    Redirect::to(account::places::METHODS_PASSWORD)
}
