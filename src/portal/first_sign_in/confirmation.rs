//! 「入力確認画面」 (G3) and what follows 「実行」 (G4, seed 004 ⑥⑦).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Serialize;

use super::email;
use crate::account::words::TAKEN;
use crate::auth::first_sign_in::registration::{self, Registration};
use crate::auth::journey::{Progress, Step};
use crate::portal::places::{DETAILS, ONWARD, REGISTERED, TOP};
use crate::tenant::policy::FirstSignInFlow;
use crate::web::error::WebError;
use crate::web::form::{Button, Form, FormError, status_of};
use crate::web::identity::{SigningIn, Subscriber};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Serialize)]
pub(in crate::portal) struct ConfirmationPage {
    pub(in crate::portal) progress: Option<Progress>,
    pub(in crate::portal) user_id: String,
    pub(in crate::portal) email: Option<String>,
    pub(in crate::portal) expense_mail: bool,
    pub(in crate::portal) form: ConfirmationForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct ConfirmationForm {
    pub(in crate::portal) errors: Vec<FormError>,
}

impl Page for ConfirmationPage {
    const TEMPLATE: &'static str = "portal/first_sign_in/confirmation.html";
}

#[derive(Debug, Serialize)]
pub(in crate::portal) struct RegisteredPage {
    pub(in crate::portal) user_id: String,
    pub(in crate::portal) email: Option<String>,
}

impl Page for RegisteredPage {
    const TEMPLATE: &'static str = "portal/first_sign_in/registered.html";
}

pub(super) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    page(&app, &signing_in.at(Step::Details)?, None).await
}

pub(super) async fn submit(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { .. }: Form<Button>,
) -> Result<Response, WebError> {
    let signing_in = signing_in.at(Step::Details)?;
    let SigningIn { visitor, session, token, .. } = &signing_in;
    match visitor.sign_in(&app).register_draft(&visitor.tenant, session, token).await? {
        Registration::Done(token) => {
            let jar = signing_in.visitor.renewed(&app, &token);
            Ok((jar, Redirect::to(REGISTERED)).into_response())
        }
        Registration::UserIdTaken => {
            let taken = signing_in.visitor.tenant.config.say(TAKEN);
            page(&app, &signing_in, Some(&taken)).await
        }
        Registration::EmailTaken => page(&app, &signing_in, Some(email::TAKEN)).await,
        Registration::NothingDue => Ok(Redirect::to(ONWARD).into_response()),
    }
}

pub(super) async fn registered(
    State(app): State<AppState>,
    Subscriber { mut visitor, session, .. }: Subscriber,
) -> Result<Response, WebError> {
    let flow = visitor.tenant.config.first_sign_in.flow;
    if flow != FirstSignInFlow::SingleForm || !session.facts().first_session {
        return Ok(Redirect::to(TOP).into_response());
    }
    let page = RegisteredPage { user_id: session.user_id, email: session.email };
    // 「メニューへ」 always leads to the top page, even if the person first wanted another.
    visitor.jar = visitor.jar.without_next();
    visitor.page(&app, StatusCode::OK, &page)
}

async fn page(
    app: &App,
    signing_in: &SigningIn,
    taken: Option<&str>,
) -> Result<Response, WebError> {
    let SigningIn { visitor, session, .. } = signing_in;
    let mut tx = visitor.begin(app).await?;
    let draft = registration::draft(&mut tx, session.login).await?;
    tx.commit().await?;
    // There is nothing to confirm yet: the person opened this page by its address.
    let Some(draft) = draft else {
        return Ok(Redirect::to(DETAILS).into_response());
    };
    let page = ConfirmationPage {
        progress: signing_in.progress().map(Progress::later),
        user_id: draft.user_id,
        email: draft.email,
        expense_mail: draft.expense_mail,
        form: ConfirmationForm {
            errors: taken
                .map(|message| FormError { field: None, message: message.to_owned() })
                .into_iter()
                .collect(),
        },
    };
    visitor.page(app, status_of(&page.form.errors), &page)
}
