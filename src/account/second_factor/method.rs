//! 「認証方法」: the choice of a method for the second factor (F8), which can be made again until a device is set up.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use crate::account::at_door::AtDoor;
use crate::account::places::ONWARD;
use crate::auth::factor::method;
use crate::auth::journey::Step;
use crate::tenant::policy::{SecondFactor, TenantConfig};
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, RadioButton, status_of, summary};
use crate::web::identity::SigningIn;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Default, Serialize)]
pub(crate) struct MethodPage {
    pub(crate) methods: Vec<RadioButton>,
    pub(crate) form: MethodForm,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct MethodForm {
    pub(crate) errors: Vec<FormError>,
    pub(crate) method: Field,
}

impl Page for MethodPage {
    const TEMPLATE: &'static str = "account/second_factor/method.html";
}

#[derive(Debug, Deserialize)]
pub(crate) struct Chosen {
    #[serde(default)]
    method: String,
}

pub(crate) async fn show<R: AtDoor>(
    State(app): State<AppState>,
    signing_in: SigningIn<R>,
) -> Result<Response, WebError> {
    page(&app, &setting_up(signing_in)?, Field::default())
}

pub(crate) async fn submit<R: AtDoor>(
    State(app): State<AppState>,
    signing_in: SigningIn<R>,
    Form { fields, .. }: Form<Chosen, R>,
) -> Result<Response, WebError> {
    let signing_in = setting_up(signing_in)?;
    let SigningIn { visitor, session, token, .. } = &signing_in;
    match chosen::<R>(&visitor.tenant.config, &fields.method) {
        Ok(Some(method)) => {
            let tenant = &visitor.tenant;
            let mut tx = visitor.begin(&app).await?;
            method::choose(&mut tx, app.context(tenant), session, token, method).await?;
            tx.commit().await?;
            Ok(Redirect::to(ONWARD).into_response())
        }
        Ok(None) => Ok(Redirect::to(ONWARD).into_response()),
        Err(error) => page(&app, &signing_in, Field::with_value(&fields.method).with_error(error)),
    }
}

/// Returns the person if the method is not set up yet: only then may the password alone exchange it.
fn setting_up<R: AtDoor>(signing_in: SigningIn<R>) -> Result<SigningIn<R>, WebError> {
    match signing_in.step {
        Step::PasskeySetUp => Ok(signing_in),
        _ => signing_in.at(Step::TotpSetUp),
    }
}

/// Reads the method that a form names. Returns `None` if the union asks for no second factor.
///
/// # Errors
/// The error that the person reads.
pub(crate) fn chosen<R: AtDoor>(
    policy: &TenantConfig,
    name: &str,
) -> Result<Option<SecondFactor>, &'static str> {
    let allowed = R::second_factors(policy);
    if allowed.is_empty() {
        return Ok(None);
    }
    let found = allowed.iter().find(|method| method.name() == name);
    found.map(|method| Some(*method)).ok_or("認証方法を選択してください。")
}

/// Returns the methods that the union allows as radio buttons, in its order (T4). If nothing was chosen yet, the
/// recommended one is ticked.
pub(crate) fn methods<R: AtDoor>(policy: &TenantConfig, chosen: &str) -> Vec<RadioButton> {
    let recommended = R::recommended_factor(policy);
    let ticked = match chosen {
        "" => recommended.map_or("", SecondFactor::name),
        chosen => chosen,
    };
    R::second_factors(policy)
        .iter()
        .map(|method| RadioButton {
            value: method.name().to_owned(),
            label: method.label().to_owned(),
            recommended: recommended == Some(*method),
            checked: method.name() == ticked,
        })
        .collect()
}

fn page<R: AtDoor>(
    app: &App,
    signing_in: &SigningIn<R>,
    method: Field,
) -> Result<Response, WebError> {
    let policy = &signing_in.visitor.tenant.config;
    let errors = summary(&[("method", &method)]);
    let status = status_of(&errors);
    let methods = methods::<R>(policy, &method.value);
    signing_in.visitor.page(
        app,
        status,
        &MethodPage { methods, form: MethodForm { errors, method } },
    )
}
