//! 「ユーザIDの変更・認証方法の設定」 (F8).

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::email::TOO_MANY;
use crate::account::second_factor::method::{chosen, methods};
use crate::account::words::TAKEN;
use crate::auth::credentials::user_id::{self, Refused, UserId};
use crate::auth::journey::{Progress, Step};
use crate::base::realm::Subscribers;
use crate::portal::places::ONWARD;
use crate::tenant::policy::UserIdRules;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, RadioButton, status_of, summary};
use crate::web::identity::SigningIn;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Serialize)]
pub(in crate::portal) struct UserIdPage {
    pub(in crate::portal) progress: Option<Progress>,
    #[serde(flatten)]
    pub(in crate::portal) rules: RulesText,
    pub(in crate::portal) methods: Vec<RadioButton>,
    pub(in crate::portal) form: UserIdForm,
}

/// The union's rules for user IDs, as both kinds of first sign-in show them.
#[derive(Debug, Serialize)]
pub(in crate::portal) struct RulesText {
    changeable: bool,
    min: u16,
    max: u16,
    symbols: String,
    refused: Vec<Refused>,
}

impl From<&UserIdRules> for RulesText {
    fn from(rules: &UserIdRules) -> Self {
        let symbols: Vec<String> = rules.symbols.chars().map(String::from).collect();
        Self {
            changeable: rules.changeable,
            min: rules.min_length,
            max: rules.max_length,
            symbols: symbols.join(" "),
            refused: user_id::refused(rules),
        }
    }
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct UserIdForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) user_id: Field,
    pub(in crate::portal) method: Field,
}

impl Page for UserIdPage {
    const TEMPLATE: &'static str = "portal/first_sign_in/user_id.html";
    const FRESH: &'static [&'static str] = &["refused"];
}

#[derive(Debug, Deserialize)]
pub(super) struct ChosenUserId {
    user_id: String,
    #[serde(default)]
    method: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    let signing_in = signing_in.at(Step::UserId)?;
    let user_id = Field::with_value(&signing_in.session.user_id);
    page(&app, &signing_in, UserIdForm { user_id, ..UserIdForm::default() })
}

pub(super) async fn submit(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { fields, .. }: Form<ChosenUserId>,
) -> Result<Response, WebError> {
    let signing_in = signing_in.at(Step::UserId)?;
    let SigningIn { visitor, session, .. } = &signing_in;
    let config = &visitor.tenant.config;
    let mut form = UserIdForm {
        errors: Vec::new(),
        user_id: Field::with_value(&fields.user_id),
        method: Field::with_value(&fields.method),
    };
    let user_id = UserId::choose(&config.user_id, &fields.user_id);
    let method = chosen::<Subscribers>(config, &fields.method);
    let (user_id, method) = match (user_id, method) {
        (Ok(user_id), Ok(method)) => (user_id, method),
        (user_id, method) => {
            form.user_id.error = user_id.err().map(|error| config.say(&error));
            form.method.error = method.err().map(str::to_owned);
            return page(&app, &signing_in, form);
        }
    };
    if !visitor.sign_in(&app).may_ask_what_is_free(&visitor.tenant, session).await? {
        form.user_id = form.user_id.with_error(TOO_MANY);
        return page(&app, &signing_in, form);
    }
    let mut tx = visitor.begin(&app).await?;
    let set = user_id::set(&mut tx, &app.clock, session.login, &user_id, method).await?;
    tx.commit().await?;
    if !set {
        form.user_id = form.user_id.with_error(&config.say(TAKEN));
        return page(&app, &signing_in, form);
    }
    Ok(Redirect::to(ONWARD).into_response())
}

fn page(app: &App, signing_in: &SigningIn, mut form: UserIdForm) -> Result<Response, WebError> {
    form.errors = summary(&[("user_id", &form.user_id), ("method", &form.method)]);
    let status = status_of(&form.errors);
    let config = &signing_in.visitor.tenant.config;
    let page = UserIdPage {
        progress: signing_in.progress(),
        rules: RulesText::from(&config.user_id),
        methods: methods::<Subscribers>(config, &form.method.value),
        form,
    };
    signing_in.visitor.page(app, status, &page)
}
