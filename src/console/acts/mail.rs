//! 「このメールを送り直しますか？」

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::frame::{ABOUT_PERSON, ActForm, ActPage, ActRequest, ReasonInput};
use super::words;
use crate::auth::help_desk::mail::{self, ResendWay, ShownMail};
use crate::auth::help_desk::{HelpError, HelpRefusal};
use crate::auth::staff::act::{OpenHelp, ResendMail};
use crate::base::ids::MailId;
use crate::base::japanese::minute;
use crate::base::realm::Staff;
use crate::web::error::WebError;
use crate::web::form::{Form, status_of};
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

const DONE: &str = "メールを送り直しました。";

#[derive(Debug, Default, Serialize)]
pub(super) struct MailFacts {
    pub(super) id: String,
    /// The mail's kind and state, for which the template has words.
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) sent_at: String,
    pub(super) recipient: String,
    /// True if the mail has a link, so that another one is made.
    pub(super) link: bool,
}

impl Page for ActPage<MailFacts> {
    const TEMPLATE: &'static str = "console/acts/mail.html";
    const FRESH: &'static [&'static str] = ABOUT_PERSON;
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path((code, id)): Path<(String, MailId)>,
) -> Result<Response, WebError> {
    page(ActRequest::of(&app, &visitor, &code), id, ActForm::default()).await
}

pub(super) async fn submit(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path((code, id)): Path<(String, MailId)>,
    Form { fields, .. }: Form<ReasonInput, Staff>,
) -> Result<Response, WebError> {
    let cx = app.context(&visitor.tenant);
    let request = ActRequest::of(&app, &visitor, &code);
    request
        .answer::<ResendMail>(
            &fields.reason,
            DONE,
            async |desk| mail::resend(desk, cx, &code, id).await.map(drop),
            async |form| page(request, id, form).await,
        )
        .await
}

async fn page(request: ActRequest<'_>, id: MailId, form: ActForm) -> Result<Response, WebError> {
    let ActRequest { app, visitor, .. } = request;
    let (subject, found) = request
        .look::<OpenHelp, _>("mail", async |desk, subject| {
            let Some(account) = &subject.login else { return Err(HelpError::Unknown) };
            mail::find(desk, account, id).await
        })
        .await?;
    let ShownMail { kind, state, created_at, recipient, way } = found;
    let refusal = way.err().map(|why| words::refusal(&HelpRefusal::Mail(why)));
    let link = matches!(way, Ok(ResendWay::Confirmation | ResendWay::PasswordReset));
    let id = id.to_string();
    let facts = MailFacts { id, kind, state, sent_at: minute(created_at), recipient, link };
    let page = ActPage::of(&subject, refusal, facts, form);
    visitor.page(app, status_of(&page.form.errors), &page)
}
