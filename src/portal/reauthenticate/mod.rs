//! 「続行するには再度認証してください」 (S4): password, then the code or a recovery code; or a passkey alone.

pub(super) mod email_code;
pub(super) mod passkey;
pub(super) mod password;
pub(super) mod recovery_code;
pub(super) mod totp;

use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::next::Next;
use crate::base::secret::PlainToken;
use crate::tenant::policy::SecondFactor;
use crate::web::identity::{Subscriber, Visitor};
use crate::web::routes::{Access, Routes};
use crate::web::state::App;

const RECOVERY_CODE: &str = "/reauthenticate/recovery-code";

pub(super) fn routes() -> Routes {
    Routes::default()
        .route("/reauthenticate", Access::Subscriber, get(password::show).post(password::submit))
        .route(
            "/reauthenticate/code",
            Access::Subscriber,
            get(email_code::show).post(email_code::submit),
        )
        .route(
            "/reauthenticate/code/resend",
            Access::Subscriber,
            get(email_code::show).post(email_code::resend),
        )
        .route("/reauthenticate/totp", Access::Subscriber, get(totp::show).post(totp::submit))
        .route(
            "/reauthenticate/passkey",
            Access::Subscriber,
            get(passkey::show).post(passkey::submit),
        )
        .route(
            RECOVERY_CODE,
            Access::Subscriber,
            get(recovery_code::show).post(recovery_code::submit),
        )
}

#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(default)]
    next: Next,
}

/// To the page that asked, under the session's newer token.
fn done(app: &App, visitor: Visitor, token: &PlainToken, next: &Next) -> Response {
    (visitor.renewed(app, token), Redirect::to(next.path())).into_response()
}

/// Where a code is asked for, once the password was right and the method is this one.
fn at(
    app: &App,
    subscriber: Subscriber,
    next: &Next,
    method: SecondFactor,
) -> Result<Subscriber, Redirect> {
    let Subscriber { visitor, session, .. } = &subscriber;
    let alone = method == SecondFactor::Passkey;
    let due = session.method(&visitor.tenant.config) == Some(method)
        && !session.is_fresh(app.clock.now())
        && (alone || session.password_is_fresh(app.clock.now()));
    if due { Ok(subscriber) } else { Err(next.with("/reauthenticate")) }
}
