//! The parts that the pages of all acts have: who it is about, why it can't be done, the reason.

use std::ops::ControlFlow;

use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::words;
use crate::audit::Target;
use crate::auth::help_desk::letter::RiskyLetter;
use crate::auth::help_desk::reset::RiskyReset;
use crate::auth::help_desk::subject::{self, HelpSubject};
use crate::auth::help_desk::{HelpError, HelpRefusal, Risk, Risky};
use crate::auth::staff::act::Act;
use crate::auth::staff::approval::kind::FourEyes;
use crate::auth::staff::approval::{ApprovalError, request};
use crate::auth::staff::desk::{Clerk, Desk};
use crate::auth::staff::reason::Reason;
use crate::base::email::masked;
use crate::base::japanese::day_in_both_calendars;
use crate::base::realm::Staff;
use crate::console::places;
use crate::web::error::WebError;
use crate::web::form::{Field, FormError};
use crate::web::identity::Visitor;
use crate::web::state::App;

const NOBODY: &str =
    "上長承認が必要ですが、承認できるほかの職員がいません。組合の管理者にご相談ください。";

/// The fields that stand in no cookie, since they tell of a person.
pub(super) const ABOUT_PERSON: &[&str] = &["subject", "refusal", "facts"];

/// The person, as the strip at the top of the page names them.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct SubjectView {
    /// The person's own page.
    pub(super) path: String,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) kana: String,
    /// 記号-番号-枝番
    pub(super) number: String,
    pub(super) birthdate: String,
    /// The address that gets a mail of the act, masked; `None` if there is none.
    pub(super) address: Option<String>,
}

impl SubjectView {
    pub(super) fn of(subject: &HelpSubject) -> Self {
        let parts = [&subject.symbol, &subject.number, &subject.branch];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let email = subject.login.as_ref().and_then(|login| login.email.as_deref());
        Self {
            path: places::person(&subject.code),
            code: subject.code.clone(),
            name: subject.name.clone(),
            kana: subject.kana.clone(),
            number: parts.map(String::as_str).collect::<Vec<_>>().join("-"),
            birthdate: day_in_both_calendars(subject.birthdate),
            address: email.map(masked),
        }
    }
}

/// A page of an act: `facts` are what it shows of the person's account.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ActPage<F> {
    pub(super) subject: SubjectView,
    /// Why the act can't be done for the person now; then there is no form.
    pub(super) refusal: Option<String>,
    pub(super) facts: F,
    #[serde(flatten)]
    pub(super) form: ActForm,
}

impl<F> ActPage<F> {
    pub(super) fn of(
        subject: &HelpSubject,
        refusal: Option<String>,
        facts: F,
        form: ActForm,
    ) -> Self {
        Self { subject: SubjectView::of(subject), refusal, facts, form }
    }
}

/// The form of an act: its reason, and what went wrong.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct ActForm {
    pub(super) errors: Vec<FormError>,
    pub(super) reason: Field,
}

