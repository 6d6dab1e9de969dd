//! The trail as a file. A few lines anybody may take away who may read them; more need a second pair of eyes.

mod file;
mod kind;
mod reading;
mod sentence;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

pub(in crate::console) use self::kind::ExportLines;
use self::reading::{MOST_WITH_APPROVAL, count, read};
use super::query::{TrailQuery, oldest};
use crate::audit::exports;
use crate::auth::staff::act::{ExportTrail, ReadTrail};
use crate::auth::staff::approval::ApprovalError;
use crate::auth::staff::approval::request::request;
use crate::auth::staff::desk::{Desk, Matter};
use crate::auth::staff::reason::Reason;
use crate::base::ids::{ApprovalId, ExportId};
use crate::base::japanese::parse_date;
use crate::base::realm::Staff;
use crate::console::places::{APPROVALS, TRAIL, TRAIL_EXPORT};
use crate::web::download::download;
use crate::web::error::WebError;
use crate::web::form::{Button, Field, Form, FormError, status_of, summary};
use crate::web::identity::{SignedInStaff, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};
use crate::web::trail::TrailLineView;

/// One person may take away so many lines at once.
const MOST_ALONE: i64 = 100;
const CSV: &str = "text/csv; charset=utf-8";
const REQUESTED: &str =
    "書き出しを申請しました。承認されると、操作履歴の画面から24時間以内に1回ダウンロードできます。";
const NO_APPROVER: &str =
    "承認できる職員がほかにいないため、申請できません。組合の管理者にご相談ください。";

/// The reason why lines are not taken away.
enum NotTaken {
    /// They are too many for one person.
    TooMany,
    /// It isn't the person's to take, or not any more.
    Gone,
    Web(WebError),
}

impl<E: Into<WebError>> From<E> for NotTaken {
    fn from(error: E) -> Self {
        Self::Web(error.into())
    }
}

#[derive(Debug, Serialize)]
pub(in crate::console) struct ExportPage {
    pub(in crate::console::trail) errors: Vec<FormError>,
    /// The address's filters, with both days.
    pub(in crate::console::trail) query: String,
    pub(in crate::console::trail) back: String,
    pub(in crate::console::trail) from: String,
    pub(in crate::console::trail) to: String,
    pub(in crate::console::trail) lines: i64,
    pub(in crate::console::trail) alone: i64,
    pub(in crate::console::trail) most: i64,
    pub(in crate::console::trail) reason: Field,
}

impl Page for ExportPage {
    const TEMPLATE: &'static str = "console/trail/export.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct ExportInput {
    #[serde(default)]
    reason: String,
}

/// Answers with the file. Writing thousands of sentences would hold up other requests.
async fn send(app: &App, lines: Vec<TrailLineView>) -> Result<Response, WebError> {
    let templates = app.pages.templates();
    let bytes = tokio::task::spawn_blocking(move || file::write(&templates, &lines)).await??;
    let day = app.clock.today().format("%Y%m%d");
    let (name, plain) = (format!("操作履歴_{day}.csv"), format!("trail-{day}.csv"));
    Ok(download(&name, &plain, CSV, bytes))
}

fn with_query(page: &str, query: &str) -> String {
    if query.is_empty() { page.to_owned() } else { format!("{page}?{query}") }
}

/// Handles `GET /trail.csv`.
pub(super) async fn few(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Query(asked): Query<TrailQuery>,
) -> Result<Response, WebError> {
    let Ok(wanted) = asked.read(app.clock.today())? else {
        return Ok(Redirect::to(&with_query(TRAIL, &asked.with(&[]))).into_response());
    };
    let matter = Matter { member: wanted.member.clone(), ..Matter::default() };
    let taken = Desk::<ExportTrail>::act(visitor.clerk(&app), matter, async |desk| {
        let lines = read(desk.tx(), &wanted, MOST_ALONE).await?;
        if i64::try_from(lines.len()).is_ok_and(|rows| rows > MOST_ALONE) {
            return Err(NotTaken::TooMany);
        }
        desk.note(lines.len(), asked.detail());
        Ok(lines)
    });
    match taken.await {
        Ok(lines) => send(&app, lines).await,
        Err(NotTaken::TooMany) => {
            Ok(Redirect::to(&with_query(TRAIL_EXPORT, &asked.with(&[]))).into_response())
        }
        Err(NotTaken::Gone) => Err(WebError::NotFound),
        Err(NotTaken::Web(error)) => Err(error),
    }
}

