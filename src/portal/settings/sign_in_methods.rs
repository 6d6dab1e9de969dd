//! 「ログイン方法変更」 (S3, S5): what a person signs in with, and deleting a device.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use serde::Serialize;

use crate::auth::account_changed::Change;
use crate::auth::factor::device::{self, Device, Kind};
use crate::base::ids::DeviceId;
use crate::base::japanese::minute;
use crate::portal::places;
use crate::portal::second_factor::{passkey, recovery_code, totp};
use crate::portal::sign_in::new_password;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Button, Form};
use crate::web::identity::{Fresh, Subscriber};
use crate::web::page::Page;
use crate::web::routes::{Access, Routes};
use crate::web::state::AppState;

pub(in crate::portal) fn routes() -> Routes {
    Routes::default()
        .route(places::METHODS, Access::Subscriber, get(show))
        .route(
            places::METHODS_PASSWORD,
            Access::Fresh,
            get(new_password::show_change).post(new_password::submit_change),
        )
        .route(
            places::METHODS_RECOVERY_CODES,
            Access::Fresh,
            get(recovery_code::show_set).post(recovery_code::make_set),
        )
        .route(
            places::METHODS_TOTP,
            Access::Fresh,
            get(totp::set_up_another).post(totp::finish_another),
        )
        .route(places::METHODS_TOTP_QR, Access::Fresh, get(totp::qr_of_another))
        .route(places::METHODS_TOTP_DELETE, Access::Fresh, get(ask_totp).post(delete_totp))
        .route(
            places::METHODS_PASSKEYS,
            Access::Fresh,
            get(passkey::set_up_another).post(passkey::finish_another),
        )
        .route(places::METHODS_PASSKEY_DELETE, Access::Fresh, get(ask_passkey).post(delete_passkey))
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct MethodsPage {
    /// When the password was set.
    pub(in crate::portal) password_set: String,
    /// None: the union doesn't offer it.
    pub(in crate::portal) totp: Option<Devices>,
    pub(in crate::portal) passkeys: Option<Devices>,
    pub(in crate::portal) email_code: bool,
    /// The method in use.
    pub(in crate::portal) method_label: Option<&'static str>,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct Devices {
    pub(in crate::portal) devices: Vec<Line>,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct Line {
    pub(in crate::portal) id: String,
    pub(in crate::portal) name: String,
    /// `2024年10月24日 15:59`
    pub(in crate::portal) created: String,
}

impl Page for MethodsPage {
    const TEMPLATE: &'static str = "portal/sign_in_methods.html";
}

impl From<Vec<Device>> for Devices {
    fn from(devices: Vec<Device>) -> Self {
        let line = |device: Device| Line {
            id: device.id.to_string(),
            name: device.name,
            created: minute(device.created_at),
        };
        Self { devices: devices.into_iter().map(line).collect() }
    }
}

async fn show(
    State(app): State<AppState>,
    Subscriber { visitor, session, .. }: Subscriber,
) -> Result<Response, WebError> {
    let policy = &visitor.tenant.config;
    let offers = |method| policy.sign_in.second_factors.contains(&method);
    let mut tx = visitor.begin(&app).await?;
    let totp = device::list(&mut tx, session.login, Kind::Totp).await?;
    let passkeys = device::list(&mut tx, session.login, Kind::Passkey).await?;
    tx.commit().await?;
    let page = MethodsPage {
        password_set: session.password_set_at.map(minute).unwrap_or_default(),
        totp: offers(SecondFactor::Totp).then(|| totp.into()),
        passkeys: offers(SecondFactor::Passkey).then(|| passkeys.into()),
        email_code: offers(SecondFactor::EmailCode),
        method_label: session.method(policy).map(SecondFactor::label),
    };
    visitor.page(&app, StatusCode::OK, &page)
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct DeletePage {
    /// `totp` or `passkey`
    pub(in crate::portal) kind: &'static str,
    pub(in crate::portal) name: String,
    pub(in crate::portal) action: String,
    /// Whether a mailed code takes its place.
    pub(in crate::portal) falls_back: bool,
}

impl Page for DeletePage {
    const TEMPLATE: &'static str = "portal/delete_device.html";
}

async fn ask_totp(
    app: State<AppState>,
    fresh: Fresh<Subscriber>,
    id: Path<DeviceId>,
) -> Result<Response, WebError> {
    ask(app, fresh, id, Kind::Totp).await
}

async fn ask_passkey(
    app: State<AppState>,
    fresh: Fresh<Subscriber>,
    id: Path<DeviceId>,
) -> Result<Response, WebError> {
    ask(app, fresh, id, Kind::Passkey).await
}

async fn ask(
    State(app): State<AppState>,
    Fresh(Subscriber { visitor, session, .. }): Fresh<Subscriber>,
    Path(id): Path<DeviceId>,
    kind: Kind,
) -> Result<Response, WebError> {
    let mut tx = visitor.begin(&app).await?;
    let devices = device::list(&mut tx, session.login, kind).await?;
    tx.commit().await?;
    let in_use = session.method(&visitor.tenant.config) == Some(kind.method());
    let falls_back = in_use && devices.len() == 1;
    if falls_back && session.confirmed_email().is_none() {
        // No code could be mailed in its place.
        return Ok(Redirect::to(places::PROFILE_EMAIL).into_response());
    }
    let Some(device) = devices.into_iter().find(|device| device.id == id) else {
        return Err(WebError::NotFound);
    };
    let place = match kind {
        Kind::Totp => places::METHODS_TOTP_DELETE,
        Kind::Passkey => places::METHODS_PASSKEY_DELETE,
    };
    let page = DeletePage {
        kind: kind.method().name(),
        name: device.name,
        action: places::with(place, id),
        falls_back,
    };
    visitor.page(&app, StatusCode::OK, &page)
}

async fn delete_totp(
    app: State<AppState>,
    fresh: Fresh<Subscriber>,
    id: Path<DeviceId>,
    form: Form<Button>,
) -> Result<Response, WebError> {
    delete(app, fresh, id, form, Kind::Totp).await
}

async fn delete_passkey(
    app: State<AppState>,
    fresh: Fresh<Subscriber>,
    id: Path<DeviceId>,
    form: Form<Button>,
) -> Result<Response, WebError> {
    delete(app, fresh, id, form, Kind::Passkey).await
}

async fn delete(
    State(app): State<AppState>,
    Fresh(Subscriber { visitor, session, .. }): Fresh<Subscriber>,
    Path(id): Path<DeviceId>,
    Form { .. }: Form<Button>,
    kind: Kind,
) -> Result<Response, WebError> {
    let policy = &visitor.tenant.config;
    let mut tx = visitor.begin(&app).await?;
    let mut devices = device::list(&mut tx, session.login, kind).await?;
    let found = devices.iter().position(|device| device.id == id);
    let deleted = device::delete(&mut tx, &app.clock, &session, kind, id).await?;
    if deleted {
        let change = match kind {
            Kind::Totp => Change::TotpDeleted,
            Kind::Passkey => Change::PasskeyDeleted,
        };
        change.tell(&mut tx, app.context(&visitor.tenant), &session).await?;
    }
    tx.commit().await?;
    let Some(name) = found.filter(|_| deleted).map(|place| devices.swap_remove(place).name) else {
        return Ok(Redirect::to(places::METHODS).into_response());
    };
    let next = match (session.method(policy) == Some(kind.method()), devices.is_empty()) {
        (true, true) => "次回から、ワンタイムパスワード（OTP）メール認証でログインします。",
        (true, false) => "ログインには、残りのデバイスを使ってください。",
        (false, _) => "ログインの方法は変わりません。",
    };
    let said = format!("デバイス「{name}」を削除しました。{next}");
    visitor.say(&app, visitor.jar.clone(), places::METHODS, &said)
}
