//! 「ログイン方法変更」 (S3, S5) shows the ways in which a person signs in, and deletes a device.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Serialize;

use crate::account::at_door::AtDoor;
use crate::account::places;
use crate::auth::account_changed::AccountChange;
use crate::auth::factor::device::{self, Device, DeviceKind};
use crate::base::ids::DeviceId;
use crate::base::japanese::minute;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Button, Form};
use crate::web::identity::{Fresh, SignedIn};
use crate::web::page::Page;
use crate::web::state::AppState;

const LAST: &str =
    "ログインに使っている最後のデバイスは削除できません。先に、別のデバイスを登録してください。";

#[derive(Debug, Default, Serialize)]
pub(crate) struct MethodsPage {
    /// The time when the password was set.
    pub(crate) password_set: String,
    /// This is `None` if the union doesn't offer apps.
    pub(crate) totp: Option<Devices>,
    /// This is `None` if the union doesn't offer passkeys.
    pub(crate) passkeys: Option<Devices>,
    pub(crate) email_code: bool,
    /// The name of the method in use.
    pub(crate) method_label: Option<&'static str>,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Devices {
    pub(crate) devices: Vec<DeviceLine>,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct DeviceLine {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The time when the device was added, such as `2024年10月24日 15:59`.
    pub(crate) created: String,
}

impl Page for MethodsPage {
    const TEMPLATE: &'static str = "account/sign_in_methods.html";
}

impl From<Vec<Device>> for Devices {
    fn from(devices: Vec<Device>) -> Self {
        let line = |device: Device| DeviceLine {
            id: device.id.to_string(),
            name: device.name,
            created: minute(device.created_at),
        };
        Self { devices: devices.into_iter().map(line).collect() }
    }
}

pub(super) async fn show<R: AtDoor>(
    State(app): State<AppState>,
    SignedIn { visitor, session, .. }: SignedIn<R>,
) -> Result<Response, WebError> {
    let policy = &visitor.tenant.config;
    let offers = |method| R::second_factors(policy).contains(&method);
    let mut tx = visitor.begin(&app).await?;
    let devices = device::list(&mut tx, session.login).await?;
    tx.commit().await?;
    let (passkeys, totp): (Vec<_>, Vec<_>) =
        devices.into_iter().partition(|device| device.kind == DeviceKind::Passkey);
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
pub(crate) struct DeletePage {
    /// The kind is `totp` or `passkey`.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) action: String,
    /// True if this is the last device of the method in use, so that a mailed code takes its place.
    pub(crate) falls_back: bool,
}

impl Page for DeletePage {
    const TEMPLATE: &'static str = "account/delete_device.html";
}

/// Asks the person to confirm that a device is to be deleted.
pub(super) async fn ask<R: AtDoor>(
    State(app): State<AppState>,
    Fresh(SignedIn { visitor, session, .. }): Fresh<SignedIn<R>>,
    Path(id): Path<DeviceId>,
) -> Result<Response, WebError> {
    let mut tx = visitor.begin(&app).await?;
    let devices = device::list(&mut tx, session.login).await?;
    tx.commit().await?;
    let Some(device) = devices.iter().find(|device| device.id == id) else {
        return Err(WebError::NotFound);
    };
    let in_use = session.method(&visitor.tenant.config) == Some(device.kind.method());
    let falls_back =
        in_use && devices.iter().filter(|other| other.kind == device.kind).count() == 1;
    if falls_back && !R::FALLS_BACK_ON_MAIL {
        return visitor.say(&app, visitor.jar.clone(), places::METHODS, LAST);
    }
    if falls_back && session.confirmed_email().is_none() {
        // Without a confirmed address, no code could be mailed in the device's place.
        return Ok(Redirect::to(R::EMAIL).into_response());
    }
    let place = match device.kind {
        DeviceKind::Totp => places::METHODS_TOTP_DELETE,
        DeviceKind::Passkey => places::METHODS_PASSKEY_DELETE,
    };
    let page = DeletePage {
        kind: device.kind.method().name(),
        name: device.name.clone(),
        action: places::with(place, id),
        falls_back,
    };
    visitor.page(&app, StatusCode::OK, &page)
}

pub(super) async fn delete<R: AtDoor>(
    State(app): State<AppState>,
    Fresh(SignedIn { visitor, session, .. }): Fresh<SignedIn<R>>,
    Path(id): Path<DeviceId>,
    Form { .. }: Form<Button, R>,
) -> Result<Response, WebError> {
    let mut tx = visitor.begin(&app).await?;
    let mut devices = device::list(&mut tx, session.login).await?;
    let found = devices.iter().position(|device| device.id == id);
    let deleted = device::delete(&mut tx, &app.clock, &session, id).await?;
    let Some(Device { kind, name, .. }) = found.filter(|_| deleted).map(|at| devices.remove(at))
    else {
        tx.commit().await?;
        return Ok(Redirect::to(places::METHODS).into_response());
    };
    AccountChange::DeviceDeleted(kind)
        .tell(&mut tx, app.context(&visitor.tenant), &session)
        .await?;
    tx.commit().await?;
    let in_use = session.method(&visitor.tenant.config) == Some(kind.method());
    let is_left = devices.iter().any(|device| device.kind == kind);
    let next = match (in_use, is_left) {
        (true, false) => "次回から、ワンタイムパスワード（OTP）メール認証でログインします。",
        (true, true) => "ログインには、残りのデバイスを使ってください。",
        (false, _) => "ログインの方法は変わりません。",
    };
    let said = format!("デバイス「{name}」を削除しました。{next}");
    visitor.say(&app, visitor.jar.clone(), places::METHODS, &said)
}