/// Returns the filters with both days. The last day is over, so that no line is added while the request waits.
fn settled(asked: &TrailQuery, today: NaiveDate) -> TrailQuery {
    let yesterday = today.pred_opt().unwrap_or(today);
    // Tomorrow the first of them will be too old to be shown.
    let first = oldest(today) + Days::new(1);
    let day = |text: &str, usual: NaiveDate| match text.trim() {
        "" => usual.to_string(),
        text => parse_date(text).map_or(text.to_owned(), |d| d.to_string()),
    };
    let to = parse_date(asked.to.trim()).unwrap_or(yesterday);
    TrailQuery {
        from: day(&asked.from, first),
        to: to.min(yesterday).to_string(),
        before: String::new(),
        ..asked.clone()
    }
}

/// Handles `GET /trail/export`: asks why the lines are wanted.
pub(super) async fn ask(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Query(asked): Query<TrailQuery>,
) -> Result<Response, WebError> {
    page(&app, &visitor, &settled(&asked, app.clock.today()), Field::default()).await
}

async fn page(
    app: &App,
    visitor: &Visitor<Staff>,
    asked: &TrailQuery,
    reason: Field,
) -> Result<Response, WebError> {
    let Ok(wanted) = asked.read(app.clock.today())? else {
        return Ok(Redirect::to(&with_query(TRAIL, &asked.with(&[]))).into_response());
    };
    // It takes the right to the lines to learn how many they are.
    let matter = Matter { member: wanted.member.clone(), ..Matter::default() };
    let counted = Desk::<ReadTrail>::act(visitor.clerk(app), matter, async |desk| {
        let lines = count(desk.tx(), &wanted, MOST_WITH_APPROVAL).await?;
        desk.note(0, asked.detail());
        Ok::<_, WebError>(lines)
    });
    let lines = counted.await?;
    let query = asked.with(&[]);
    let page = ExportPage {
        errors: summary(&[("reason", &reason)]),
        back: with_query(TRAIL, &query),
        query,
        from: asked.from.clone(),
        to: asked.to.clone(),
        lines,
        alone: MOST_ALONE,
        most: MOST_WITH_APPROVAL,
        reason,
    };
    visitor.page(app, status_of(&page.errors), &page)
}

/// Handles `POST /trail/export`: asks a second staff member.
pub(super) async fn ask_for(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Query(asked): Query<TrailQuery>,
    Form { fields, .. }: Form<ExportInput, Staff>,
) -> Result<Response, WebError> {
    let asked = settled(&asked, app.clock.today());
    let reason = match Reason::parse(&fields.reason) {
        Ok(reason) => reason,
        Err(none) => {
            let field = Field::with_value(&fields.reason).with_error(none.message());
            return page(&app, &visitor, &asked, field).await;
        }
    };
    let Ok(wanted) = asked.read(app.clock.today())? else { return Err(WebError::NotFound) };
    let mut tx = visitor.begin(&app).await?;
    let lines = count(&mut tx, &wanted, MOST_WITH_APPROVAL).await?;
    tx.commit().await?;
    if lines > MOST_WITH_APPROVAL {
        return page(&app, &visitor, &asked, Field::with_value(&fields.reason)).await;
    }
    let act = ExportLines { query: asked.clone() };
    match request(visitor.clerk(&app), app.context(&visitor.tenant), &act, &reason).await {
        Ok(ApprovalId(_)) => visitor.say(&app, visitor.jar.clone(), APPROVALS, REQUESTED),
        Err(ApprovalError::NoApprover) => {
            let field = Field::with_value(&fields.reason).with_error(NO_APPROVER);
            page(&app, &visitor, &asked, field).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Handles `POST /trail/exports/{id}`: takes the lines away, once.
pub(super) async fn many(
    State(app): State<AppState>,
    SignedInStaff { visitor, session, .. }: SignedInStaff,
    Path(id): Path<ExportId>,
    Form { .. }: Form<Button, Staff>,
) -> Result<Response, WebError> {
    let clerk = visitor.clerk(&app);
    let taken = Desk::<ExportTrail>::act(clerk, Matter::default(), async |desk| {
        let taken = exports::take(desk.tx(), &app.clock, id, session.login).await?;
        let taken = taken.ok_or(NotTaken::Gone)?;
        let asked: TrailQuery = serde_json::from_value(taken.filters).map_err(WebError::Answer)?;
        let wanted = asked.read(app.clock.today())?.map_err(|_| NotTaken::Gone)?;
        let lines = read(desk.tx(), &wanted, MOST_WITH_APPROVAL).await?;
        desk.note(lines.len(), asked.detail());
        desk.note_approval(taken.approval);
        Ok(lines)
    });
    match taken.await {
        Ok(lines) => send(&app, lines).await,
        Err(NotTaken::TooMany | NotTaken::Gone) => Err(WebError::NotFound),
        Err(NotTaken::Web(error)) => Err(error),
    }
}
