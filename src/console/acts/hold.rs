//! 「アカウントの利用を止めますか？」 and 「利用の停止を解除しますか？」

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::frame::{ABOUT_PERSON, ActForm, ActPage, ActRequest, ReasonInput};
use super::words;
use crate::auth::help_desk::subject::HelpSubject;
use crate::auth::help_desk::{Already, HelpRefusal, hold};
use crate::auth::staff::act::{Hold, OpenHelp, Release};
use crate::base::japanese::minute;
use crate::base::realm::Staff;
use crate::web::error::WebError;
use crate::web::form::{Form, status_of};
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

const HELD: &str = "アカウントの利用を止めました。解除するまで、だれもログインできません。";
const RELEASED: &str = "利用の停止を解除しました。ご本人は、これまでと同じ方法でログインできます。";

#[derive(Debug, Default, Serialize)]
pub(super) struct HoldFacts {
    /// True for the page that releases.
    pub(super) releases: bool,
    pub(super) held_at: Option<String>,
    /// True if the person had it held by 「心当たりがない」.
    pub(super) by_person: bool,
    pub(super) locked: bool,
    pub(super) sessions: i64,
}

impl Page for ActPage<HoldFacts> {
    const TEMPLATE: &'static str = "console/acts/hold.html";
    const FRESH: &'static [&'static str] = ABOUT_PERSON;
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
) -> Result<Response, WebError> {
    page(ActRequest::of(&app, &visitor, &code), false, ActForm::default()).await
}

pub(super) async fn show_release(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
) -> Result<Response, WebError> {
    page(ActRequest::of(&app, &visitor, &code), true, ActForm::default()).await
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
        .answer::<Hold>(
            &fields.reason,
            HELD,
            async |desk| hold::hold(desk, cx, &code).await,
            async |form| page(request, false, form).await,
        )
        .await
}

pub(super) async fn submit_release(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
    Form { fields, .. }: Form<ReasonInput, Staff>,
) -> Result<Response, WebError> {
    let cx = app.context(&visitor.tenant);
    let request = ActRequest::of(&app, &visitor, &code);
    request
        .answer::<Release>(
            &fields.reason,
            RELEASED,
            async |desk| hold::release(desk, cx, &code).await,
            async |form| page(request, true, form).await,
        )
        .await
}

fn refusal(subject: &HelpSubject, releases: bool) -> Option<String> {
    let Some(account) = &subject.login else {
        return Some(words::refusal(&HelpRefusal::NoAccount));
    };
    match (account.held_at.is_some(), releases) {
        (true, false) => Some(words::already(Already::Held).to_owned()),
        (false, true) => Some(words::already(Already::Open).to_owned()),
        _ => None,
    }
}

async fn page(
    request: ActRequest<'_>,
    releases: bool,
    form: ActForm,
) -> Result<Response, WebError> {
    let ActRequest { app, visitor, .. } = request;
    let act = if releases { "release" } else { "hold" };
    let seen = request.look::<OpenHelp, _>(act, async |_, _| Ok(()));
    let (subject, ()) = seen.await?;
    let account = subject.login.as_ref();
    let facts = HoldFacts {
        releases,
        held_at: account.and_then(|account| account.held_at).map(minute),
        by_person: account.is_some_and(|account| account.held_by_person),
        locked: account.is_some_and(|account| account.is_locked()),
        sessions: account.map_or(0, |account| account.sessions),
    };
    let page = ActPage::of(&subject, refusal(&subject, releases), facts, form);
    visitor.page(app, status_of(&page.form.errors), &page)
}
