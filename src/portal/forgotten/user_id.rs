//! 「ユーザIDを忘れた方はこちら」 sends the user ID by mail (R2).

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::answer::answer;
use crate::account::words::TOO_MANY_MAILS;
use crate::auth::recovery::MailAsked;
use crate::db::actor::Client;
use crate::portal::first_sign_in::{birthdate, email};
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary};
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct ForgottenUserIdPage {
    /// True if the union's people may still have a password by the formula; below, one from a
    /// letter.
    pub(in crate::portal) formula: bool,
    pub(in crate::portal) letter: bool,
    pub(in crate::portal) form: ForgottenUserIdForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct ForgottenUserIdForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) birthdate: Field,
    pub(in crate::portal) email: Field,
}

impl Page for ForgottenUserIdPage {
    const TEMPLATE: &'static str = "portal/forgotten/user_id.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct TypedIdentity {
    birthdate: String,
    email: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
) -> Result<Response, WebError> {
    page(&app, &visitor, ForgottenUserIdForm::default())
}

pub(super) async fn submit(
    State(app): State<AppState>,
    client: Client,
    Form { visitor, fields }: Form<TypedIdentity>,
) -> Result<Response, WebError> {
    let mut form = ForgottenUserIdForm {
        errors: Vec::new(),
        birthdate: Field::with_value(&fields.birthdate),
        email: Field::with_value(&fields.email),
    };
    let (birthdate, email) = (birthdate::read(&fields.birthdate), email::read(&fields.email));
    let (Ok(birthdate), Ok(email)) = (&birthdate, &email) else {
        form.birthdate.error = birthdate.err().map(str::to_owned);
        form.email.error = email.err();
        return page(&app, &visitor, form);
    };
    match visitor.sign_in(&app).ask_for_user_id(&visitor.tenant, *birthdate, email, &client).await?
    {
        MailAsked::Answered => {
            let notice = format!(
                "以下のメールアドレスにメールを送信しました。\nあなたのメールアドレス: {}\nメールに記載されているユーザIDでログインしてください。",
                email.as_str()
            );
            answer(&app, &visitor, notice, "")
        }
        MailAsked::TooMany => {
            form.email = form.email.with_error(TOO_MANY_MAILS);
            page(&app, &visitor, form)
        }
    }
}

fn page(app: &App, visitor: &Visitor, mut form: ForgottenUserIdForm) -> Result<Response, WebError> {
    let first = &visitor.tenant.config.first_sign_in;
    form.errors = summary(&[("birthdate", &form.birthdate), ("email", &form.email)]);
    let page = ForgottenUserIdPage {
        formula: first.formula.is_some(),
        letter: first.letter.is_some(),
        form,
    };
    visitor.page(app, status_of(&page.form.errors), &page)
}
