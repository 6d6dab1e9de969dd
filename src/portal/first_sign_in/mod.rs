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

use crate::web::state::AppState;

/// Where the methods' set-up goes on, after a sign-out in between (F10).
pub(super) const AGAIN: &str = "/first-sign-in/again";

/// What the union tells whoever got locked out here.
pub(super) const LOCKED: &str = "入力内容を続けて誤ったため、安全のためアカウントをロックしました。ロックの解除は、健康保険組合へお問い合わせください。";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/first-sign-in/birthdate", get(birthdate::show).post(birthdate::submit))
        .route("/first-sign-in/email", get(email::show).post(email::submit))
        .route("/first-sign-in/email/sent", get(email::sent))
        .route("/first-sign-in/email/resend", get(email::sent).post(email::resend))
        .route("/first-sign-in/email/status", get(email::status))
        .route("/first-sign-in/user-id", get(user_id::show).post(user_id::submit))
        .route("/first-sign-in/done", get(done::show))
        .route(AGAIN, get(done::again))
        .route("/first-sign-in/identity", get(identity::show).post(identity::submit))
        .route("/first-sign-in/details", get(details::show).post(details::submit))
        .route("/first-sign-in/confirmation", get(confirmation::show).post(confirmation::submit))
        .route("/first-sign-in/registered", get(confirmation::registered))
}
