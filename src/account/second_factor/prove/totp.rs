//! 「ワンタイムパスワードの入力」 (L4).

use std::ops::ControlFlow;

use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{Addresses, OccasionView, Prover, Proving};
use crate::account::at_door::AtDoor;
use crate::account::next::{LeadsTo, Next};
use crate::account::places::{AGAIN_TOTP, TOTP};
use crate::account::words::{NO_CODE, WRONG_CODE};
use crate::auth::factor::device::{self, Device, DeviceKind};
use crate::auth::factor::totp::Apps;
use crate::base::ids::DeviceId;
use crate::base::japanese::shows_nothing;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, RadioButton, summary};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

pub(crate) const PAGE: Addresses = Addresses { sign_in: TOTP, reauthentication: AGAIN_TOTP };
const NO_DEVICE: &str = "デバイスを選択してください。";

#[derive(Debug, Serialize)]
pub(crate) struct TotpPage {
    pub(crate) occasion: OccasionView,
    pub(crate) devices: Vec<RadioButton>,
    pub(crate) form: TotpForm,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct TotpForm {
    pub(crate) errors: Vec<FormError>,
    pub(crate) code: Field,
    pub(crate) device: Field,
}

impl Page for TotpPage {
    const TEMPLATE: &'static str = "account/second_factor/prove/totp.html";
}

#[derive(Debug, Deserialize)]
#[serde(bound = "R: AtDoor")]
pub(crate) struct AppCode<R> {
    #[serde(default)]
    next: Next<R>,
    code: String,
    device: Option<DeviceId>,
}

pub(crate) async fn show<P: Prover>(
    State(app): State<AppState>,
    person: P,
    Query(LeadsTo { next }): Query<LeadsTo<P::Realm>>,
) -> Result<Response, WebError> {
    let proving = person.proving(next).due(&app, SecondFactor::Totp)?;
    page(&app, &proving, TotpForm::default()).await
}

pub(crate) async fn submit<P: Prover>(
    State(app): State<AppState>,
    person: P,
    Form { fields: AppCode { next, code, device }, .. }: Form<AppCode<P::Realm>, P::Realm>,
) -> Result<Response, WebError> {
    let proving = person.proving(next).due(&app, SecondFactor::Totp)?;
    let chosen = device.map(|device| device.to_string()).unwrap_or_default();
    let mut form = TotpForm {
        errors: Vec::new(),
        code: Field::with_value(&code),
        device: Field::with_value(&chosen),
    };
    let Some(device) = device else {
        form.device = form.device.with_error(NO_DEVICE);
        return page(&app, &proving, form).await;
    };
    if shows_nothing(&code) {
        form.code = form.code.with_error(NO_CODE);
        return page(&app, &proving, form).await;
    }
    let Proving { visitor, session, token, .. } = &proving;
    let apps = Apps { cx: app.context(&visitor.tenant), sealer: &app.sealer, session };
    let mut tx = visitor.begin(&app).await?;
    let proved = apps.prove(&mut tx, token, device, &code).await?;
    tx.commit().await?;
    match proving.conclude(&app, proved)? {
        ControlFlow::Break(answer) => Ok(answer),
        ControlFlow::Continue(proving) => {
            form.code = form.code.with_error(WRONG_CODE);
            page(&app, &proving, form).await
        }
    }
}

async fn page<R: AtDoor>(
    app: &App,
    proving: &Proving<R>,
    mut form: TotpForm,
) -> Result<Response, WebError> {
    let Proving { visitor, session, occasion, .. } = proving;
    let mut tx = visitor.begin(app).await?;
    let devices = device::list_of(&mut tx, session.login, DeviceKind::Totp).await?;
    tx.commit().await?;
    form.errors = summary(&[("device", &form.device), ("code", &form.code)]);
    let devices = choices(devices, &form.device.value);
    let page = TotpPage { occasion: occasion.view(PAGE), devices, form };
    occasion.show(app, visitor, PAGE, &page.form.errors, &page)
}

/// Returns devices as radio buttons.
fn choices(devices: Vec<Device>, chosen: &str) -> Vec<RadioButton> {
    let choice = |Device { id, name, .. }: Device| RadioButton {
        checked: id.to_string() == chosen,
        value: id.to_string(),
        label: name,
        recommended: false,
    };
    devices.into_iter().map(choice).collect()
}
