//! 「すべての端末からログアウトさせますか？」

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::frame::{ABOUT_PERSON, ActForm, ActPage, ActRequest, ReasonInput};
use super::words;
use crate::auth::help_desk::{Already, HelpRefusal, sessions};
use crate::auth::staff::act::{EndSessions, OpenHelp};
use crate::base::realm::Staff;
use crate::web::error::WebError;
use crate::web::form::{Form, status_of};
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

const DONE: &str = "すべての端末からログアウトさせました。";

#[derive(Debug, Default, Serialize)]
pub(super) struct SessionsFacts {
    pub(super) sessions: i64,
}

impl Page for ActPage<SessionsFacts> {
    const TEMPLATE: &'static str = "console/acts/sessions.html";
    const FRESH: &'static [&'static str] = ABOUT_PERSON;
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
) -> Result<Response, WebError> {
    page(ActRequest::of(&app, &visitor, &code), ActForm::default()).await
}

pub(super) async fn submit(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
    Form { fields, .. }: Form<ReasonInput, Staff>,
) -> Result<Response, WebError> {
    let cx = app.context(&visitor.tenant);
    let request = ActRequest::of(&app, &visitor, &code);
    request
        .answer::<EndSessions>(
            &fields.reason,
            DONE,
            async |desk| sessions::end(desk, cx, &code).await.map(drop),
            async |form| page(request, form).await,
        )
        .await
}

async fn page(request: ActRequest<'_>, form: ActForm) -> Result<Response, WebError> {
    let ActRequest { app, visitor, .. } = request;
    let seen = request.look::<OpenHelp, _>("sessions", async |_, _| Ok(()));
    let (subject, ()) = seen.await?;
    let sessions = subject.login.as_ref().map_or(0, |account| account.sessions);
    let refusal = match &subject.login {
        None => Some(words::refusal(&HelpRefusal::NoAccount)),
        Some(_) if sessions == 0 => Some(words::already(Already::SignedOut).to_owned()),
        Some(_) => None,
    };
    let page = ActPage::of(&subject, refusal, SessionsFacts { sessions }, form);
    visitor.page(app, status_of(&page.form.errors), &page)
}
