//! 「続行するには再度認証してください」 (S4) asks for the password once more, and then for the second factor. A person whose second
//! factor is a passkey uses the passkey instead.

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::at_door::AtDoor;
use super::sign_in;
use crate::account::next::{LeadsTo, Next};
use crate::account::places::{
    AGAIN_EMAIL_CODE, AGAIN_PASSKEY, AGAIN_PASSWORD, AGAIN_RECOVERY_CODE, AGAIN_TOTP,
};
use crate::auth::reauth::PasswordAgain;
use crate::auth::session::Session;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary, ticked};
use crate::web::identity::{SignedIn, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};
use crate::web::to_the_end::to_the_end;

const WRONG: &str = "パスワードが正しくありません。";
const TOO_MANY: &str =
    "パスワードを続けて誤ったため、ログアウトしました。はじめからログインし直してください。";

#[derive(Debug, Default, Serialize)]
pub(crate) struct PasswordPage {
    pub(crate) next: String,
    pub(crate) user_id: String,
    /// True if a recovery code follows.
    pub(crate) recovery: bool,
    pub(crate) form: PasswordForm,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct PasswordForm {
    pub(crate) errors: Vec<FormError>,
    pub(crate) password: Field,
}

impl Page for PasswordPage {
    const TEMPLATE: &'static str = "account/reauthenticate.html";
}

#[derive(Debug, Deserialize)]
#[serde(bound = "R: AtDoor")]
pub(crate) struct Password<R> {
    next: Next<R>,
    password: SecretString,
    #[serde(default, deserialize_with = "ticked")]
    recovery: bool,
}

pub(crate) async fn show<R: AtDoor>(
    State(app): State<AppState>,
    SignedIn { visitor, session, .. }: SignedIn<R>,
    Query(LeadsTo { next }): Query<LeadsTo<R>>,
) -> Result<Response, WebError> {
    if session.is_fresh(app.clock.now()) {
        return Ok(Redirect::to(next.path()).into_response());
    }
    match session.method(&visitor.tenant.config) {
        Some(SecondFactor::Passkey) => Ok(next.with(AGAIN_PASSKEY).into_response()),
        _ => page(&app, (&visitor, &session), &next, false, Field::default()),
    }
}

pub(crate) async fn submit<R: AtDoor>(
    State(app): State<AppState>,
    SignedIn { visitor, session, token }: SignedIn<R>,
    Form { fields: Password { next, password, recovery }, .. }: Form<Password<R>, R>,
) -> Result<Response, WebError> {
    if password.expose_secret().is_empty() {
        let empty = Field::default().with_error("パスワードを入力してください。");
        return page(&app, (&visitor, &session), &next, recovery, empty);
    }
    let (server, asked, whose) = (app.clone(), visitor.clone(), session.clone());
    // The check goes on if the browser hangs up, because the try is already counted.
    let checked = to_the_end(async move {
        let sign_in = asked.sign_in(&server);
        sign_in.password_again(&asked.tenant, &whose, &token, &password, recovery).await
    });
    match checked.await? {
        PasswordAgain::Done(token) => {
            Ok((visitor.renewed(&app, &token), Redirect::to(next.path())).into_response())
        }
        PasswordAgain::Then(_) if recovery => Ok(next.with(AGAIN_RECOVERY_CODE).into_response()),
        PasswordAgain::Then(method) => Ok(next.with(page_of(method)).into_response()),
        PasswordAgain::Wrong => {
            let wrong = Field::default().with_error(WRONG);
            page(&app, (&visitor, &session), &next, recovery, wrong)
        }
        PasswordAgain::TooMany => sign_in::again(&app, visitor, TOO_MANY),
    }
}

const fn page_of(method: SecondFactor) -> &'static str {
    match method {
        SecondFactor::EmailCode => AGAIN_EMAIL_CODE,
        SecondFactor::Totp => AGAIN_TOTP,
        SecondFactor::Passkey => AGAIN_PASSKEY,
    }
}

/// Shows the page. If `recovery` is true, its address is that of the recovery code's page.
pub(crate) fn page<R: AtDoor>(
    app: &App,
    (visitor, session): (&Visitor<R>, &Session<R>),
    next: &Next<R>,
    recovery: bool,
    password: Field,
) -> Result<Response, WebError> {
    let errors = summary(&[("password", &password)]);
    let page = PasswordPage {
        next: next.path().to_owned(),
        user_id: session.user_id.clone(),
        recovery,
        form: PasswordForm { errors, password },
    };
    let at = next.after(if recovery { AGAIN_RECOVERY_CODE } else { AGAIN_PASSWORD });
    visitor.page_at(app, &at, status_of(&page.form.errors), &page)
}
