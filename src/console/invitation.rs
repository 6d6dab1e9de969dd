//! 「職員の登録」: an invited person opens the mailed link and sets up their login (A1).

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::account::new_password::{TwoFields, TypedTwice, messages};
use crate::account::places::ONWARD;
use crate::account::second_factor::method::{chosen, methods};
use crate::account::words::TAKEN;
use crate::auth::credentials::password::{self, PasswordRule};
use crate::auth::credentials::user_id::UserId;
use crate::auth::guard::foreign::Foreign;
use crate::auth::journey::staff::StaffFactor;
use crate::auth::people::People as _;
use crate::auth::staff::acceptance::{Acceptance, FirstChoices, Taker};
use crate::base::realm::Staff;
use crate::base::secret::PlainToken;
use crate::db::actor::Client;
use crate::tenant::policy::SecondFactor;
use crate::web::error::{WebError, foreign};
use crate::web::form::{Field, Form, FormError, RadioButton, status_of, summary};
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Serialize)]
pub(super) struct InvitationPage {
    pub(super) token: String,
    /// The name of the invited person.
    pub(super) name: String,
    pub(super) min: u16,
    pub(super) max: u16,
    pub(super) symbols: String,
    pub(super) rules: Vec<PasswordRule>,
    pub(super) methods: Vec<RadioButton>,
    pub(super) form: InvitationForm,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct InvitationForm {
    pub(super) errors: Vec<FormError>,
    pub(super) user_id: Field,
    pub(super) password: Field,
    pub(super) again: Field,
    pub(super) method: Field,
}

impl Page for InvitationPage {
    const TEMPLATE: &'static str = "console/invitation.html";
}

#[derive(Debug, Serialize)]
pub(super) struct InvitationOverPage {}

impl Page for InvitationOverPage {
    const TEMPLATE: &'static str = "console/invitation_over.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct LinkQuery {
    #[serde(default)]
    token: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct TypedChoices {
    token: String,
    user_id: String,
    password: SecretString,
    again: SecretString,
    #[serde(default)]
    method: String,
}

/// Shows the form, if the link still works. A mail scanner that opens the link changes nothing.
pub(super) async fn show(
    State(app): State<AppState>,
    visitor: Visitor<Staff>,
    Query(LinkQuery { token }): Query<LinkQuery>,
) -> Result<Response, WebError> {
    page(&app, &visitor, token, InvitationForm::default()).await
}

pub(super) async fn submit(
    State(app): State<AppState>,
    client: Client,
    Form { visitor, fields }: Form<TypedChoices, Staff>,
) -> Result<Response, WebError> {
    let Some(link) = PlainToken::parse(&fields.token) else { return over(&app, &visitor) };
    let config = &visitor.tenant.config;
    let mut form = InvitationForm {
        user_id: Field::with_value(&fields.user_id),
        method: Field::with_value(&fields.method),
        ..InvitationForm::default()
    };
    let user_id = UserId::choose(&config.user_id, &fields.user_id);
    let method = chosen::<Staff>(config, &fields.method);
    let typed = user_id.as_ref().map_or("", UserId::as_str);
    let twice = TypedTwice { password: &fields.password, again: &fields.again };
    let mut two = TwoFields { password: &mut form.password, again: &mut form.again };
    let refused = twice.is_refused(&app, &visitor, (typed, typed), &mut two).await?;
    let (user_id, method) = match (user_id, method) {
        (Ok(user_id), Ok(method)) if !refused => (user_id, factor(method)),
        (user_id, method) => {
            form.user_id.error = user_id.err().map(|error| config.say(&error));
            form.method.error = method.err().map(str::to_owned);
            return page(&app, &visitor, fields.token, form).await;
        }
    };
    let choices = FirstChoices { user_id: &user_id, password: &fields.password, method };
    let taker = Taker { client: &client, browser: &visitor.browser };
    let sign_in = visitor.sign_in(&app);
    match sign_in.accept_invitation(&visitor.tenant, &link, &choices, taker).await? {
        Acceptance::Done(token) => {
            let jar = visitor.signed_in(&app, &token, None);
            Ok((jar, Redirect::to(ONWARD)).into_response())
        }
        Acceptance::Over => visitor.page(&app, StatusCode::GONE, &InvitationOverPage {}),
        Acceptance::UserIdTaken => {
            form.user_id.error = Some(config.say(TAKEN));
            page(&app, &visitor, fields.token, form).await
        }
        Acceptance::Refused(flaws) => {
            form.password.error = Some(messages::<Staff>(config, &flaws));
            page(&app, &visitor, fields.token, form).await
        }
    }
}

const fn factor(method: Option<SecondFactor>) -> StaffFactor {
    match method {
        Some(SecondFactor::Totp) => StaffFactor::Totp,
        _ => StaffFactor::Passkey,
    }
}

/// Answers for a link that was used or replaced, or never was this union's.
fn over(app: &App, visitor: &Visitor<Staff>) -> Result<Response, WebError> {
    let answer = visitor.page(app, StatusCode::GONE, &InvitationOverPage {})?;
    Ok(foreign(Foreign::Link, answer))
}

async fn page(
    app: &App,
    visitor: &Visitor<Staff>,
    token: String,
    mut form: InvitationForm,
) -> Result<Response, WebError> {
    let config = &visitor.tenant.config;
    let name = match PlainToken::parse(&token) {
        Some(link) => visitor.sign_in(app).who_is_invited(&visitor.tenant, &link).await?,
        None => None,
    };
    let Some(name) = name else { return over(app, visitor) };
    form.errors = summary(&[
        ("user_id", &form.user_id),
        ("password", &form.password),
        ("again", &form.again),
        ("method", &form.method),
    ]);
    let symbols: Vec<String> = config.user_id.symbols.chars().map(String::from).collect();
    let page = InvitationPage {
        token,
        name,
        min: config.user_id.min_length,
        max: config.user_id.max_length,
        symbols: symbols.join(" "),
        rules: password::list(config, &Staff::password_rules(config)),
        methods: methods::<Staff>(config, &form.method.value),
        form,
    };
    visitor.page(app, status_of(&page.form.errors), &page)
}
