//! 「ワンタイムパスワードの設定」 (L5) and 「ワンタイムパスワードの入力」 (L4).

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use crate::auth::account_changed::Change;
use crate::auth::factor::device::{self, Device, Kind};
use crate::auth::factor::method;
use crate::auth::factor::totp::{Apps, Confirmation, Enrolling, Enrolment};
use crate::auth::journey::{Progress, Step};
use crate::auth::session::{self, Session};
use crate::base::ids::DeviceId;
use crate::base::japanese::shows_nothing;
use crate::portal::onward::go_on;
use crate::portal::places::ONWARD;
use crate::portal::second_factor::email_code::EMPTY;
use crate::portal::second_factor::set_up::{SettingUp, too_many};
use crate::portal::sign_in::SignInPage;
use crate::portal::words::LOCKED;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Choice, Field, Form, FormError, status_of, summary, ticked};
use crate::web::identity::{Fresh, SigningIn, Subscriber, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const SET_UP_WRONG: &str = "認証コードが異なります";
pub(in crate::portal) const WRONG: &str = "ワンタイムパスワードが正しくありません";
pub(in crate::portal) const NO_DEVICE: &str = "デバイスを選択してください。";
const NAME_TAKEN: &str = "同じ名前のデバイスがあります。別の名前を入力してください。";

#[derive(Default, Serialize)]
pub(in crate::portal) struct TotpSetUpPage {
    pub(in crate::portal) progress: Option<Progress>,
    /// Whether another app is set up among the settings.
    pub(in crate::portal) settings: bool,
    /// In groups of four.
    pub(in crate::portal) key: String,
    /// The same for an app on the device that shows the page.
    pub(in crate::portal) url: String,
    pub(in crate::portal) form: TotpSetUpForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct TotpSetUpForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) code: Field,
    pub(in crate::portal) device_name: Field,
    pub(in crate::portal) everywhere: bool,
}

impl Page for TotpSetUpPage {
    const TEMPLATE: &'static str = "portal/totp_set_up.html";
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct TotpPage {
    pub(in crate::portal) devices: Vec<Choice>,
    pub(in crate::portal) form: TotpForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct TotpForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) code: Field,
    pub(in crate::portal) device: Field,
}

impl Page for TotpPage {
    const TEMPLATE: &'static str = "portal/totp.html";
}

#[derive(Debug, Deserialize)]
pub(in crate::portal) struct SetUp {
    code: String,
    device_name: String,
    #[serde(default, deserialize_with = "ticked")]
    everywhere: bool,
}

pub(in crate::portal) async fn set_up(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    let setting_up = SettingUp::at(signing_in, Step::TotpSetUp)?;
    set_up_page(&app, &setting_up, TotpSetUpForm::default()).await
}

pub(in crate::portal) async fn set_up_another(
    State(app): State<AppState>,
    fresh: Fresh<Subscriber>,
) -> Result<Response, WebError> {
    let setting_up = SettingUp::among_settings(fresh, SecondFactor::Totp)?;
    set_up_page(&app, &setting_up, TotpSetUpForm::default()).await
}

/// The picture of the set-up page.
pub(in crate::portal) async fn qr(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    picture(&app, &SettingUp::at(signing_in, Step::TotpSetUp)?).await
}

pub(in crate::portal) async fn qr_of_another(
    State(app): State<AppState>,
    fresh: Fresh<Subscriber>,
) -> Result<Response, WebError> {
    picture(&app, &SettingUp::among_settings(fresh, SecondFactor::Totp)?).await
}

async fn picture(app: &App, setting_up: &SettingUp) -> Result<Response, WebError> {
    let enrolment = enrolment(app, setting_up).await?;
    Ok(([(CONTENT_TYPE, "image/png")], enrolment.qr()?).into_response())
}

pub(in crate::portal) async fn finish_set_up(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { fields, .. }: Form<SetUp>,
) -> Result<Response, WebError> {
    finish(&app, SettingUp::at(signing_in, Step::TotpSetUp)?, fields).await
}

pub(in crate::portal) async fn finish_another(
    State(app): State<AppState>,
    fresh: Fresh<Subscriber>,
    Form { fields, .. }: Form<SetUp>,
) -> Result<Response, WebError> {
    finish(&app, SettingUp::among_settings(fresh, SecondFactor::Totp)?, fields).await
}

