//! 「ログイン」: user ID and password (L1).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tracing::Instrument as _;

use super::passkey_alone;
use crate::auth::credentials::hashing::HashingError;
use crate::auth::credentials::user_id::UserId;
use crate::auth::eligibility::Loss;
use crate::auth::factor::passkey::Offer;
use crate::auth::guard::foreign::Foreign;
use crate::auth::sign_in::{Given, Outcome};
use crate::base::japanese::{day, shows_nothing};
use crate::base::realm::Subscribers;
use crate::db::actor::Client;
use crate::portal::opening;
use crate::web::error::{WebError, foreign};
use crate::web::form::{Field, FormError, Sent, Token, summary, ticked};
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

/// Longer than any password a union may allow; what is longer is nobody's.
const LONGEST_PASSWORD: usize = 1024;

/// Where signing in begins.
pub(in crate::portal) const SIGN_IN: &str = "/sign-in";

pub(in crate::portal) const STALE: &str =
    "ページの有効期限が切れました。お手数ですが、もう一度入力してください。";
const TOO_MANY: &str = "ログインの失敗が続いたため、受け付けを一時的に止めています。しばらく時間をおいてから、もう一度お試しください。";
const NO_USER_ID: &str = "ユーザIDを入力してください。";
const REFUSED: &str = "無効なユーザIDまたはパスワードです。";

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct SignInPage {
    pub(in crate::portal) notice: Option<String>,
    /// Days for which a letter's password is good.
    pub(in crate::portal) letter_days: Option<u16>,
    /// The day on which the union's old site ends, until it has (T14).
    pub(in crate::portal) old_site_closes: Option<String>,
    /// The maintenance that comes, or is over soon (T13).
    pub(in crate::portal) maintenance: Option<String>,
    /// Days for which ログイン状態の保存 lasts (L11); absent: not offered.
    pub(in crate::portal) remember_days: Option<u16>,
    /// What a passkey answers that signs in by itself (L6); absent: not offered.
    pub(in crate::portal) passkey: Option<Offer>,
    pub(in crate::portal) form: SignInForm,
}

impl SignInPage {
    pub(in crate::portal) fn of(app: &App, visitor: &Visitor) -> Result<Self, WebError> {
        let config = &visitor.tenant.config;
        let letter = config.first_sign_in.letter.as_ref();
        let passkey = match config.sign_in.passkey_alone {
            true => Some(
                passkey_alone::visit(app, visitor, &visitor.passkey_secret())
                    .offer::<Subscribers>()?,
            ),
            false => None,
        };
        Ok(Self {
            letter_days: letter.and_then(|letter| letter.expires_after_days),
            remember_days: config.sign_in.remember_days,
            passkey,
            maintenance: opening::announcement(app, &visitor.tenant),
            old_site_closes: opening::old_site_closes(config, app.clock.today()),
            ..Self::default()
        })
    }

    /// Where a sign-in ends that has to begin again.
    pub(in crate::portal) fn after(
        app: &App,
        visitor: Visitor,
        notice: &'static str,
    ) -> Result<Response, WebError> {
        let page = Self { notice: Some(notice.to_owned()), ..Self::of(app, &visitor)? };
        visitor.signed_out().page_at(app, SIGN_IN, StatusCode::UNPROCESSABLE_ENTITY, &page)
    }
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct SignInForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) user_id: Field,
    pub(in crate::portal) password: Field,
    pub(in crate::portal) remember: bool,
}

impl Page for SignInPage {
    const TEMPLATE: &'static str = "portal/sign_in.html";
    const FRESH: &'static [&'static str] = &["passkey"];
}

#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Credentials {
    user_id: String,
    password: SecretString,
    #[serde(default, deserialize_with = "ticked")]
    remember: bool,
}

/// 「ご利用期間が終了しました」
#[derive(Debug, Serialize)]
pub(in crate::portal) struct ClosedPage {
    pub(in crate::portal) lost_on: String,
    pub(in crate::portal) closed_on: String,
}

impl Page for ClosedPage {
    const TEMPLATE: &'static str = "portal/closed.html";
}

/// Whose time after losing eligibility is over (T12).
fn closed(app: &App, visitor: &Visitor, loss: Loss) -> Result<Response, WebError> {
    let page = ClosedPage { lost_on: day(loss.lost_on), closed_on: day(loss.last_day()) };
    visitor.page(app, StatusCode::FORBIDDEN, &page)
}

/// Whoever has tried too often from one place, or whose union somebody else does that to.
pub(in crate::portal) fn too_many(
    app: &App,
    visitor: &Visitor,
    form: SignInForm,
) -> Result<Response, WebError> {
    let page =
        SignInPage { notice: Some(TOO_MANY.to_owned()), form, ..SignInPage::of(app, visitor)? };
    visitor.page(app, StatusCode::TOO_MANY_REQUESTS, &page)
}

pub(in crate::portal) async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
) -> Result<Response, WebError> {
    if visitor.subscriber().is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    visitor.page(&app, StatusCode::OK, &SignInPage::of(&app, &visitor)?)
}

pub(in crate::portal) async fn submit(
    State(app): State<AppState>,
    client: Client,
    Sent { visitor, fields, token }: Sent<Credentials>,
) -> Result<Response, WebError> {
    if token == Token::Foreign {
        // Two tabs opened at once, or a page kept for days: the same form once more.
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
            Outcome::Accepted { token, step, remember_until } => {
                let jar = visitor.signed_in(&app, &token, remember_until);
                return Ok((jar, Redirect::to(step.path())).into_response());
            }
            Outcome::Closed(loss) => return closed(&app, &visitor, loss),
            Outcome::TooMany => return too_many(&app, &visitor, form),
            Outcome::Refused => {}
        }
        form.errors.push(FormError { field: None, message: visitor.tenant.config.say(REFUSED) });
    }
    let page = SignInPage { form, ..SignInPage::of(&app, &visitor)? };
    visitor.page(&app, StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// Goes on though the browser hangs up: a try that is counted is checked, too.
async fn try_password(
    app: &AppState,
    client: Client,
    visitor: &Visitor,
    user_id: Option<UserId>,
    fields: Credentials,
) -> Result<Outcome, WebError> {
    let (app, visitor) = (app.clone(), visitor.clone());
    let trying = async move {
        let given = Given {
            user_id: user_id.as_ref(),
            password: &fields.password,
            remember: fields.remember,
            client: &client,
            browser: &visitor.browser,
        };
        let earlier = visitor.earlier();
        visitor.sign_in(&app).with_password(&visitor.tenant, earlier, given).await
    };
    let trying = tokio::spawn(trying.instrument(tracing::Span::current()));
    Ok(trying.await.map_err(|_| HashingError::Busy)??)
}
