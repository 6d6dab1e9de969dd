//! 「ロックを解除しますか？」 (L2)

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::frame::{ABOUT_PERSON, ActForm, ActPage, ActRequest, ReasonInput};
use super::words;
use crate::auth::help_desk::{Already, HelpRefusal, unlock};
use crate::auth::staff::act::{OpenHelp, Unlock};
use crate::base::japanese::minute;
use crate::base::realm::Staff;
use crate::web::error::WebError;
use crate::web::form::{Form, status_of};
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

const DONE: &str = "ロックを解除しました。ご本人はもう一度ログインできます。";

#[derive(Debug, Default, Serialize)]
pub(super) struct UnlockFacts {
    /// When the password was locked, and the second factor.
    pub(super) password: Option<String>,
    pub(super) second_factor: Option<String>,
    /// From how many addresses the wrong passwords came.
    pub(super) places: i64,
    pub(super) held: bool,
    pub(super) sessions: i64,
}

impl Page for ActPage<UnlockFacts> {
    const TEMPLATE: &'static str = "console/acts/unlock.html";
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
        .answer::<Unlock>(
            &fields.reason,
            DONE,
            async |desk| unlock::unlock(desk, cx, &code).await,
            async |form| page(request, form).await,
        )
        .await
}

async fn page(request: ActRequest<'_>, form: ActForm) -> Result<Response, WebError> {
    let ActRequest { app, visitor, .. } = request;
    let (subject, facts) = request
        .look::<OpenHelp, _>("unlock", async |desk, subject| {
            let Some(account) = &subject.login else { return Ok(UnlockFacts::default()) };
            let places = match account.password_locked_at {
                Some(at) => unlock::places(desk, account, at).await?,
                None => 0,
            };
            Ok(UnlockFacts {
                password: account.password_locked_at.map(minute),
                second_factor: account.second_factor_locked_at.map(minute),
                places,
                held: account.held_at.is_some(),
                sessions: account.sessions,
            })
        })
        .await?;
    let refusal = match &subject.login {
        None => Some(words::refusal(&HelpRefusal::NoAccount)),
        Some(account) if !account.is_locked() && !account.wrong_tries => {
            Some(words::already(Already::Unlocked).to_owned())
        }
        Some(_) => None,
    };
    let page = ActPage::of(&subject, refusal, facts, form);
    visitor.page(app, status_of(&page.form.errors), &page)
}
