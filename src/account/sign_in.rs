//! 「ログイン」 with user ID and password (L1).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::at_door::{AtDoor, SignInForm};
use super::places::{SIGN_IN, TOP};
use crate::auth::credentials::user_id::UserId;
use crate::auth::guard::foreign::Foreign;
use crate::auth::sign_in::{PasswordInput, SignInOutcome};
use crate::base::japanese::shows_nothing;
use crate::db::actor::Client;
use crate::web::error::{WebError, foreign};
use crate::web::form::{Field, FormError, Sent, Token, summary, ticked};
use crate::web::identity::Visitor;
use crate::web::state::{App, AppState};
use crate::web::to_the_end::to_the_end;

/// This is longer than any password that a union may allow, so a longer text can't be right.
const LONGEST_PASSWORD: usize = 1024;

const NO_USER_ID: &str = "ユーザIDを入力してください。";
const REFUSED: &str = "無効なユーザIDまたはパスワードです。";
pub(crate) const STALE: &str =
    "ページの有効期限が切れました。お手数ですが、もう一度入力してください。";
const TOO_MANY: &str = "ログインの失敗が続いたため、受け付けを一時的に止めています。しばらく時間をおいてから、もう一度お試しください。";

#[derive(Debug, Deserialize)]
pub(crate) struct TypedCredentials {
    user_id: String,
    password: SecretString,
    #[serde(default, deserialize_with = "ticked")]
    remember: bool,
}

pub(crate) async fn show<R: AtDoor>(
    State(app): State<AppState>,
    visitor: Visitor<R>,
) -> Result<Response, WebError> {
    if visitor.complete_session().is_some() {
        return Ok(Redirect::to(TOP).into_response());
    }
    visitor.page(
        &app,
        StatusCode::OK,
        &R::sign_in_page(&app, &visitor, None, SignInForm::default())?,
    )
}

pub(crate) async fn submit<R: AtDoor>(
    State(app): State<AppState>,
    client: Client,
    Sent { visitor, fields, token }: Sent<TypedCredentials, R>,
) -> Result<Response, WebError> {
    if token == Token::Foreign {
        // The person opened two tabs at once, or kept the page for days. The same form is shown once more.
        let user_id = Field::with_value(&fields.user_id);
        let form = SignInForm { user_id, remember: fields.remember, ..SignInForm::default() };
        return stale(&app, &visitor, form);
    }
    let mut form = SignInForm {
        user_id: Field::with_value(&fields.user_id),
        remember: fields.remember,
        ..SignInForm::default()
    };
    let password = fields.password.expose_secret();
    if shows_nothing(&fields.user_id) {
        form.user_id = form.user_id.with_error(&visitor.tenant.config.say(NO_USER_ID));
    }
    if password.is_empty() {
        form.password = form.password.with_error("パスワードを入力してください。");
    }
    form.errors = summary(&[("user_id", &form.user_id), ("password", &form.password)]);
    if form.errors.is_empty() {
        let user_id = UserId::parse(&fields.user_id).ok();
        let user_id = user_id.filter(|_| password.len() <= LONGEST_PASSWORD);
        match try_password(&app, client, &visitor, user_id, fields).await? {
            SignInOutcome::Accepted { token, step, remember_until } => {
                let jar = visitor.signed_in(&app, &token, remember_until);
                return Ok((jar, Redirect::to(R::of_step(step))).into_response());
            }
            SignInOutcome::Closed(loss) => return R::closed(&app, &visitor, loss),
            SignInOutcome::Held => return R::held(&app, &visitor),
            SignInOutcome::TooMany => return too_many(&app, &visitor, form),
            SignInOutcome::Refused => {}
        }
        form.errors.push(FormError { field: None, message: visitor.tenant.config.say(REFUSED) });
    }
    let page = R::sign_in_page(&app, &visitor, None, form)?;
    visitor.page(&app, StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// Shows the sign-in page after a sign-in that has to begin again.
pub(crate) fn again<R: AtDoor>(
    app: &App,
    visitor: Visitor<R>,
    notice: &'static str,
) -> Result<Response, WebError> {
    let page = R::sign_in_page(app, &visitor, Some(notice), SignInForm::default())?;
    visitor.signed_out().page_at(app, SIGN_IN, StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// Shows a form once more whose token belongs to another visit.
pub(crate) fn stale<R: AtDoor>(
    app: &App,
    visitor: &Visitor<R>,
    form: SignInForm,
) -> Result<Response, WebError> {
    let page = R::sign_in_page(app, visitor, Some(STALE), form)?;
    let page = visitor.page(app, StatusCode::FORBIDDEN, &page)?;
    Ok(foreign(Foreign::Form, page))
}

/// Answers a person if there were too many wrong tries from one place, or at the whole union.
pub(crate) fn too_many<R: AtDoor>(
    app: &App,
    visitor: &Visitor<R>,
    form: SignInForm,
) -> Result<Response, WebError> {
    let page = R::sign_in_page(app, visitor, Some(TOO_MANY), form)?;
    visitor.page(app, StatusCode::TOO_MANY_REQUESTS, &page)
}

/// Checks a password. The check goes on if the browser hangs up, because the try is already counted.
async fn try_password<R: AtDoor>(
    app: &AppState,
    client: Client,
    visitor: &Visitor<R>,
    user_id: Option<UserId>,
    fields: TypedCredentials,
) -> Result<SignInOutcome, WebError> {
    let (app, visitor) = (app.clone(), visitor.clone());
    to_the_end(async move {
        let given = PasswordInput {
            user_id: user_id.as_ref(),
            password: &fields.password,
            remember: fields.remember,
            client: &client,
            browser: &visitor.browser,
        };
        let earlier = visitor.earlier();
        visitor.sign_in(&app).with_password(&visitor.tenant, earlier, given).await
    })
    .await
}
