//! The parts that the pages of all acts have: who it is about, why it can't be done, the reason.

use std::ops::ControlFlow;

use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::words;
use crate::audit::Target;
use crate::auth::help_desk::subject::{self, HelpSubject};
use crate::auth::help_desk::{HelpError, HelpRefusal, Risky};
use crate::auth::staff::act::{Act, OpenReplacement};
use crate::auth::staff::approval::kind::FourEyes;
use crate::auth::staff::approval::{self, ApprovalError};
use crate::auth::staff::desk::{Denial, Desk, DeskError, Matter};
use crate::auth::staff::reason::Reason;
use crate::base::email::masked;
use crate::base::japanese::day_in_both_calendars;
use crate::base::realm::Staff;
use crate::console::people::identity::number;
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
        let email = subject.login.as_ref().and_then(|login| login.email.as_deref());
        Self {
            path: places::person(&subject.code),
            code: subject.code.clone(),
            name: subject.name.clone(),
            kana: subject.kana.clone(),
            number: number(&subject.symbol, &subject.number, &subject.branch),
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

/// A request about an act on the person with a code.
#[derive(Clone, Copy)]
pub(super) struct ActRequest<'r> {
    pub(super) app: &'r App,
    pub(super) visitor: &'r Visitor<Staff>,
    pub(super) code: &'r str,
}

impl<'r> ActRequest<'r> {
    pub(super) const fn of(app: &'r App, visitor: &'r Visitor<Staff>, code: &'r str) -> Self {
        Self { app, visitor, code }
    }

    /// Opens the page of an act, which is a look at the person, and reads what it shows.
    pub(super) async fn look<A: Act, T>(
        self,
        act: &'static str,
        more: impl AsyncFnOnce(&mut Desk<A>, &HelpSubject) -> Result<T, HelpError>,
    ) -> Result<(HelpSubject, T), WebError> {
        let mut matter = self.matter(None).await?;
        matter.target = Some(Target { kind: "act", id: act.to_owned(), label: None });
        let seen = Desk::<A>::act(self.visitor.clerk(self.app), matter, async |desk| {
            let subject = subject::find(desk, self.code).await?;
            let more = more(desk, &subject).await?;
            Ok::<_, HelpError>((subject, more))
        });
        seen.await.map_err(failure)
    }

    /// Does an act at the desk.
    pub(super) async fn act<A: Act, T>(
        self,
        reason: Option<&Reason>,
        work: impl AsyncFnOnce(&mut Desk<A>) -> Result<T, HelpError>,
    ) -> Result<T, HelpError> {
        let matter = self.matter(reason).await?;
        Desk::<A>::act(self.visitor.clerk(self.app), matter, work).await
    }

    /// Answers the form of an act that takes nothing but a reason: does the act and leads to the person's page with
    /// `said`, or shows the act's page again.
    pub(super) async fn answer<A: Act>(
        self,
        reason: &str,
        said: &str,
        work: impl AsyncFnOnce(&mut Desk<A>) -> Result<(), HelpError>,
        page: impl AsyncFnOnce(ActForm) -> Result<Response, WebError>,
    ) -> Result<Response, WebError> {
        let reason = match read_reason(reason) {
            Ok(reason) => reason,
            Err(form) => return page(form).await,
        };
        let done = self.act(Some(&reason), work).await;
        match self.conclude(done, said)? {
            ControlFlow::Break(answer) => Ok(answer),
            ControlFlow::Continue(refusal) => {
                page(ActForm::failed(&reason, words::refusal(&refusal))).await
            }
        }
    }

