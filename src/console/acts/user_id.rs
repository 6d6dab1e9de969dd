//! 「ユーザIDを修正しますか？」

use std::ops::ControlFlow;

use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::frame::{self, ABOUT_PERSON, ActForm, ActPage, ActRequest};
use super::words;
use crate::auth::help_desk::{HelpRefusal, user_id};
use crate::auth::staff::act::{CorrectUserId, OpenHelp};
use crate::base::realm::Staff;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of};
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

const DONE: &str =
    "ユーザIDを修正しました。新しいユーザIDを、ご本人にお伝えください（メールには書かれません）。";

#[derive(Debug, Default, Serialize)]
pub(super) struct UserIdFacts {
    pub(super) was: Option<String>,
    pub(super) min: u16,
    pub(super) max: u16,
    pub(super) symbols: String,
}

#[derive(Debug, Serialize)]
pub(super) struct UserIdPage {
    #[serde(flatten)]
    pub(super) act: ActPage<UserIdFacts>,
    pub(super) user_id: Field,
}

impl Page for UserIdPage {
    const TEMPLATE: &'static str = "console/acts/user_id.html";
    const FRESH: &'static [&'static str] = ABOUT_PERSON;
}

#[derive(Debug, Deserialize)]
pub(super) struct UserIdInput {
    #[serde(default)]
    user_id: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
) -> Result<Response, WebError> {
    page(ActRequest::of(&app, &visitor, &code), Field::default(), ActForm::default()).await
}

pub(super) async fn submit(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
    Form { fields, .. }: Form<UserIdInput, Staff>,
) -> Result<Response, WebError> {
    let typed = Field::with_value(&fields.user_id);
    let reason = match frame::read_reason(&fields.reason) {
        Ok(reason) => reason,
        Err(form) => {
            return page(ActRequest::of(&app, &visitor, &code), typed, form).await;
        }
    };
    let cx = app.context(&visitor.tenant);
    let request = ActRequest::of(&app, &visitor, &code);
    let done = request.act::<CorrectUserId, _>(Some(&reason), async |desk| {
        user_id::correct(desk, cx, &code, &fields.user_id).await
    });
    let refusal = match request.conclude(done.await, DONE)? {
        ControlFlow::Break(answer) => return Ok(answer),
        ControlFlow::Continue(refusal) => refusal,
    };
    let message = visitor.tenant.config.say(&words::refusal(&refusal));
    let mut form = ActForm::failed(&reason, message.clone());
    let typed = match refusal {
        HelpRefusal::BadUserId(_) | HelpRefusal::Taken => {
            form.errors = vec![FormError { field: Some("user_id"), message: message.clone() }];
            typed.with_error(&message)
        }
        _ => typed,
    };
    page(ActRequest::of(&app, &visitor, &code), typed, form).await
}

async fn page(
    request: ActRequest<'_>,
    user_id: Field,
    form: ActForm,
) -> Result<Response, WebError> {
    let ActRequest { app, visitor, .. } = request;
    let seen = request.look::<OpenHelp, _>("user-id", async |_, _| Ok(()));
    let (subject, ()) = seen.await?;
    let account = subject.login.as_ref();
    let refusal = match account {
        None => Some(HelpRefusal::NoAccount),
        Some(account) if account.closed_at.is_some() => Some(HelpRefusal::Closed),
        Some(account) if account.registered_at.is_none() => Some(HelpRefusal::NotRegistered),
        Some(_) => None,
    };
    let rules = &visitor.tenant.config.user_id;
    let facts = UserIdFacts {
        was: account.map(|account| account.user_id.clone()),
        min: rules.min_length,
        max: rules.max_length,
        symbols: rules.symbols.clone(),
    };
    let refusal = refusal.as_ref().map(words::refusal);
    let page = UserIdPage { act: ActPage::of(&subject, refusal, facts, form), user_id };
    visitor.page(app, status_of(&page.act.form.errors), &page)
}
