//! The mailed code that follows the password.

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::due::{Asked, at, done};
use crate::auth::factor::email_code::{self, Confirmation, Purpose, VALID_FOR};
use crate::base::email::masked;
use crate::base::japanese::shows_nothing;
use crate::base::realm::Subscribers;
use crate::portal::next::Next;
use crate::portal::places::{AGAIN_EMAIL_CODE, AGAIN_PASSWORD};
use crate::portal::second_factor::email_code::{EMPTY, EXPIRED, TOO_MANY, WRONG, notice_of};
use crate::portal::sign_in::SignInPage;
use crate::portal::words::LOCKED;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary};
use crate::web::identity::Subscriber;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct CodePage {
    pub(in crate::portal) next: String,
    pub(in crate::portal) address: String,
    pub(in crate::portal) minutes: i64,
    pub(in crate::portal) notice: Option<String>,
    /// Whether mail to the address came back.
    pub(in crate::portal) failed: bool,
    pub(in crate::portal) form: CodeForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct CodeForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) code: Field,
}

impl Page for CodePage {
    const TEMPLATE: &'static str = "portal/reauthenticate/email_code.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct Code {
    next: Next,
    code: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    subscriber: Subscriber,
    Query(Asked { next }): Query<Asked>,
) -> Result<Response, WebError> {
    match at(&app, subscriber, &next, SecondFactor::EmailCode) {
        Ok(subscriber) => page(&app, &subscriber, &next, None, Field::default()),
        Err(elsewhere) => Ok(elsewhere.into_response()),
    }
}

pub(super) async fn submit(
    State(app): State<AppState>,
    subscriber: Subscriber,
    Form { fields: Code { next, code }, .. }: Form<Code>,
) -> Result<Response, WebError> {
    let subscriber = match at(&app, subscriber, &next, SecondFactor::EmailCode) {
        Ok(subscriber) => subscriber,
        Err(elsewhere) => return Ok(elsewhere.into_response()),
    };
    let field = Field::with_value(&code);
    if shows_nothing(&code) {
        let empty = field.with_error(EMPTY);
        return page(&app, &subscriber, &next, None, empty);
    }
    let tenant = &subscriber.visitor.tenant;
    let mut tx = subscriber.visitor.begin(&app).await?;
    let confirmation = email_code::confirm::<Subscribers>(
        &mut tx,
        app.context(tenant),
        &subscriber.token,
        Purpose::Reauthentication,
        &code,
    )
    .await?;
    tx.commit().await?;
    match confirmation {
        Confirmation::Done(token) => Ok(done(&app, subscriber.visitor, &token, &next)),
        Confirmation::Wrong => page(&app, &subscriber, &next, None, field.with_error(WRONG)),
        Confirmation::Expired => page(&app, &subscriber, &next, None, field.with_error(EXPIRED)),
        Confirmation::TooMany => SignInPage::after(&app, subscriber.visitor, TOO_MANY),
        Confirmation::Locked => SignInPage::after(&app, subscriber.visitor, LOCKED),
        Confirmation::NothingDue => Ok(next.with(AGAIN_PASSWORD).into_response()),
    }
}

pub(super) async fn resend(
    State(app): State<AppState>,
    subscriber: Subscriber,
    Form { fields: Asked { next }, .. }: Form<Asked>,
) -> Result<Response, WebError> {
    let subscriber = match at(&app, subscriber, &next, SecondFactor::EmailCode) {
        Ok(subscriber) => subscriber,
        Err(elsewhere) => return Ok(elsewhere.into_response()),
    };
    let Subscriber { visitor, session, token } = &subscriber;
    let mut tx = visitor.begin(&app).await?;
    let sending = email_code::send(&mut tx, app.context(&visitor.tenant), session, token).await?;
    tx.commit().await?;
    page(&app, &subscriber, &next, notice_of(sending), Field::default())
}

fn page(
    app: &App,
    Subscriber { visitor, session, .. }: &Subscriber,
    next: &Next,
    notice: Option<String>,
    code: Field,
) -> Result<Response, WebError> {
    let errors = summary(&[("code", &code)]);
    let page = CodePage {
        next: next.path().to_owned(),
        address: masked(session.email.as_deref().unwrap_or_default()),
        minutes: VALID_FOR.num_minutes(),
        notice,
        failed: session.failed_email().is_some(),
        form: CodeForm { errors, code },
    };
    visitor.page_at(app, &next.after(AGAIN_EMAIL_CODE), status_of(&page.form.errors), &page)
}
