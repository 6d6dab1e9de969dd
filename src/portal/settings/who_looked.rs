//! 「職員による閲覧」 tells a person what the union's staff did with their data: the role and the day, not the name.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use chrono::{DateTime, Months};
use serde::{Deserialize, Serialize};

use crate::audit::find::{PersonFilter, acts_of_staff_on};
use crate::audit::recorded;
use crate::portal::places::WHO_LOOKED;
use crate::web::error::WebError;
use crate::web::identity::Subscriber;
use crate::web::page::Page;
use crate::web::routes::{Access, Routes};
use crate::web::state::AppState;
use crate::web::trail::TrailLineView;
use crate::web::trail::place::{place, read_place};

/// Lines of so many months are shown, as at the console.
const SHOWN_MONTHS: u32 = 13;
const PAGE: usize = 30;
/// One more line tells if there are more.
const READ: i64 = 31;

pub(in crate::portal) fn routes() -> Routes {
    Routes::default().route(WHO_LOOKED, Access::Subscriber, get(show))
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct WhoLookedPage {
    pub(in crate::portal) lines: Vec<TrailLineView>,
    /// True if this is not the page of the newest lines.
    pub(in crate::portal) later: bool,
    /// The next page, of older lines.
    pub(in crate::portal) older: Option<String>,
    pub(in crate::portal) months: u32,
}

impl Page for WhoLookedPage {
    const TEMPLATE: &'static str = "portal/settings/who_looked.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct WhoLookedQuery {
    /// The last line of the page before.
    before: Option<String>,
}

async fn show(
    State(app): State<AppState>,
    Subscriber { visitor, session, .. }: Subscriber,
    Query(asked): Query<WhoLookedQuery>,
) -> Result<Response, WebError> {
    let before = match &asked.before {
        Some(text) => Some(read_place(text).ok_or(WebError::NotFound)?),
        None => None,
    };
    let since = app.clock.now().checked_sub_months(Months::new(SHOWN_MONTHS));
    let since = since.unwrap_or(DateTime::UNIX_EPOCH);
    let person =
        PersonFilter { member: session.person.member_code.clone(), login: Some(session.login.0) };
    let mut tx = visitor.begin(&app).await?;
    let mut keys = acts_of_staff_on(&mut tx, &person, since, before, READ).await?;
    let more = keys.len() > PAGE;
    keys.truncate(PAGE);
    let lines = recorded::lines(&mut tx, &keys).await?;
    tx.commit().await?;
    let last = keys.last().filter(|_| more).map(|key| place(*key));
    let page = WhoLookedPage {
        lines: lines.iter().map(TrailLineView::for_the_person).collect(),
        later: before.is_some(),
        older: last.map(|last| format!("{WHO_LOOKED}?before={last}")),
        months: SHOWN_MONTHS,
    };
    visitor.page(&app, StatusCode::OK, &page)
}
