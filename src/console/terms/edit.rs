//! Writing a draft. A new one begins with the text in force.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::draft::read;
use crate::account::places::with;
use crate::auth::staff::act::{DraftTerms, ViewTerms};
use crate::auth::staff::desk::{Desk, DeskError, Matter};
use crate::auth::staff::right::Right;
use crate::auth::staff::union::terms::draft::{self, DraftText, LONGEST, NoDraftText};
use crate::base::ids::TermsDraftId;
use crate::base::japanese::parse_date;
use crate::base::realm::Staff;
use crate::console::approvals::told::{CHANGED, of_form};
use crate::console::places::{TERMS_DRAFT, TERMS_LIST};
use crate::tenant::terms;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary};
use crate::web::identity::{SignedInStaff, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const DELETED: &str = "下書きを削除しました。";
const DELETE: &str = "delete";
const NO_DAY: &str = "施行日を「2027-04-01」のように入力してください。";
const PAST: &str = "施行日は、明日以後の日にしてください。";

#[derive(Debug, Default, Serialize)]
pub(crate) struct TermsEditPage {
    /// `None` for a new draft.
    pub(crate) id: Option<String>,
    pub(crate) seen: String,
    pub(crate) effective_on: Field,
    pub(crate) body: Field,
    pub(crate) errors: Vec<FormError>,
}

impl Page for TermsEditPage {
    const TEMPLATE: &'static str = "console/terms/edit.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct DraftInput {
    #[serde(default)]
    what: String,
    #[serde(default)]
    seen: String,
    #[serde(default)]
    effective_on: String,
    #[serde(default)]
    body: String,
}

pub(super) async fn show_new(
    State(app): State<AppState>,
    person: SignedInStaff,
) -> Result<Response, WebError> {
    may_draft(&person)?;
    let clerk = person.visitor.clerk(&app);
    let body = Desk::<ViewTerms>::act(clerk, Matter::default(), async |desk| {
        let terms = terms::load_of(desk.tx()).await?;
        Ok::<_, WebError>(terms.in_force(app.clock.now()).body.clone())
    })
    .await?;
    let page = TermsEditPage { body: Field::with_value(&body), ..TermsEditPage::default() };
    person.visitor.page_once(&app, &page)
}

pub(super) async fn show(
    State(app): State<AppState>,
    person: SignedInStaff,
    Path(id): Path<TermsDraftId>,
) -> Result<Response, WebError> {
    may_draft(&person)?;
    let clerk = person.visitor.clerk(&app);
    let draft = Desk::<ViewTerms>::act(clerk, Matter::default(), async |desk| {
        Ok::<_, WebError>(draft::find(desk.tx(), id).await?)
    })
    .await?;
    let Some(draft) = draft else { return Err(WebError::NotFound) };
    let page = TermsEditPage {
        id: Some(id.to_string()),
        seen: draft.written_at.timestamp_micros().to_string(),
        effective_on: Field::with_value(&draft.effective_on.to_string()),
        body: Field::with_value(&draft.body),
        errors: Vec::new(),
    };
    person.visitor.page_once(&app, &page)
}

/// The form is for those who may send it. The act that sends it asks again.
fn may_draft(person: &SignedInStaff) -> Result<(), WebError> {
    match person.session.person.allow(Right::Draft) {
        true => Ok(()),
        false => Err(WebError::Refused),
    }
}

pub(super) async fn begin(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Form { fields: input, .. }: Form<DraftInput, Staff>,
) -> Result<Response, WebError> {
    let (typed, page) = input.read(&app, None);
    let Some((day, text)) = typed else {
        Desk::<DraftTerms>::ask(visitor.clerk(&app), &Matter::default()).await?;
        return answer(&app, &visitor, &page);
    };
    let begun = Desk::<DraftTerms>::act(visitor.clerk(&app), Matter::default(), async |desk| {
        Ok::<_, WebError>(draft::begin(desk, &app.clock, day, &text).await?)
    })
    .await?;
    Ok((visitor.jar.clone(), Redirect::to(&with(TERMS_DRAFT, begun))).into_response())
}

pub(super) async fn change(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(id): Path<TermsDraftId>,
    Form { fields: input, .. }: Form<DraftInput, Staff>,
) -> Result<Response, WebError> {
    let clerk = visitor.clerk(&app);
    if input.what == DELETE {
        Desk::<DraftTerms>::act(clerk, Matter::default(), async |desk| {
            match draft::delete(desk, id).await? {
                true => Ok(()),
                false => Err(WebError::NotFound),
            }
        })
        .await?;
        return visitor.say(&app, visitor.jar.clone(), TERMS_LIST, DELETED);
    }
    let (typed, mut page) = input.read(&app, Some(id));
    let Some((day, text)) = typed else {
        Desk::<DraftTerms>::ask(clerk, &Matter::default()).await?;
        return answer(&app, &visitor, &page);
    };
    let seen = read(&input.seen).unwrap_or_default();
    let done = Desk::<DraftTerms>::act(clerk, Matter::default(), async |desk| {
        if draft::change(desk, &app.clock, id, seen, day, &text).await? {
            return Ok(());
        }
        let is_there = draft::find(desk.tx(), id).await?.is_some();
        Err(if is_there { Unchanged::Overtaken } else { Unchanged::Failed(WebError::NotFound) })
    })
    .await;
    match done {
        Ok(()) => Ok((visitor.jar.clone(), Redirect::to(&with(TERMS_DRAFT, id))).into_response()),
        Err(Unchanged::Overtaken) => {
            page.errors = of_form(CHANGED);
            answer(&app, &visitor, &page)
        }
        Err(Unchanged::Failed(error)) => Err(error),
    }
}

/// The reason why a draft was not changed.
enum Unchanged {
    Overtaken,
    Failed(WebError),
}

impl From<DeskError> for Unchanged {
    fn from(error: DeskError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<sqlx::Error> for Unchanged {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl DraftInput {
    /// Reads the fields. The page shows them again with their mistakes.
    fn read(
        &self,
        app: &App,
        id: Option<TermsDraftId>,
    ) -> (Option<(NaiveDate, DraftText)>, TermsEditPage) {
        let mut page = TermsEditPage {
            id: id.map(|id| id.to_string()),
            seen: self.seen.clone(),
            effective_on: Field::with_value(&self.effective_on),
            body: Field::with_value(&self.body),
            errors: Vec::new(),
        };
        let day = parse_date(self.effective_on.trim());
        page.effective_on.error = match day {
            None => Some(NO_DAY.to_owned()),
            Some(day) if day <= app.clock.today() => Some(PAST.to_owned()),
            Some(_) => None,
        };
        let text = DraftText::parse(&self.body);
        page.body.error = text.as_ref().err().map(|none| match none {
            NoDraftText::Missing => "本文を入力してください。".to_owned(),
            NoDraftText::TooLong => format!("本文は{LONGEST}文字以内で入力してください。"),
            NoDraftText::Unshowable => "本文に使えない文字が含まれています。".to_owned(),
        });
        page.errors = summary(&[("effective_on", &page.effective_on), ("body", &page.body)]);
        let typed = day.zip(text.ok()).filter(|_| page.errors.is_empty());
        (typed, page)
    }
}

/// Answers at once, since a text is too long to be kept in a cookie.
fn answer(app: &App, visitor: &Visitor<Staff>, page: &TermsEditPage) -> Result<Response, WebError> {
    visitor.page_once_as(app, status_of(&page.errors), page)
}
