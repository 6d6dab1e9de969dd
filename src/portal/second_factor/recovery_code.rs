//! Recovery codes: making a set among the settings, and using one to sign in.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Deserializer, Serialize};

use crate::auth::factor::recovery_code::{self, Confirmation, Standing};
use crate::auth::journey::Step;
use crate::base::japanese::shows_nothing;
use crate::portal::onward::go_on;
use crate::portal::places::ONWARD;
use crate::portal::sign_in::SignInPage;
use crate::portal::words::LOCKED;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary};
use crate::web::identity::{Fresh, SigningIn, Subscriber};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

pub(in crate::portal) const EMPTY: &str = "リカバリーコードを入力してください。";
pub(in crate::portal) const WRONG: &str =
    "リカバリーコードが正しくありません。使用済みのコードは使えません。";

#[derive(Default, Serialize)]
pub(in crate::portal) struct RecoveryCodesPage {
    /// How many of the set are unused.
    pub(in crate::portal) left: i64,
    /// Which set that is.
    pub(in crate::portal) made_at: i64,
    /// A new set, shown this once.
    pub(in crate::portal) codes: Vec<String>,
}

impl Page for RecoveryCodesPage {
    const TEMPLATE: &'static str = "portal/recovery_codes.html";
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct RecoveryCodePage {
    pub(in crate::portal) form: RecoveryCodeForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct RecoveryCodeForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) code: Field,
}

impl Page for RecoveryCodePage {
    const TEMPLATE: &'static str = "portal/recovery_code.html";
}

pub(in crate::portal) async fn show_set(
    State(app): State<AppState>,
    Fresh(Subscriber { visitor, session, .. }): Fresh<Subscriber>,
) -> Result<Response, WebError> {
    if !visitor.tenant.config.sign_in.offers_recovery_codes() {
        return Err(WebError::NotFound);
    }
    let mut tx = visitor.begin(&app).await?;
    let Standing { left, made_at } = recovery_code::standing(&mut tx, session.login).await?;
    tx.commit().await?;
    visitor.page(&app, StatusCode::OK, &RecoveryCodesPage { left, made_at, codes: Vec::new() })
}

/// The set that the form was drawn for.
#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Seen {
    #[serde(deserialize_with = "number")]
    made_at: i64,
}

/// Numbers of a flattened form come as text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

pub(in crate::portal) async fn make_set(
    State(app): State<AppState>,
    Fresh(Subscriber { visitor, session, .. }): Fresh<Subscriber>,
    Form { fields: Seen { made_at }, .. }: Form<Seen>,
) -> Result<Response, WebError> {
    let tenant = &visitor.tenant;
    if !tenant.config.sign_in.offers_recovery_codes() {
        return Err(WebError::NotFound);
    }
    // Another click has just made a set: this one is not worth ten hashes.
    let _turn = app.turns.of(tenant.id, session.login).await?;
    let mut tx = visitor.begin(&app).await?;
    let standing = recovery_code::standing(&mut tx, session.login).await?;
    tx.commit().await?;
    if standing.made_at != made_at {
        let Standing { left, made_at } = standing;
        return visitor.page_once(&app, &RecoveryCodesPage { left, made_at, codes: Vec::new() });
    }
    let set = visitor.sign_in(&app).new_recovery_codes(tenant, &session).await?;
    let mut tx = visitor.begin(&app).await?;
    let made = recovery_code::renew(&mut tx, app.context(tenant), &session, made_at, set).await?;
    let Standing { left, made_at } = recovery_code::standing(&mut tx, session.login).await?;
    tx.commit().await?;
    let codes = made.unwrap_or_default();
    visitor.page_once(&app, &RecoveryCodesPage { left, made_at, codes })
}

#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Typed {
    code: String,
}

pub(in crate::portal) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    page(&app, &proving(signing_in)?, Field::default())
}

pub(in crate::portal) async fn submit(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { fields, .. }: Form<Typed>,
) -> Result<Response, WebError> {
    let signing_in = proving(signing_in)?;
    let field = Field::with_value(&fields.code);
    if shows_nothing(&fields.code) {
        return page(&app, &signing_in, field.with_error(EMPTY));
    }
    let SigningIn { visitor, session, token, .. } = &signing_in;
    let tenant = &visitor.tenant;
    let typed = visitor.sign_in(&app).recovery_code(tenant, session, &fields.code).await?;
    let mut tx = visitor.begin(&app).await?;
    let confirmation =
        recovery_code::confirm(&mut tx, app.context(tenant), session, token, &typed).await?;
    tx.commit().await?;
    match confirmation {
        Confirmation::Done(token) => Ok(go_on(&app, signing_in.visitor, &token)),
        Confirmation::Wrong => page(&app, &signing_in, field.with_error(WRONG)),
        Confirmation::Locked => SignInPage::after(&app, signing_in.visitor, LOCKED),
        Confirmation::NothingDue => Ok(Redirect::to(ONWARD).into_response()),
    }
}

/// Only in place of a factor that is set up; never in place of its set-up.
fn proving(signing_in: SigningIn) -> Result<SigningIn, WebError> {
    if !signing_in.visitor.tenant.config.sign_in.offers_recovery_codes() {
        return Err(WebError::NotFound);
    }
    // Nobody can have made any before the first sign-in is complete.
    if signing_in.session.facts().first_session {
        return Err(WebError::NotDue(signing_in.step));
    }
    match signing_in.step {
        Step::Passkey | Step::Totp => Ok(signing_in),
        _ => signing_in.at(Step::EmailCode),
    }
}

fn page(app: &App, signing_in: &SigningIn, code: Field) -> Result<Response, WebError> {
    let errors = summary(&[("code", &code)]);
    let page = RecoveryCodePage { form: RecoveryCodeForm { errors, code } };
    signing_in.visitor.page(app, status_of(&page.form.errors), &page)
}
