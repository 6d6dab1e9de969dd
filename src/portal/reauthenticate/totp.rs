//! The app's code that follows the password.

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::due::{Asked, at, done};
use crate::auth::factor::device::{self, Kind};
use crate::auth::factor::totp::{Apps, Confirmation};
use crate::base::ids::DeviceId;
use crate::base::japanese::shows_nothing;
use crate::portal::next::Next;
use crate::portal::places::AGAIN_TOTP;
use crate::portal::second_factor::email_code::EMPTY;
use crate::portal::second_factor::totp::{NO_DEVICE, WRONG, choices};
use crate::portal::sign_in::SignInPage;
use crate::portal::words::LOCKED;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Choice, Field, Form, FormError, status_of, summary};
use crate::web::identity::Subscriber;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct AppCodePage {
    pub(in crate::portal) next: String,
    pub(in crate::portal) devices: Vec<Choice>,
    pub(in crate::portal) form: AppCodeForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct AppCodeForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) code: Field,
    pub(in crate::portal) device: Field,
}

impl Page for AppCodePage {
    const TEMPLATE: &'static str = "portal/reauthenticate/totp.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct AppCode {
    next: Next,
    code: String,
    device: Option<DeviceId>,
}

pub(super) async fn show(
    State(app): State<AppState>,
    subscriber: Subscriber,
    Query(Asked { next }): Query<Asked>,
) -> Result<Response, WebError> {
    match at(&app, subscriber, &next, SecondFactor::Totp) {
        Ok(subscriber) => page(&app, &subscriber, &next, AppCodeForm::default()).await,
        Err(elsewhere) => Ok(elsewhere.into_response()),
    }
}

pub(super) async fn submit(
    State(app): State<AppState>,
    subscriber: Subscriber,
    Form { fields: AppCode { next, code, device }, .. }: Form<AppCode>,
) -> Result<Response, WebError> {
    let subscriber = match at(&app, subscriber, &next, SecondFactor::Totp) {
        Ok(subscriber) => subscriber,
        Err(elsewhere) => return Ok(elsewhere.into_response()),
    };
    let chosen = device.map(|device| device.to_string()).unwrap_or_default();
    let mut form = AppCodeForm {
        errors: Vec::new(),
        code: Field::with_value(&code),
        device: Field::with_value(&chosen),
    };
    let Some(device) = device else {
        form.device = form.device.with_error(NO_DEVICE);
        return page(&app, &subscriber, &next, form).await;
    };
    if shows_nothing(&code) {
        form.code = form.code.with_error(EMPTY);
        return page(&app, &subscriber, &next, form).await;
    }
    let Subscriber { visitor, session, token } = &subscriber;
    let apps = Apps { cx: app.context(&visitor.tenant), sealer: &app.sealer, session };
    let mut tx = visitor.begin(&app).await?;
    let confirmation = apps.confirm(&mut tx, token, device, &code).await?;
    tx.commit().await?;
    match confirmation {
        Confirmation::Done(token) => Ok(done(&app, subscriber.visitor, &token, &next)),
        Confirmation::Wrong => {
            form.code = form.code.with_error(WRONG);
            page(&app, &subscriber, &next, form).await
        }
        Confirmation::Locked => SignInPage::after(&app, subscriber.visitor, LOCKED),
        Confirmation::NothingDue => Ok(Redirect::to(next.path()).into_response()),
    }
}

async fn page(
    app: &App,
    Subscriber { visitor, session, .. }: &Subscriber,
    next: &Next,
    mut form: AppCodeForm,
) -> Result<Response, WebError> {
    let mut tx = visitor.begin(app).await?;
    let devices = device::list(&mut tx, session.login, Kind::Totp).await?;
    tx.commit().await?;
    form.errors = summary(&[("device", &form.device), ("code", &form.code)]);
    let devices = choices(devices, &form.device.value);
    let page = AppCodePage { next: next.path().to_owned(), devices, form };
    visitor.page_at(app, &next.after(AGAIN_TOTP), status_of(&page.form.errors), &page)
}
