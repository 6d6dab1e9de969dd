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

use crate::web::routes::{Access, Routes};
use axum::routing::get;

/// Where the methods' set-up goes on, after a sign-out in between (F10).
pub(super) const AGAIN: &str = "/first-sign-in/again";

/// What the union tells whoever got locked out here.
pub(super) const LOCKED: &str = "入力内容を続けて誤ったため、安全のためアカウントをロックしました。ロックの解除は、健康保険組合へお問い合わせください。";

pub(super) fn routes() -> Routes {
    Routes::default()
        .route(
            "/first-sign-in/birthdate",
            Access::SigningIn,
            get(birthdate::show).post(birthdate::submit),
        )
        .route("/first-sign-in/email", Access::SigningIn, get(email::show).post(email::submit))
        .route("/first-sign-in/email/sent", Access::SigningIn, get(email::sent))
        .route(
            "/first-sign-in/email/resend",
            Access::SigningIn,
            get(email::sent).post(email::resend),
        )
        .route("/first-sign-in/email/status", Access::SigningIn, get(email::status))
        .route(
            "/first-sign-in/user-id",
            Access::SigningIn,
            get(user_id::show).post(user_id::submit),
        )
        .route("/first-sign-in/done", Access::SigningIn, get(done::show))
        .route(AGAIN, Access::Anybody, get(done::again))
        .route(
            "/first-sign-in/identity",
            Access::SigningIn,
            get(identity::show).post(identity::submit),
        )
        .route(
            "/first-sign-in/details",
            Access::SigningIn,
            get(details::show).post(details::submit),
        )
        .route(
            "/first-sign-in/confirmation",
            Access::SigningIn,
            get(confirmation::show).post(confirmation::submit),
        )
        .route("/first-sign-in/registered", Access::Subscriber, get(confirmation::registered))
}