async fn finish(app: &App, setting_up: SettingUp, fields: SetUp) -> Result<Response, WebError> {
    let SettingUp { visitor, session, token, .. } = &setting_up;
    let mut form = TotpSetUpForm {
        errors: Vec::new(),
        code: Field::with_value(&fields.code),
        device_name: Field::with_value(&fields.device_name),
        everywhere: fields.everywhere,
    };
    if shows_nothing(&fields.code) {
        form.code.error = Some(EMPTY.to_owned());
    }
    let name = device::read_name(&fields.device_name, "デバイス名");
    let (Ok(name), None) = (&name, &form.code.error) else {
        form.device_name.error = name.err();
        return set_up_page(app, &setting_up, form).await;
    };
    let mut tx = visitor.begin(app).await?;
    let enrolling = apps(app, visitor, session).enrol(&mut tx, token, &fields.code, name).await?;
    match enrolling {
        Enrolling::Done(token) => {
            if fields.everywhere {
                session::end_others(&mut tx, &app.clock, session.login, Some(session.id)).await?;
            }
            if setting_up.is_told() {
                let change = Change::TotpAdded;
                change.tell(&mut tx, app.context(&visitor.tenant), session).await?;
            }
            let method = SecondFactor::Totp;
            let in_use = method::is_in_use(&mut tx, session.login, method).await?;
            tx.commit().await?;
            let name = name.clone();
            return setting_up.done(app, &token, &name, (method, in_use));
        }
        Enrolling::TooMany => form.device_name = form.device_name.with_error(&too_many()),
        Enrolling::NothingDue => {
            // A double click's second request, or another tab's: what it promises holds for it, too.
            if fields.everywhere {
                session::end_others(&mut tx, &app.clock, session.login, Some(session.id)).await?;
                tx.commit().await?;
            }
            return Ok(setting_up.onward().into_response());
        }
        Enrolling::Wrong => form.code = form.code.with_error(SET_UP_WRONG),
        Enrolling::NameTaken => form.device_name = form.device_name.with_error(NAME_TAKEN),
    }
    drop(tx);
    set_up_page(app, &setting_up, form).await
}

#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Code {
    code: String,
    device: Option<DeviceId>,
}

pub(in crate::portal) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    page(&app, &signing_in.at(Step::Totp)?, TotpForm::default()).await
}

pub(in crate::portal) async fn submit(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { fields, .. }: Form<Code>,
) -> Result<Response, WebError> {
    let signing_in = signing_in.at(Step::Totp)?;
    let SigningIn { visitor, session, token, .. } = &signing_in;
    let chosen = fields.device.map(|device| device.to_string()).unwrap_or_default();
    let mut form = TotpForm {
        errors: Vec::new(),
        code: Field::with_value(&fields.code),
        device: Field::with_value(&chosen),
    };
    let Some(device) = fields.device else {
        form.device = form.device.with_error(NO_DEVICE);
        return page(&app, &signing_in, form).await;
    };
    if shows_nothing(&fields.code) {
        form.code = form.code.with_error(EMPTY);
        return page(&app, &signing_in, form).await;
    }
    let mut tx = visitor.begin(&app).await?;
    let confirmation =
        apps(&app, visitor, session).confirm(&mut tx, token, device, &fields.code).await?;
    tx.commit().await?;
    match confirmation {
        Confirmation::Done(token) => Ok(go_on(&app, signing_in.visitor, &token)),
        Confirmation::NothingDue => Ok(Redirect::to(ONWARD).into_response()),
        Confirmation::Wrong => {
            form.code = form.code.with_error(WRONG);
            page(&app, &signing_in, form).await
        }
        Confirmation::Locked => SignInPage::after(&app, signing_in.visitor, LOCKED),
    }
}

fn apps<'s>(app: &'s App, visitor: &'s Visitor, session: &'s Session) -> Apps<'s> {
    Apps { cx: app.context(&visitor.tenant), sealer: &app.sealer, session }
}

async fn enrolment(app: &App, setting_up: &SettingUp) -> Result<Enrolment, WebError> {
    let SettingUp { visitor, session, .. } = setting_up;
    let mut tx = visitor.begin(app).await?;
    let enrolment = apps(app, visitor, session).enrolment(&mut tx).await?;
    tx.commit().await?;
    Ok(enrolment)
}

async fn set_up_page(
    app: &App,
    setting_up: &SettingUp,
    mut form: TotpSetUpForm,
) -> Result<Response, WebError> {
    let enrolment = enrolment(app, setting_up).await?;
    let (key, url) = (enrolment.key(), enrolment.url()?);
    form.errors = summary(&[("code", &form.code), ("device_name", &form.device_name)]);
    let SettingUp { visitor, progress, settings, .. } = setting_up;
    let page = TotpSetUpPage { progress: *progress, settings: *settings, key, url, form };
    visitor.page(app, status_of(&page.form.errors), &page)
}

async fn page(app: &App, signing_in: &SigningIn, mut form: TotpForm) -> Result<Response, WebError> {
    let SigningIn { visitor, session, .. } = signing_in;
    let mut tx = visitor.begin(app).await?;
    let devices = device::list(&mut tx, session.login, Kind::Totp).await?;
    tx.commit().await?;
    form.errors = summary(&[("device", &form.device), ("code", &form.code)]);
    let page = TotpPage { devices: choices(devices, &form.device.value), form };
    visitor.page(app, status_of(&page.form.errors), &page)
}

/// Devices as radio buttons.
pub(in crate::portal) fn choices(devices: Vec<Device>, chosen: &str) -> Vec<Choice> {
    let choice = |Device { id, name, .. }: Device| Choice {
        checked: id.to_string() == chosen,
        value: id.to_string(),
        label: name,
        recommended: false,
    };
    devices.into_iter().map(choice).collect()
}
