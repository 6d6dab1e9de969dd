//! 「個人情報入力画面」 (G2, seed 004 ④⑤).

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::email;
use super::user_id::RulesText;
use crate::account::new_password::{TwoFields, TypedTwice, messages};
use crate::account::words::TAKEN;
use crate::auth::credentials::password::{self, PasswordRule};
use crate::auth::credentials::user_id::{self, UserId};
use crate::auth::first_sign_in::email_confirmation;
use crate::auth::first_sign_in::registration::{self, Details, Drafting};
use crate::auth::journey::{Progress, Step};
use crate::base::email::EmailAddress;
use crate::base::realm::Subscribers;
use crate::portal::places::CONFIRMATION;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary};
use crate::web::identity::SigningIn;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Serialize)]
pub(in crate::portal) struct DetailsPage {
    pub(in crate::portal) progress: Option<Progress>,
    #[serde(flatten)]
    pub(in crate::portal) user_id_rules: RulesText,
    pub(in crate::portal) rules: Vec<PasswordRule>,
    pub(in crate::portal) password_min: u16,
    /// True if a password was given before and need not be typed again.
    pub(in crate::portal) password_kept: bool,
    pub(in crate::portal) form: DetailsForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct DetailsForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) user_id: Field,
    pub(in crate::portal) password: Field,
    pub(in crate::portal) again: Field,
    pub(in crate::portal) email: Field,
    /// Either `yes` or `no`.
    pub(in crate::portal) expense_mail: Field,
}

impl Page for DetailsPage {
    const TEMPLATE: &'static str = "portal/first_sign_in/details.html";
    const FRESH: &'static [&'static str] = &["refused", "rules"];
}

#[derive(Debug, Deserialize)]
pub(super) struct TypedDetails {
    user_id: String,
    password: SecretString,
    again: SecretString,
    email: String,
    #[serde(default)]
    expense_mail: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    let signing_in = signing_in.at(Step::Details)?;
    let SigningIn { visitor, session, .. } = &signing_in;
    let mut tx = visitor.begin(&app).await?;
    let draft = registration::draft(&mut tx, session.login).await?;
    tx.commit().await?;
    let mut form = DetailsForm::default();
    match draft {
        Some(draft) => {
            form.user_id.value = draft.user_id;
            form.email.value = draft.email.unwrap_or_default();
            form.expense_mail.value = if draft.expense_mail { "yes" } else { "no" }.to_owned();
        }
        None => {
            form.email.value = session.email.clone().unwrap_or_default();
            form.expense_mail.value = "yes".to_owned();
        }
    }
    page(&app, &signing_in, form).await
}

pub(super) async fn submit(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { fields, .. }: Form<TypedDetails>,
) -> Result<Response, WebError> {
    let signing_in = signing_in.at(Step::Details)?;
    let SigningIn { visitor, session, .. } = &signing_in;
    let mut form = DetailsForm {
        user_id: Field::with_value(&fields.user_id),
        email: Field::with_value(&fields.email),
        expense_mail: Field::with_value(&fields.expense_mail),
        ..DetailsForm::default()
    };
    let Some(details) = read(&app, &signing_in, &fields, &mut form).await? else {
        return page(&app, &signing_in, form).await;
    };
    match visitor.sign_in(&app).keep_draft(&visitor.tenant, session, &details).await? {
        Drafting::Kept => Ok(Redirect::to(CONFIRMATION).into_response()),
        Drafting::Refused(flaws) => {
            form.password.error = Some(messages::<Subscribers>(&visitor.tenant.config, &flaws));
            page(&app, &signing_in, form).await
        }
    }
}

/// Reads the form. Returns `None` if something is wrong, with the errors at their fields.
async fn read(
    app: &App,
    signing_in: &SigningIn,
    fields: &TypedDetails,
    form: &mut DetailsForm,
) -> Result<Option<Details>, WebError> {
    let SigningIn { visitor, session, .. } = signing_in;
    if !visitor.sign_in(app).may_ask_what_is_free(&visitor.tenant, session).await? {
        form.user_id.error = Some(email::TOO_MANY.to_owned());
        return Ok(None);
    }
    let user_id = UserId::choose(&visitor.tenant.config.user_id, &fields.user_id);
    let email: Result<Option<EmailAddress>, String> = match fields.email.trim() {
        "" => Ok(None),
        typed => email::read(typed).map(Some),
    };
    let mut tx = visitor.begin(app).await?;
    if let Ok(user_id) = &user_id
        && user_id::is_taken(&mut tx, session.login, user_id).await?
    {
        form.user_id.error = Some(visitor.tenant.config.say(TAKEN));
    }
    if let Ok(Some(email)) = &email
        && email_confirmation::is_taken(&mut tx, session.login, email.as_str()).await?
    {
        form.email.error = Some(email::TAKEN.to_owned());
    }
    // The kept password is only a hash, so it can't be compared with a new user ID, which it must
    // not equal.
    let draft = registration::draft(&mut tx, session.login).await?;
    let typed_id = user_id.as_ref().map_or("", UserId::as_str);
    let kept = draft.is_some_and(|draft| draft.user_id == typed_id);
    tx.commit().await?;
    let twice = TypedTwice { password: &fields.password, again: &fields.again };
    let keeps = kept && twice.is_empty();
    let ids = (typed_id, session.user_id.as_str());
    let mut two = TwoFields { password: &mut form.password, again: &mut form.again };
    let mut wrong = !keeps && twice.is_refused(app, visitor, ids, &mut two).await?;
    let expense_mail = match fields.expense_mail.as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    if expense_mail.is_none() {
        form.expense_mail.error = Some("必要・不要のどちらかを選択してください。".to_owned());
    }
    if let Err(error) = &user_id {
        form.user_id.error = Some(visitor.tenant.config.say(error));
    }
    if let Err(error) = &email {
        form.email.error = Some(error.clone());
    }
    let others = [&form.user_id, &form.email, &form.expense_mail];
    if !wrong && others.iter().any(|field| field.error.is_some()) {
        wrong = true;
        // Reports what is wrong with the password at the same time.
        if !keeps {
            form.password.error = twice.flaws(app, visitor, ids).await?;
        }
    }
    if wrong {
        return Ok(None);
    }
    let password = (!keeps).then(|| fields.password.clone());
    Ok(match (user_id, email, expense_mail) {
        (Ok(user_id), Ok(email), Some(expense_mail)) => {
            Some(Details { user_id, password, email, expense_mail })
        }
        _ => None,
    })
}

async fn page(
    app: &App,
    signing_in: &SigningIn,
    mut form: DetailsForm,
) -> Result<Response, WebError> {
    let SigningIn { visitor, session, .. } = signing_in;
    let mut tx = visitor.begin(app).await?;
    let password_kept = registration::draft(&mut tx, session.login).await?.is_some();
    tx.commit().await?;
    form.errors = summary(&[
        ("user_id", &form.user_id),
        ("password", &form.password),
        ("again", &form.again),
        ("email", &form.email),
        ("expense_mail", &form.expense_mail),
    ]);
    let config = &visitor.tenant.config;
    let page = DetailsPage {
        progress: signing_in.progress(),
        user_id_rules: RulesText::from(&config.user_id),
        rules: password::list(config, &config.password),
        password_min: config.password.min_length,
        password_kept,
        form,
    };
    visitor.page(app, status_of(&page.form.errors), &page)
}
