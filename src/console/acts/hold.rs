//! 「アカウントの利用を止めますか？」 and 「利用の停止を解除しますか？」

use std::ops::ControlFlow;

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::frame::{self, ABOUT_PERSON, ActForm, ActPage, ReasonInput};
use super::words;
use crate::auth::help_desk::subject::HelpSubject;
use crate::auth::help_desk::{Already, HelpError, HelpRefusal, hold};
use crate::auth::staff::act::{Hold, OpenHelp, Release};
use crate::auth::staff::reason::Reason;
use crate::base::japanese::minute;
use crate::base::realm::Staff;
use crate::web::error::WebError;
use crate::web::form::{Form, status_of};
use crate::web::identity::{SignedInStaff, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

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
    page(&app, &visitor, &code, false, ActForm::default()).await
}

pub(super) async fn show_release(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
) -> Result<Response, WebError> {
    page(&app, &visitor, &code, true, ActForm::default()).await
}

pub(super) async fn submit(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
    Form { fields, .. }: Form<ReasonInput, Staff>,
) -> Result<Response, WebError> {
    let reason = match frame::read_reason(&fields.reason) {
        Ok(reason) => reason,
        Err(form) => return page(&app, &visitor, &code, false, form).await,
    };
    let cx = app.context(&visitor.tenant);
    let done = frame::act::<Hold, _>(&app, &visitor, &code, Some(&reason), async |desk| {
        hold::hold(desk, cx, &code).await
    });
    let done = done.await;
    conclude(&app, &visitor, &code, done, &reason, false).await
}

pub(super) async fn submit_release(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
    Form { fields, .. }: Form<ReasonInput, Staff>,
) -> Result<Response, WebError> {
    let reason = match frame::read_reason(&fields.reason) {
        Ok(reason) => reason,
        Err(form) => return page(&app, &visitor, &code, true, form).await,
    };
    let cx = app.context(&visitor.tenant);
    let done = frame::act::<Release, _>(&app, &visitor, &code, Some(&reason), async |desk| {
        hold::release(desk, cx, &code).await
    });
    let done = done.await;
    conclude(&app, &visitor, &code, done, &reason, true).await
}

async fn conclude(
    app: &App,
    visitor: &Visitor<Staff>,
    code: &str,
    done: Result<(), HelpError>,
    reason: &Reason,
    releases: bool,
) -> Result<Response, WebError> {
    let said = if releases { RELEASED } else { HELD };
    match frame::conclude(app, visitor, code, done, said)? {
        ControlFlow::Break(answer) => Ok(answer),
        ControlFlow::Continue(refusal) => {
            let form = ActForm::failed(reason, words::refusal(&refusal));
            page(app, visitor, code, releases, form).await
        }
    }
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
    app: &App,
    visitor: &Visitor<Staff>,
    code: &str,
    releases: bool,
    form: ActForm,
) -> Result<Response, WebError> {
    let act = if releases { "release" } else { "hold" };
    let seen = frame::look::<OpenHelp, _>(app, visitor, code, act, async |_, _| Ok(()));
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
