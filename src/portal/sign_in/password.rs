//! 「ログイン」 with user ID and password (L1).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::page::{STALE, SignInForm, SignInPage, too_many};
use crate::auth::credentials::user_id::UserId;
use crate::auth::eligibility::Loss;
use crate::auth::guard::foreign::Foreign;
use crate::auth::sign_in::{PasswordInput, SignInOutcome};
use crate::base::japanese::{day, shows_nothing};
use crate::db::actor::Client;
use crate::portal::places::{TOP, of_step};
use crate::web::error::{WebError, foreign};
use crate::web::form::{Field, FormError, Sent, Token, summary, ticked};
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::state::{App, AppState};
use crate::web::to_the_end::to_the_end;

/// This is longer than any password that a union may allow, so a longer text can't be right.
const LONGEST_PASSWORD: usize = 1024;

const NO_USER_ID: &str = "ユーザIDを入力してください。";
const REFUSED: &str = "無効なユーザIDまたはパスワードです。";

#[derive(Debug, Deserialize)]
pub(in crate::portal) struct TypedCredentials {
    user_id: String,
    password: SecretString,
    #[serde(default, deserialize_with = "ticked")]
    remember: bool,
}

/// The page says 「ご利用期間が終了しました」.
#[derive(Debug, Serialize)]
pub(in crate::portal) struct ClosedPage {
    pub(in crate::portal) lost_on: String,
    pub(in crate::portal) closed_on: String,
}

impl Page for ClosedPage {
    const TEMPLATE: &'static str = "portal/sign_in/closed.html";
}

/// Tells a person that the time after losing eligibility is over (T12).
fn closed(app: &App, visitor: &Visitor, loss: Loss) -> Result<Response, WebError> {
    let page = ClosedPage { lost_on: day(loss.lost_on), closed_on: day(loss.last_day()) };
    visitor.page(app, StatusCode::FORBIDDEN, &page)
}

pub(in crate::portal) async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
) -> Result<Response, WebError> {
    if visitor.complete_session().is_some() {
        return Ok(Redirect::to(TOP).into_response());
    }
    visitor.page(&app, StatusCode::OK, &SignInPage::of(&app, &visitor)?)
}

pub(in crate::portal) async fn submit(
    State(app): State<AppState>,
    client: Client,
    Sent { visitor, fields, token }: Sent<TypedCredentials>,
) -> Result<Response, WebError> {
    if token == Token::Foreign {
        // The person opened two tabs at once, or kept the page for days. The same form is shown once more.
        let user_id = Field::with_value(&fields.user_id);
        let form = SignInForm { user_id, remember: fields.remember, ..SignInForm::default() };
        let page =
            SignInPage { notice: Some(STALE.to_owned()), form, ..SignInPage::of(&app, &visitor)? };
        let page = visitor.page(&app, StatusCode::FORBIDDEN, &page)?;
        return Ok(foreign(Foreign::Form, page));
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
                return Ok((jar, Redirect::to(of_step(step))).into_response());
            }
            SignInOutcome::Closed(loss) => return closed(&app, &visitor, loss),
            SignInOutcome::TooMany => return too_many(&app, &visitor, form),
            SignInOutcome::Refused => {}
        }
        form.errors.push(FormError { field: None, message: visitor.tenant.config.say(REFUSED) });
    }
    let page = SignInPage { form, ..SignInPage::of(&app, &visitor)? };
    visitor.page(&app, StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// Checks a password. The check goes on if the browser hangs up, because the try is already counted.
async fn try_password(
    app: &AppState,
    client: Client,
    visitor: &Visitor,
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
