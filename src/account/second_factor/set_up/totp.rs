//! 「ワンタイムパスワードの設定」 (L5).

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::{Enroller, SettingUp, too_many};
use crate::account::at_door::AtDoor;
use crate::account::words::NO_CODE;
use crate::auth::factor::device::{self, DeviceKind};
use crate::auth::factor::enrolled::Enrolled;
use crate::auth::factor::totp::{Apps, Enrolment};
use crate::auth::journey::Progress;
use crate::base::japanese::shows_nothing;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary, ticked};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const WRONG: &str = "認証コードが異なります";
const NAME_TAKEN: &str = "同じ名前のデバイスがあります。別の名前を入力してください。";

#[derive(Default, Serialize)]
pub(crate) struct TotpSetUpPage {
    pub(crate) progress: Option<Progress>,
    /// True among the settings.
    pub(crate) settings: bool,
    /// The key to type into an app, in groups of four.
    pub(crate) key: String,
    /// The same key for an app on the device that shows the page.
    pub(crate) url: String,
    pub(crate) form: TotpSetUpForm,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct TotpSetUpForm {
    pub(crate) errors: Vec<FormError>,
    pub(crate) code: Field,
    pub(crate) device_name: Field,
    pub(crate) everywhere: bool,
}

impl Page for TotpSetUpPage {
    const TEMPLATE: &'static str = "account/second_factor/set_up/totp.html";
}

#[derive(Debug, Deserialize)]
pub(crate) struct FirstCode {
    code: String,
    device_name: String,
    #[serde(default, deserialize_with = "ticked")]
    everywhere: bool,
}

pub(crate) async fn show<E: Enroller>(
    State(app): State<AppState>,
    person: E,
) -> Result<Response, WebError> {
    page(&app, &person.setting_up(DeviceKind::Totp)?, TotpSetUpForm::default()).await
}

/// Shows the picture of the set-up page.
pub(crate) async fn qr<E: Enroller>(
    State(app): State<AppState>,
    person: E,
) -> Result<Response, WebError> {
    let enrolment = enrolment(&app, &person.setting_up(DeviceKind::Totp)?).await?;
    Ok(([(CONTENT_TYPE, "image/png")], enrolment.qr()?).into_response())
}

pub(crate) async fn submit<E: Enroller>(
    State(app): State<AppState>,
    person: E,
    Form { fields, .. }: Form<FirstCode, E::Realm>,
) -> Result<Response, WebError> {
    let setting_up = person.setting_up(DeviceKind::Totp)?;
    let mut form = TotpSetUpForm {
        errors: Vec::new(),
        code: Field::with_value(&fields.code),
        device_name: Field::with_value(&fields.device_name),
        everywhere: fields.everywhere,
    };
    if shows_nothing(&fields.code) {
        form.code.error = Some(NO_CODE.to_owned());
    }
    let name = device::read_name(&fields.device_name, "デバイス名");
    let (Ok(name), None) = (&name, &form.code.error) else {
        form.device_name.error = name.err();
        return page(&app, &setting_up, form).await;
    };
    let mut tx = setting_up.visitor.begin(&app).await?;
    let apps = apps(&app, &setting_up);
    let enrolled = apps.enrol(&mut tx, &setting_up.token, &fields.code, name).await?;
    let in_use = setting_up.commit(&app, tx, &enrolled, fields.everywhere).await?;
    match enrolled {
        Enrolled::Done(token) => return setting_up.done(&app, &token, name, in_use),
        Enrolled::NothingDue => return Ok(setting_up.onward().into_response()),
        Enrolled::Wrong => form.code = form.code.with_error(WRONG),
        Enrolled::NameTaken => form.device_name = form.device_name.with_error(NAME_TAKEN),
        Enrolled::TooMany => form.device_name = form.device_name.with_error(&too_many()),
    }
    page(&app, &setting_up, form).await
}

fn apps<'s, R: AtDoor>(app: &'s App, setting_up: &'s SettingUp<R>) -> Apps<'s, R> {
    let SettingUp { visitor, session, .. } = setting_up;
    Apps { cx: app.context(&visitor.tenant), sealer: &app.sealer, session }
}

async fn enrolment<R: AtDoor>(app: &App, setting_up: &SettingUp<R>) -> Result<Enrolment, WebError> {
    let mut tx = setting_up.visitor.begin(app).await?;
    let enrolment = apps(app, setting_up).enrolment(&mut tx).await?;
    tx.commit().await?;
    Ok(enrolment)
}

async fn page<R: AtDoor>(
    app: &App,
    setting_up: &SettingUp<R>,
    mut form: TotpSetUpForm,
) -> Result<Response, WebError> {
    let enrolment = enrolment(app, setting_up).await?;
    let (key, url) = (enrolment.key(), enrolment.url()?);
    form.errors = summary(&[("code", &form.code), ("device_name", &form.device_name)]);
    let SettingUp { visitor, progress, settings, .. } = setting_up;
    let page = TotpSetUpPage { progress: *progress, settings: *settings, key, url, form };
    visitor.page(app, status_of(&page.form.errors), &page)
}
