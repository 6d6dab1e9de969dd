//! 「続行するには再度認証してください」 (S4): password, then the code or a recovery code; or a passkey alone.

pub(super) mod email_code;
pub(super) mod passkey;
pub(super) mod password;
pub(super) mod recovery_code;
pub(super) mod totp;

use axum::Router;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::base::secret::PlainToken;
use crate::tenant::policy::SecondFactor;
use crate::web::identity::{Subscriber, Visitor};
use crate::web::state::{App, AppState};

const RECOVERY_CODE: &str = "/reauthenticate/recovery-code";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/reauthenticate", get(password::show).post(password::submit))
        .route("/reauthenticate/code", get(email_code::show).post(email_code::submit))
        .route("/reauthenticate/code/resend", get(email_code::show).post(email_code::resend))
        .route("/reauthenticate/totp", get(totp::show).post(totp::submit))
        .route("/reauthenticate/passkey", get(passkey::show).post(passkey::submit))
        .route(RECOVERY_CODE, get(recovery_code::show).post(recovery_code::submit))
}

/// A page of ours that asked for the proof, and where the person goes on afterwards.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
struct Next(String);

impl Next {
    /// The page, or the top where somebody made one up.
    fn path(&self) -> &str {
        let Self(path) = self;
        let ours = ["/profile", "/sign-in-methods", "/sessions", "/expenses/settings"];
        let known = ours.iter().any(|page| {
            path.strip_prefix(page).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-".contains(&b));
        if known && plain && !path.contains("//") { path } else { "/" }
    }

    /// A page that leads on to this one.
    fn after(&self, page: &str) -> String {
        format!("{page}?next={}", self.path())
    }

    fn with(&self, page: &str) -> Redirect {
        Redirect::to(&self.after(page))
    }
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

#[cfg(test)]
mod tests {
    use super::Next;

    #[test]
    fn s4_a_proof_leads_to_pages_of_ours_alone() {
        for (asked, leads_to) in [
            ("/profile", "/profile"),
            ("/sign-in-methods/totp/0199-aa/delete", "/sign-in-methods/totp/0199-aa/delete"),
            ("/profile//evil.jp", "/"),
            ("//evil.jp", "/"),
            ("https://evil.jp", "/"),
            ("/profile.evil.jp", "/"),
            ("/profile\r\nx", "/"),
            ("", "/"),
        ] {
            assert_eq!(Next(asked.to_owned()).path(), leads_to, "{asked}");
        }
    }
}
