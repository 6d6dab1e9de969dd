//! 「Eメール変更」 (S6). The new address counts once its link was used. Then the old address is told of the change.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Serialize;

use crate::auth::first_sign_in::email_confirmation::{Asking, VALID_FOR};
use crate::base::email::EmailAddress;
use crate::portal::first_sign_in::email::{
    Email, EmailForm, Refresh, SENT_AGAIN, Status, TAKEN, TOO_MANY, ask, pending, read, too_soon,
};
use crate::portal::places::{PROFILE, PROFILE_EMAIL_SENT};
use crate::web::error::WebError;
use crate::web::form::{Button, Field, Form, status_of, summary};
use crate::web::identity::{Fresh, Subscriber};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const SAME: &str = "現在のメールアドレスと同じです。別のメールアドレスを入力してください。";

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct ProfileEmailPage {
    pub(in crate::portal) current: Option<String>,
    pub(in crate::portal) form: EmailForm,
}

impl Page for ProfileEmailPage {
    const TEMPLATE: &'static str = "portal/settings/profile_email.html";
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct ProfileEmailSentPage {
    pub(in crate::portal) address: String,
    pub(in crate::portal) minutes: i64,
    pub(in crate::portal) notice: Option<String>,
    pub(in crate::portal) expired: bool,
}

impl Page for ProfileEmailSentPage {
    const TEMPLATE: &'static str = "portal/settings/profile_email_sent.html";
}

pub(in crate::portal) async fn show(
    State(app): State<AppState>,
    Fresh(subscriber): Fresh<Subscriber>,
) -> Result<Response, WebError> {
    let known = subscriber.session.email.clone().unwrap_or_default();
    let form = EmailForm { email: Field::with_value(&known), ..EmailForm::default() };
    page(&app, &subscriber, form)
}

pub(in crate::portal) async fn submit(
    State(app): State<AppState>,
    Fresh(subscriber): Fresh<Subscriber>,
    Form { fields, .. }: Form<Email>,
) -> Result<Response, WebError> {
    let form = |error: &str| fields.refused(error);
    let email = match read(&fields.email) {
        Ok(email) => email,
        Err(error) => return page(&app, &subscriber, form(&error)),
    };
    if subscriber.session.confirmed_email() == Some(email.as_str()) {
        return page(&app, &subscriber, form(SAME));
    }
    let Subscriber { visitor, session, .. } = &subscriber;
    match ask(&app, visitor, session, &email, fields.everywhere).await? {
        Asking::Sent | Asking::NothingDue => Ok(Redirect::to(PROFILE_EMAIL_SENT).into_response()),
        Asking::Taken => page(&app, &subscriber, form(TAKEN)),
        Asking::TooMany => page(&app, &subscriber, form(TOO_MANY)),
        Asking::TooSoon { seconds } => match pending(&app, visitor, session).await? {
            // This may be the second request of a double click. The first one's mail is on its way.
            Some(pending) if pending.email == email.as_str() => {
                Ok(Redirect::to(PROFILE_EMAIL_SENT).into_response())
            }
            _ => page(&app, &subscriber, form(&too_soon(seconds))),
        },
    }
}

pub(in crate::portal) async fn sent(
    State(app): State<AppState>,
    subscriber: Subscriber,
    Query(query): Query<Refresh>,
) -> Result<Response, WebError> {
    sent_page(&app, &subscriber, query.notice()).await
}

pub(in crate::portal) async fn resend(
    State(app): State<AppState>,
    Fresh(subscriber): Fresh<Subscriber>,
    Form { .. }: Form<Button>,
) -> Result<Response, WebError> {
    let Subscriber { visitor, session, .. } = &subscriber;
    let waiting = pending(&app, visitor, session).await?;
    let Some(email) = waiting.and_then(|pending| EmailAddress::parse(&pending.email)) else {
        return Ok(Redirect::to(PROFILE).into_response());
    };
    let notice = match ask(&app, visitor, session, &email, false).await? {
        Asking::Sent => SENT_AGAIN.to_owned(),
        Asking::TooSoon { seconds } => too_soon(seconds),
        Asking::Taken => TAKEN.to_owned(),
        Asking::TooMany => TOO_MANY.to_owned(),
        Asking::NothingDue => return Ok(Redirect::to(PROFILE).into_response()),
    };
    sent_page(&app, &subscriber, Some(notice)).await
}

pub(in crate::portal) async fn status(
    State(app): State<AppState>,
    Subscriber { visitor, session, .. }: Subscriber,
) -> Result<Json<Status>, WebError> {
    let confirmed = pending(&app, &visitor, &session).await?.is_none();
    Ok(Json(Status { confirmed }))
}

async fn sent_page(
    app: &App,
    subscriber: &Subscriber,
    notice: Option<String>,
) -> Result<Response, WebError> {
    let Subscriber { visitor, session, .. } = subscriber;
    let Some(pending) = pending(app, visitor, session).await? else {
        // The message is only for a person who waited on this page, not for one who opens it again later.
        let waited = notice.is_some();
        let Some(email) = session.confirmed_email().filter(|_| waited) else {
            return Ok(Redirect::to(PROFILE).into_response());
        };
        let said =
            format!("メールアドレスを確認しました。これからは {email} にメールをお送りします。");
        return visitor.say(app, visitor.jar.clone(), PROFILE, &said);
    };
    let page = ProfileEmailSentPage {
        address: pending.email,
        minutes: VALID_FOR.num_minutes(),
        notice,
        expired: pending.expired,
    };
    visitor.page(app, StatusCode::OK, &page)
}

fn page(app: &App, subscriber: &Subscriber, mut form: EmailForm) -> Result<Response, WebError> {
    form.errors = summary(&[("email", &form.email)]);
    let page = ProfileEmailPage { current: subscriber.session.email.clone(), form };
    subscriber.visitor.page(app, status_of(&page.form.errors), &page)
}