impl ActForm {
    /// Returns the form of an act that could not be done, with the reason that was typed.
    pub(super) fn failed(reason: &Reason, message: String) -> Self {
        Self {
            errors: vec![FormError { field: None, message }],
            reason: Field::with_value(reason.as_str()),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ReasonInput {
    #[serde(default)]
    pub(super) reason: String,
}

/// Reads a reason.
///
/// # Errors
/// The form that says what is wrong with it.
pub(super) fn read_reason(text: &str) -> Result<Reason, ActForm> {
    Reason::parse(text).map_err(|none| {
        let message = none.message();
        ActForm {
            errors: vec![FormError { field: Some("reason"), message: message.to_owned() }],
            reason: Field::with_value(text).with_error(message),
        }
    })
}

fn clerk<'c>(app: &'c App, visitor: &'c Visitor<Staff>) -> Clerk<'c> {
    Clerk { db: &app.db, clock: &app.clock, tenant: visitor.tenant.id, actor: &visitor.actor }
}

/// Opens the page of an act, which is a look at the person, and reads what it shows.
pub(super) async fn look<A: Act, T>(
    app: &App,
    visitor: &Visitor<Staff>,
    code: &str,
    act: &'static str,
    more: impl AsyncFnOnce(&mut Desk<A>, &HelpSubject) -> Result<T, HelpError>,
) -> Result<(HelpSubject, T), WebError> {
    let mut tx = visitor.begin(app).await?;
    let mut matter = subject::matter(&mut tx, code, None).await?;
    tx.commit().await?;
    matter.target = Some(Target { kind: "act", id: act.to_owned(), label: None });
    let seen = Desk::<A>::act(clerk(app, visitor), matter, async |desk| {
        let subject = subject::find(desk, code).await?;
        let more = more(desk, &subject).await?;
        Ok::<_, HelpError>((subject, more))
    });
    seen.await.map_err(failure)
}

/// Does an act at the desk.
pub(super) async fn act<A: Act, T>(
    app: &App,
    visitor: &Visitor<Staff>,
    code: &str,
    reason: Option<&Reason>,
    work: impl AsyncFnOnce(&mut Desk<A>) -> Result<T, HelpError>,
) -> Result<T, HelpError> {
    let mut tx = visitor.begin(app).await?;
    let reason = reason.map(|reason| reason.as_str().to_owned());
    let matter = subject::matter(&mut tx, code, reason).await?;
    tx.commit().await?;
    Desk::<A>::act(clerk(app, visitor), matter, work).await
}

/// Ends an act: leads to the person's page with what was said, or gives back why it could not be done.
pub(super) fn conclude(
    app: &App,
    visitor: &Visitor<Staff>,
    code: &str,
    done: Result<(), HelpError>,
    said: &str,
) -> Result<ControlFlow<Response, HelpRefusal>, WebError> {
    let said = match done {
        Ok(()) => said,
        Err(HelpError::Done(already)) => words::already(already),
        Err(HelpError::Refused(refusal)) => return Ok(ControlFlow::Continue(refusal)),
        Err(error) => return Err(failure(error)),
    };
    lead(app, visitor, code, said).map(ControlFlow::Break)
}

/// Leads to the person's page, which says something once.
pub(super) fn lead(
    app: &App,
    visitor: &Visitor<Staff>,
    code: &str,
    said: &str,
) -> Result<Response, WebError> {
    let said = visitor.tenant.config.say(said);
    visitor.say(app, visitor.jar.clone(), &places::person(code), &said)
}

/// Returns the error of a page for an act that has no answer of its own.
pub(super) fn failure(error: HelpError) -> WebError {
    match error {
        // What is done already, or refused, is told on the act's own page.
        HelpError::Unknown | HelpError::Done(_) | HelpError::Refused(_) => WebError::NotFound,
        HelpError::Desk(error) => error.into(),
        HelpError::Sending(error) => error.into(),
    }
}

/// An act that has reasons for a second pair of eyes.
pub(super) trait HasRisks: FourEyes {
    fn risks(&self) -> &[Risk];
}

impl HasRisks for RiskyReset {
    fn risks(&self) -> &[Risk] {
        let Self(Risky { risks, .. }) = self;
        risks
    }
}

impl HasRisks for RiskyLetter {
    fn risks(&self) -> &[Risk] {
        let Self(Risky { risks, .. }) = self;
        risks
    }
}

/// Stores the request. Returns what is said of it, or the form that says why there is none.
pub(super) async fn ask<K: HasRisks>(
    app: &App,
    visitor: &Visitor<Staff>,
    act: &K,
    reason: &Reason,
) -> Result<Result<String, ActForm>, WebError> {
    match request::request(clerk(app, visitor), app.context(&visitor.tenant), act, reason).await {
        Ok(_) => {
            let risks = words::risks(act.risks());
            Ok(Ok(format!(
                "{risks}まだ何も変更していません。承認を申請しました。承認されると実行されます。"
            )))
        }
        Err(ApprovalError::NoApprover) => Ok(Err(ActForm::failed(reason, NOBODY.to_owned()))),
        Err(error) => Err(error.into()),
    }
}
