//! 「認証方法」: the choice of a method for the second factor (F8), which can be made again until a device is set up.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use crate::auth::factor::method;
use crate::auth::journey::Step;
use crate::portal::places::ONWARD;
use crate::tenant::policy::{SecondFactor, SignInRules};
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, RadioButton, status_of, summary};
use crate::web::identity::SigningIn;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct MethodPage {
    pub(in crate::portal) methods: Vec<RadioButton>,
    pub(in crate::portal) form: MethodForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct MethodForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) method: Field,
}

impl Page for MethodPage {
    const TEMPLATE: &'static str = "portal/second_factor/method.html";
}

#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Chosen {
    #[serde(default)]
    method: String,
}

pub(in crate::portal) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    page(&app, &setting_up(signing_in)?, Field::default())
}

pub(in crate::portal) async fn submit(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { fields, .. }: Form<Chosen>,
) -> Result<Response, WebError> {
    let signing_in = setting_up(signing_in)?;
    let SigningIn { visitor, session, token, .. } = &signing_in;
    match chosen(&visitor.tenant.config.sign_in, &fields.method) {
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
fn setting_up(signing_in: SigningIn) -> Result<SigningIn, WebError> {
    match signing_in.step {
        Step::PasskeySetUp => Ok(signing_in),
        _ => signing_in.at(Step::TotpSetUp),
    }
}

/// Reads the method that a form names. Returns `None` if the union asks for no second factor.
///
/// # Errors
/// The error that the person reads.
pub(in crate::portal) fn chosen(
    policy: &SignInRules,
    name: &str,
) -> Result<Option<SecondFactor>, &'static str> {
    if policy.second_factors.is_empty() {
        return Ok(None);
    }
    let found = policy.second_factors.iter().find(|method| method.name() == name);
    found.map(|method| Some(*method)).ok_or("認証方法を選択してください。")
}

/// Returns the methods that the union allows as radio buttons, in its order (T4). If nothing was chosen yet, the
/// recommended one is ticked.
pub(in crate::portal) fn methods(policy: &SignInRules, chosen: &str) -> Vec<RadioButton> {
    let ticked = match chosen {
        "" => policy.recommended.map_or("", SecondFactor::name),
        chosen => chosen,
    };
    policy
        .second_factors
        .iter()
        .map(|method| RadioButton {
            value: method.name().to_owned(),
            label: method.label().to_owned(),
            recommended: policy.recommended == Some(*method),
            checked: method.name() == ticked,
        })
        .collect()
}

fn page(app: &App, signing_in: &SigningIn, method: Field) -> Result<Response, WebError> {
    let policy = &signing_in.visitor.tenant.config.sign_in;
    let errors = summary(&[("method", &method)]);
    let status = status_of(&errors);
    let methods = methods(policy, &method.value);
    signing_in.visitor.page(
        app,
        status,
        &MethodPage { methods, form: MethodForm { errors, method } },
    )
}
