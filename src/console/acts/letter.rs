//! 「仮ユーザID・仮パスワードを再発行しますか？」 and 「はがきが戻ってきたことを記録しますか？」 (T9)

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::frame::{ABOUT_PERSON, ActForm, ActPage, ActRequest, ReasonInput, RiskyWay};
use super::words;
use crate::auth::help_desk::letter::{self, OrderedLetter, RiskyLetter};
use crate::auth::help_desk::{Already, HelpRefusal, caller};
use crate::auth::staff::act::{NoteReturnedLetter, OpenHelp, OpenReplacement, OrderLetter};
use crate::base::japanese::minute;
use crate::base::realm::Staff;
use crate::web::error::WebError;
use crate::web::form::{Form, status_of};
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

const ORDERED: &str = "仮ユーザID・仮パスワードの再発行を受け付けました。以前のものは使えなくなりました。状態は「作成待ち」です。";
const RETURNED: &str =
    "はがきが戻ってきたことを記録しました。その仮パスワードは使えなくなりました。";

#[derive(Debug, Default, Serialize)]
pub(super) struct LetterFacts {
    /// When the present letter was issued.
    pub(super) issued: Option<String>,
    /// 作成待ち
    pub(super) to_be_made: bool,
    /// 印刷待ち, since then.
    pub(super) to_be_printed: Option<String>,
    pub(super) has_account: bool,
    pub(super) caller_known: bool,
}

impl Page for ActPage<LetterFacts> {
    const TEMPLATE: &'static str = "console/acts/letter.html";
    const FRESH: &'static [&'static str] = ABOUT_PERSON;
}

/// The letter that came back.
#[derive(Debug, Default, Serialize)]
pub(super) struct ReturnedFacts {
    pub(super) issued: Option<String>,
}

impl Page for ActPage<ReturnedFacts> {
    const TEMPLATE: &'static str = "console/acts/letter_returned.html";
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
        request: RiskyLetter,
        of_colleague: async |desk: &mut _| letter::of_colleague(desk, cx, &code).await,
    };
    request
        .answer_with_risks::<OrderLetter, _>(
            &fields.reason,
            ORDERED,
            async |desk| letter::order(desk, cx, &code).await,
            risky,
            async |form| page(request, form).await,
        )
        .await
}

async fn page(request: ActRequest<'_>, form: ActForm) -> Result<Response, WebError> {
    let ActRequest { app, visitor, .. } = request;
    let (subject, (ordered, closed, caller_known)) = request
        .look::<OpenReplacement, _>("letter", async |desk, subject| {
            let staff = desk.author();
            let ordered = letter::ordered(desk.tx(), &subject.code).await?;
            let closed = caller::closed_until(desk.tx(), &app.clock, &subject.code).await?;
            let checked = caller::passed(desk.tx(), &app.clock, &subject.code, staff).await?;
            Ok((ordered, closed.is_some(), checked.is_some()))
        })
        .await?;
    let refusal = match letter::why_not(&subject, &visitor.tenant.config) {
        Some(refusal) => Some(words::refusal(&refusal)),
        None if ordered.is_some() => Some(words::already(Already::LetterWaits).to_owned()),
        None if closed => Some(words::refusal(&HelpRefusal::TelephoneClosed)),
        None => None,
    };
    let account = subject.login.as_ref();
    let facts = LetterFacts {
        issued: account.and_then(|account| account.letter_at).map(minute),
        to_be_made: ordered == Some(OrderedLetter::ToBeMade),
        to_be_printed: match ordered {
            Some(OrderedLetter::ToBePrinted(at)) => Some(minute(at)),
            _ => None,
        },
        has_account: account.is_some(),
        caller_known,
    };
    let refusal = refusal.map(|words| visitor.tenant.config.say(&words));
    let page = ActPage::of(&subject, refusal, facts, form);
    visitor.page(app, status_of(&page.form.errors), &page)
}

pub(super) async fn show_returned(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
) -> Result<Response, WebError> {
    returned_page(ActRequest::of(&app, &visitor, &code), ActForm::default()).await
}

pub(super) async fn submit_returned(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
    Form { fields, .. }: Form<ReasonInput, Staff>,
) -> Result<Response, WebError> {
    let cx = app.context(&visitor.tenant);
    let request = ActRequest::of(&app, &visitor, &code);
    request
        .answer::<NoteReturnedLetter>(
            &fields.reason,
            RETURNED,
            async |desk| letter::note_returned(desk, cx, &code).await,
            async |form| returned_page(request, form).await,
        )
        .await
}

async fn returned_page(request: ActRequest<'_>, form: ActForm) -> Result<Response, WebError> {
    let ActRequest { app, visitor, .. } = request;
    let look = async |_: &mut _, _: &_| Ok(());
    let seen = request.look::<OpenHelp, _>("letter-returned", look);
    let (subject, ()) = seen.await?;
    let account = subject.login.as_ref();
    let refusal = match account {
        None => Some(words::refusal(&HelpRefusal::NoAccount)),
        Some(account) if account.registered_at.is_some() => {
            Some(words::refusal(&HelpRefusal::Registered))
        }
        Some(account) if account.letter_at.is_none() => {
            Some(words::refusal(&HelpRefusal::NoLetter))
        }
        Some(account) if !account.letter_lives => {
            Some(words::already(Already::LetterDead).to_owned())
        }
        Some(_) => None,
    };
    let facts = ReturnedFacts { issued: account.and_then(|account| account.letter_at).map(minute) };
    let page = ActPage::of(&subject, refusal, facts, form);
    visitor.page(app, status_of(&page.form.errors), &page)
}
