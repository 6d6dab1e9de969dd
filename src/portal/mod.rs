//! The subscriber's door: pages in a browser on the union's own host.

mod confirm_email;
mod expenses;
mod first_sign_in;
mod forgotten;
mod home;
mod message;
mod next;
pub mod opening;
mod policies;
mod reauthenticate;
mod second_factor;
mod settings;
mod sign_in;
mod terms;

pub use self::message::PortalMessage;

use axum::Router;
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;

use self::second_factor::{email_code, method, passkey, recovery_code, totp};
use self::settings::{passkey_offer, profile, profile_email, sessions, sign_in_methods};
use self::sign_in::{new_password, passkey_alone, sign_out};
use crate::base::secret::PlainToken;
use crate::web::identity::{SigningIn, Visitor};
use crate::web::state::{App, AppState};

/// Leads to whatever is due, or to the top page.
const ONWARD: &str = "/sign-in/continue";

/// Every page of the portal.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(home::show))
        .route(sign_in::SIGN_IN, get(sign_in::show).post(sign_in::submit))
        .route("/sign-in/with-passkey", get(sign_in::show).post(passkey_alone::submit))
        .route(ONWARD, get(onward))
        .route("/sign-in/code", get(email_code::show).post(email_code::submit))
        .route("/sign-in/code/resend", get(email_code::show).post(email_code::resend))
        .route("/sign-in/method", get(method::show).post(method::submit))
        .route("/sign-in/totp", get(totp::show).post(totp::submit))
        .route("/sign-in/totp/set-up", get(totp::set_up).post(totp::finish_set_up))
        .route("/sign-in/totp/qr.png", get(totp::qr))
        .route("/sign-in/passkey", get(passkey::show).post(passkey::submit))
        .route("/sign-in/passkey/set-up", get(passkey::set_up).post(passkey::finish_set_up))
        .route("/sign-in/recovery-code", get(recovery_code::show).post(recovery_code::submit))
        .route("/sign-in/new-password", get(new_password::show).post(new_password::submit))
        .route("/terms", get(terms::show).post(terms::submit))
        .route("/.well-known/change-password", get(to_password))
        .route(passkey_offer::PAGE, get(passkey_offer::back).post(passkey_offer::decline))
        .route("/policies", get(policies::show))
        .route("/confirm-email", get(confirm_email::show).post(confirm_email::submit))
        .merge(forgotten::routes())
        .merge(first_sign_in::routes())
        .route(profile::PAGE, get(profile::show).post(profile::submit))
        .route("/profile/email", get(profile_email::show).post(profile_email::submit))
        .route("/profile/email/sent", get(profile_email::sent))
        .route("/profile/email/resend", get(profile_email::sent).post(profile_email::resend))
        .route("/profile/email/status", get(profile_email::status))
        .merge(reauthenticate::routes())
        .merge(sign_in_methods::routes())
        .merge(sessions::routes())
        .route("/sign-out", get(sign_out::show).post(sign_out::submit))
        .merge(expenses::routes())
        .layer(from_fn(next::remember))
}

async fn onward(signing_in: SigningIn) -> Redirect {
    Redirect::to(signing_in.step.path())
}

/// Where a password manager sends people (W3C, "A Well-Known URL for Changing Passwords").
async fn to_password() -> Redirect {
    Redirect::to(sign_in_methods::PASSWORD)
}

/// To whatever is due next, under the session's newer token.
fn go_on(app: &App, visitor: Visitor, token: &PlainToken) -> Response {
    (visitor.renewed(app, token), Redirect::to(ONWARD)).into_response()
}

#[cfg(test)]
mod templates;