    /// Does what [`ActRequest::answer`] does for an act that may be risky, and asks for a second pair of eyes if it is.
    /// The desk lets nobody act on a colleague alone, so such an act is asked for at once.
    pub(super) async fn answer_with_risks<A: Act, K: FourEyes>(
        self,
        reason: &str,
        said: &str,
        work: impl AsyncFnOnce(&mut Desk<A>) -> Result<(), HelpError>,
        risky: RiskyWay<
            K,
            impl AsyncFnOnce(&mut Desk<OpenReplacement>) -> Result<Risky, HelpError>,
        >,
        page: impl AsyncFnOnce(ActForm) -> Result<Response, WebError>,
    ) -> Result<Response, WebError> {
        let reason = match read_reason(reason) {
            Ok(reason) => reason,
            Err(form) => return page(form).await,
        };
        let done = match self.act(Some(&reason), work).await {
            Err(HelpError::Desk(DeskError::Denied(Denial::Colleague))) => {
                let found = self.act(None, risky.of_colleague).await;
                found.and_then(|risky| Err(HelpRefusal::Risky(Box::new(risky)).into()))
            }
            done => done,
        };
        let form = match self.conclude(done, said)? {
            ControlFlow::Break(answer) => return Ok(answer),
            ControlFlow::Continue(HelpRefusal::Risky(found)) => {
                match self.ask(*found, risky.request, &reason).await? {
                    Ok(said) => return self.lead(&said),
                    Err(form) => form,
                }
            }
            ControlFlow::Continue(refusal) => ActForm::failed(&reason, words::refusal(&refusal)),
        };
        page(form).await
    }

    /// Ends an act: leads to the person's page with what was said, or gives back why it could not be done.
    pub(super) fn conclude(
        self,
        done: Result<(), HelpError>,
        said: &str,
    ) -> Result<ControlFlow<Response, HelpRefusal>, WebError> {
        let said = match done {
            Ok(()) => said,
            Err(HelpError::Done(already)) => words::already(already),
            Err(HelpError::Refused(refusal)) => return Ok(ControlFlow::Continue(refusal)),
            Err(error) => return Err(failure(error)),
        };
        self.lead(said).map(ControlFlow::Break)
    }

    async fn matter(self, reason: Option<&Reason>) -> Result<Matter, sqlx::Error> {
        let mut tx = self.visitor.begin(self.app).await?;
        let reason = reason.map(|reason| reason.as_str().to_owned());
        let matter = subject::matter(&mut tx, self.code, reason).await?;
        tx.commit().await?;
        Ok(matter)
    }

    /// Leads to the person's page, which says something once.
    fn lead(self, said: &str) -> Result<Response, WebError> {
        let Self { app, visitor, code } = self;
        let said = visitor.tenant.config.say(said);
        visitor.say(app, visitor.jar.clone(), &places::person(code), &said)
    }

    /// Stores the request. Returns what is said of it, or the form that says why there is none.
    async fn ask<K: FourEyes>(
        self,
        risky: Risky,
        request: fn(Risky) -> K,
        reason: &Reason,
    ) -> Result<Result<String, ActForm>, WebError> {
        let Self { app, visitor, .. } = self;
        let (risks, act) = (words::risks(&risky.risks), request(risky));
        let cx = app.context(&visitor.tenant);
        match approval::request::request(visitor.clerk(app), cx, &act, reason).await {
            Ok(_) => Ok(Ok(format!(
                "{risks}まだ何も変更していません。承認を申請しました。承認されると実行されます。"
            ))),
            Err(ApprovalError::NoApprover) => Ok(Err(ActForm::failed(reason, NOBODY.to_owned()))),
            Err(error) => Err(error.into()),
        }
    }
}

/// The way of an act that needs a second pair of eyes.
pub(super) struct RiskyWay<K, C> {
    /// Makes the request for it.
    pub(super) request: fn(Risky) -> K,
    /// Reads what an act on a colleague needs.
    pub(super) of_colleague: C,
}

/// Returns the error of a page for an act that has no answer of its own.
pub(super) fn failure(error: HelpError) -> WebError {
    match error {
        // The act's own page tells of an act that was done already, or refused.
        HelpError::Unknown | HelpError::Done(_) | HelpError::Refused(_) => WebError::NotFound,
        HelpError::Desk(error) => error.into(),
        HelpError::Sending(error) => error.into(),
    }
}
