//! 「認証方法を初期化しますか？」: 初期化対応 (R4)

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::frame::{ABOUT_PERSON, ActForm, ActPage, ActRequest, ReasonInput, RiskyWay};
use super::words;
use crate::auth::help_desk::reset::{self, RiskyReset};
use crate::auth::help_desk::{Already, HelpRefusal, caller};
use crate::auth::staff::act::{OpenReplacement, ResetFactors};
use crate::base::realm::Staff;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Form, status_of};
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

const DONE: &str = "認証方法を初期化し、ご本人にメールでお知らせしました。次回のログインで、パスワードとメールのワンタイムパスワードを確認したうえで、登録し直していただきます。";

#[derive(Debug, Default, Serialize)]
pub(super) struct ResetFacts {
    pub(super) apps: i64,
    pub(super) passkeys: i64,
    pub(super) recovery_codes: i64,
    pub(super) sessions: i64,
    /// True if the person sets up a device at the next sign-in, not only codes by mail.
    pub(super) sets_up: bool,
    /// True if this member of staff has checked the caller.
    pub(super) caller_known: bool,
}

impl Page for ActPage<ResetFacts> {
    const TEMPLATE: &'static str = "console/acts/reset.html";
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
    let risky = RiskyWay {
        request: RiskyReset,
        of_colleague: async |desk: &mut _| reset::of_colleague(desk, cx, &code).await,
    };
    request
        .answer_with_risks::<ResetFactors, _>(
            &fields.reason,
            DONE,
            async |desk| reset::reset(desk, cx, &code).await,
            risky,
            async |form| page(request, form).await,
        )
        .await
}

async fn page(request: ActRequest<'_>, form: ActForm) -> Result<Response, WebError> {
    let ActRequest { app, visitor, .. } = request;
    let policy = &visitor.tenant.config;
    let (subject, (closed, caller_known)) = request
        .look::<OpenReplacement, _>("reset", async |desk, subject| {
            let staff = desk.author();
            let closed = caller::closed_until(desk.tx(), &app.clock, &subject.code).await?;
            let checked = caller::passed(desk.tx(), &app.clock, &subject.code, staff).await?;
            Ok((closed.is_some(), checked.is_some()))
        })
        .await?;
    let account = subject.login.as_ref();
    let waits = account.is_some_and(|account| account.factors_reset_at.is_some());
    let refusal = match reset::why_not(&subject, policy) {
        Some(refusal) => Some(words::refusal(&refusal)),
        None if waits => Some(words::already(Already::Reset).to_owned()),
        None if closed => Some(words::refusal(&HelpRefusal::TelephoneClosed)),
        None => None,
    };
    let facts = account.map_or_else(ResetFacts::default, |account| ResetFacts {
        apps: account.apps,
        passkeys: account.passkeys,
        recovery_codes: account.recovery_codes,
        sessions: account.sessions,
        sets_up: account.second_factor.is_some_and(|method| {
            method != SecondFactor::EmailCode && policy.sign_in.second_factors.contains(&method)
        }),
        caller_known,
    });
    let page = ActPage::of(&subject, refusal, facts, form);
    visitor.page(app, status_of(&page.form.errors), &page)
}
