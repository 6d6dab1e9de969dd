//! The list of one kind of work.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::auth::staff::act::ListWork;
use crate::auth::staff::desk::{Desk, Matter};
use crate::base::japanese::minute;
use crate::console::people::identity::number;
use crate::console::places;
use crate::jobs::failures;
use crate::members::worklist::{self, ListPlace, PersonalWork, WorkItem};
use crate::web::error::WebError;
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

/// The jobs that bring in files.
pub(super) const IMPORTS: [&str; 2] = ["members.import", "expenses.import"];
pub(in crate::console) const FAILED_IMPORTS: &str = "failed-imports";

/// Returns the address of a list.
pub(super) fn address(kind: &str) -> String {
    places::WORK.replace("{kind}", kind)
}

#[derive(Debug, Default, Serialize)]
pub(in crate::console) struct WorkPage {
    /// The template has the words of each kind.
    pub(in crate::console) kind: &'static str,
    pub(in crate::console) people: Vec<WorkPerson>,
    pub(in crate::console) failures: Vec<Failure>,
    /// The address of the next page.
    pub(in crate::console) next: Option<String>,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::console) struct WorkPerson {
    pub(in crate::console) path: String,
    pub(in crate::console) name: String,
    pub(in crate::console) kana: String,
    pub(in crate::console) number: String,
    pub(in crate::console) since: String,
}

/// A file that could not be taken in.
#[derive(Debug, Default, Serialize)]
pub(in crate::console) struct Failure {
    pub(in crate::console) kind: String,
    pub(in crate::console) at: String,
}

impl Page for WorkPage {
    const TEMPLATE: &'static str = "console/home/list.html";
}

#[derive(Debug, Deserialize)]
pub(in crate::console) struct AfterQuery {
    after: Option<String>,
}

/// Handles `GET /work/{kind}`. A list with names is a line of the trail.
pub(in crate::console) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(kind): Path<String>,
    Query(AfterQuery { after }): Query<AfterQuery>,
) -> Result<Response, WebError> {
    let (clock, policy) = (&app.clock, &visitor.tenant.config);
    let page = Desk::<ListWork>::act(visitor.clerk(&app), Matter::default(), async |desk| {
        if kind == FAILED_IMPORTS {
            let failed = failures::lately(desk.tx(), clock, &IMPORTS).await?;
            let failures = failed
                .into_iter()
                .map(|job| Failure { kind: job.kind, at: minute(job.at) })
                .collect();
            return Ok(WorkPage { kind: FAILED_IMPORTS, failures, ..WorkPage::default() });
        }
        let work = PersonalWork::parse(&kind).ok_or(WebError::NotFound)?;
        let after = match after.as_deref() {
            Some(text) => Some(place(text).ok_or(WebError::NotFound)?),
            None => None,
        };
        let (people, next) = worklist::list(desk.tx(), clock, policy, work, after).await?;
        desk.note(people.len(), json!({ "list": work.name() }));
        let next = next.map(|place| format!("{}?after={}", address(work.name()), text(place)));
        let people = people.into_iter().map(WorkPerson::of).collect();
        Ok::<_, WebError>(WorkPage { kind: work.name(), people, next, ..WorkPage::default() })
    })
    .await?;
    visitor.page(&app, StatusCode::OK, &page)
}

impl WorkPerson {
    fn of(item: WorkItem) -> Self {
        Self {
            path: places::person(&item.code),
            number: number(&item.symbol, &item.number, &item.branch),
            name: item.name,
            kana: item.kana,
            since: minute(item.since),
        }
    }
}

/// Writes a place of a list into an address.
fn text(place: ListPlace) -> String {
    format!("{}.{}", place.since.timestamp_micros(), place.login)
}

fn place(text: &str) -> Option<ListPlace> {
    let (since, login) = text.split_once('.')?;
    let since = DateTime::from_timestamp_micros(since.parse().ok()?)?;
    Some(ListPlace { since, login: Uuid::parse_str(login).ok()? })
}
