//! The page behind 「パスワードをリセット」 (R1, R3). Opening it doesn't use the link up, because
//! mail scanners open links.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::answer::answer;
use crate::account::new_password::{TwoFields, TypedTwice, messages};
use crate::auth::credentials::password::{self, PasswordRule};
use crate::auth::guard::foreign::Foreign;
use crate::auth::recovery::Reset;
use crate::base::realm::Subscribers;
use crate::base::secret::PlainToken;
use crate::tenant::policy::FactorReset;
use crate::web::error::{WebError, foreign};
use crate::web::form::{Field, Form, FormError, status_of, summary, ticked};
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const DONE: &str = "パスワードを変更しました。新しいパスワードでログインしてください。";

#[derive(Default, Serialize)]
pub(in crate::portal) struct ResetPasswordPage {
    /// The link's token, which the form sends back.
    pub(in crate::portal) token: String,
    /// For password managers, which store it with the password.
    pub(in crate::portal) user_id: String,
    pub(in crate::portal) rules: Vec<PasswordRule>,
    /// True if this page also replaces lost devices (seed 002 A13).
    pub(in crate::portal) lost_device: bool,
    pub(in crate::portal) form: ResetPasswordForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct ResetPasswordForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) password: Field,
    pub(in crate::portal) again: Field,
    pub(in crate::portal) lost: bool,
}

impl Page for ResetPasswordPage {
    const TEMPLATE: &'static str = "portal/forgotten/reset.html";
}

#[derive(Debug, Serialize)]
pub(in crate::portal) struct ResetOverPage {}

impl Page for ResetOverPage {
    const TEMPLATE: &'static str = "portal/forgotten/reset_over.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct LinkQuery {
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
pub(super) struct ChosenPassword {
    token: String,
    password: SecretString,
    again: SecretString,
    #[serde(default, deserialize_with = "ticked")]
    lost: bool,
}

pub(super) async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Query(LinkQuery { token }): Query<LinkQuery>,
) -> Result<Response, WebError> {
    page(&app, &visitor, token, ResetPasswordForm::default()).await
}

pub(super) async fn submit(
    State(app): State<AppState>,
    Form { visitor, fields: ChosenPassword { token, password, again, lost } }: Form<ChosenPassword>,
) -> Result<Response, WebError> {
    let Some(link) = PlainToken::parse(&token) else {
        return over(&app, &visitor);
    };
    let mut form = ResetPasswordForm { lost, ..ResetPasswordForm::default() };
    let Some(user_id) =
        visitor.sign_in(&app).whose_reset::<Subscribers>(&visitor.tenant, &link).await?
    else {
        return over(&app, &visitor);
    };
    let twice = TypedTwice { password: &password, again: &again };
    let mut fields = TwoFields { password: &mut form.password, again: &mut form.again };
    if twice.is_refused(&app, &visitor, (&user_id, &user_id), &mut fields).await? {
        return page(&app, &visitor, token, form).await;
    }
    match visitor
        .sign_in(&app)
        .reset_password::<Subscribers>(&visitor.tenant, &link, &password, lost)
        .await?
    {
        Reset::Done => answer(&app, &visitor.signed_out(), DONE.to_owned(), ""),
        Reset::Over => visitor.page(&app, StatusCode::GONE, &ResetOverPage {}),
        Reset::Refused(flaws) => {
            form.password.error = Some(messages::<Subscribers>(&visitor.tenant.config, &flaws));
            page(&app, &visitor, token, form).await
        }
    }
}

/// Answers for a link that was used or replaced, or never was this union's.
fn over(app: &App, visitor: &Visitor) -> Result<Response, WebError> {
    let answer = visitor.page(app, StatusCode::GONE, &ResetOverPage {})?;
    Ok(foreign(Foreign::Link, answer))
}

/// Shows the form, if the link still works.
async fn page(
    app: &App,
    visitor: &Visitor,
    token: String,
    mut form: ResetPasswordForm,
) -> Result<Response, WebError> {
    let config = &visitor.tenant.config;
    let user_id = match PlainToken::parse(&token) {
        Some(link) => {
            visitor.sign_in(app).whose_reset::<Subscribers>(&visitor.tenant, &link).await?
        }
        None => None,
    };
    let Some(user_id) = user_id else {
        return over(app, visitor);
    };
    form.errors = summary(&[("password", &form.password), ("again", &form.again)]);
    let page = ResetPasswordPage {
        token,
        user_id,
        rules: password::list(config, &config.password),
        lost_device: config.lost_device.reset_by == FactorReset::ForgottenPassword
            && !config.sign_in.second_factors.is_empty(),
        form,
    };
    visitor.page(app, status_of(&page.form.errors), &page)
}
