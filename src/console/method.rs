//! 「認証方法の切り替え」: which of the devices that are set up is asked for at the next sign-in (S2).

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use crate::account::places::{METHODS, METHODS_PASSKEYS, METHODS_TOTP};
use crate::account::second_factor::method::{chosen, methods};
use crate::auth::account_changed::AccountChange;
use crate::auth::factor::method::{self, MethodChange};
use crate::base::realm::Staff;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, RadioButton, status_of, summary};
use crate::web::identity::{Fresh, SignedInStaff};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Default, Serialize)]
pub(super) struct StaffMethodPage {
    pub(super) methods: Vec<RadioButton>,
    pub(super) errors: Vec<FormError>,
    pub(super) method: Field,
}

impl Page for StaffMethodPage {
    const TEMPLATE: &'static str = "console/method.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct ChosenMethod {
    #[serde(default)]
    method: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    Fresh(staff): Fresh<SignedInStaff>,
) -> Result<Response, WebError> {
    let current = staff.session.method(&staff.visitor.tenant.config);
    page(&app, &staff, Field::with_value(current.map_or("", SecondFactor::name)))
}

/// Changes the method at once if it is set up, and otherwise leads to its set-up.
pub(super) async fn submit(
    State(app): State<AppState>,
    Fresh(staff): Fresh<SignedInStaff>,
    Form { fields, .. }: Form<ChosenMethod, Staff>,
) -> Result<Response, WebError> {
    let SignedInStaff { visitor, session, .. } = &staff;
    let policy = &visitor.tenant.config;
    let wanted = match chosen::<Staff>(policy, &fields.method) {
        Ok(wanted) => wanted.unwrap_or(SecondFactor::Passkey),
        Err(error) => return page(&app, &staff, Field::default().with_error(error)),
    };
    let mut tx = visitor.begin(&app).await?;
    let change = method::want(&mut tx, &app.clock, session, wanted).await?;
    let is_new = change == MethodChange::Counts && session.method(policy) != Some(wanted);
    if is_new {
        AccountChange::Method.tell(&mut tx, app.context(&visitor.tenant), session).await?;
    }
    tx.commit().await?;
    match (change, wanted) {
        (MethodChange::Counts, _) => {
            let said = format!("次回のログインから「{}」を使います。", wanted.label());
            visitor.say(&app, visitor.jar.clone(), METHODS, &said)
        }
        (_, SecondFactor::Totp) => Ok(Redirect::to(METHODS_TOTP).into_response()),
        (_, SecondFactor::Passkey | SecondFactor::EmailCode) => {
            Ok(Redirect::to(METHODS_PASSKEYS).into_response())
        }
    }
}

fn page(app: &App, staff: &SignedInStaff, method: Field) -> Result<Response, WebError> {
    let config = &staff.visitor.tenant.config;
    let errors = summary(&[("method", &method)]);
    let page = StaffMethodPage { methods: methods::<Staff>(config, &method.value), errors, method };
    staff.visitor.page(app, status_of(&page.errors), &page)
}
