//! The first page: the work that waits, each kind with its number and its list.

pub(super) mod list;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::places;
use crate::audit::alerts;
use crate::auth::staff::approval::shown::count_waiting;
use crate::auth::staff::right::{Right, Rights};
use crate::base::realm::Staff;
use crate::jobs::failures;
use crate::members::worklist::{self, MOST_COUNTED, PersonalWork};
use crate::tenant::hosts::Door;
use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::page::{Frame, Page};
use crate::web::state::{App, AppState};

#[derive(Debug, Default, Serialize)]
pub(super) struct ConsoleHome {
    /// True if the union is in service.
    pub(super) open: bool,
    /// True if the staff member may look for people.
    pub(super) searches: bool,
    pub(super) work: Vec<WorkLine>,
}

/// A kind of work, with how much of it there is.
#[derive(Debug, Default, Serialize)]
pub(super) struct WorkLine {
    /// The template has the words of each kind.
    pub(super) kind: &'static str,
    pub(super) path: String,
    /// A number, or `99+`.
    pub(super) count: String,
    pub(super) is_empty: bool,
}

impl WorkLine {
    fn new(kind: &'static str, path: String, count: i64) -> Self {
        let text = match count < MOST_COUNTED {
            true => count.to_string(),
            false => format!("{}+", MOST_COUNTED - 1),
        };
        Self { kind, path, count: text, is_empty: count == 0 }
    }
}

impl Page for ConsoleHome {
    const TEMPLATE: &'static str = "console/home/page.html";
}

/// Handles `GET /`. A person who is not signed in sees the same page as anybody, and gets no cookie, since it has no form.
pub(super) async fn show(
    State(app): State<AppState>,
    visitor: Visitor<Staff>,
) -> Result<Response, WebError> {
    let open = visitor.tenant.enabled;
    let Some(session) = visitor.complete_session() else {
        let page = ConsoleHome { open, ..ConsoleHome::default() };
        let frame = Frame::anonymous(visitor.tenant, Door::Console);
        return app.pages.render(&frame, StatusCode::OK, &page);
    };
    let rights = session.person.clone();
    let page = ConsoleHome {
        open,
        searches: rights.allow(Right::SeePeople),
        work: work(&app, &visitor, &rights).await?,
    };
    visitor.page(&app, StatusCode::OK, &page)
}

/// Counts the work that waits for a staff member. Numbers tell of nobody, so they leave no line.
async fn work(
    app: &App,
    visitor: &Visitor<Staff>,
    rights: &Rights,
) -> Result<Vec<WorkLine>, WebError> {
    let (tenant, clock) = (&visitor.tenant, &app.clock);
    let mut tx = visitor.begin(app).await?;
    let mut lines = Vec::new();
    if rights.allow(Right::Approve)
        && let Some(session) = visitor.session()
    {
        let waiting = count_waiting(&mut tx, clock, session.login).await?;
        lines.push(WorkLine::new("approvals", places::APPROVALS.to_owned(), waiting));
    }
    if rights.allow(Right::SeePeople) {
        let counts = worklist::count(&mut tx, clock, &tenant.config).await?;
        for work in PersonalWork::ALL {
            let count = match work {
                PersonalWork::Locked => counts.locked,
                PersonalWork::NotMe => counts.not_me,
                PersonalWork::Undelivered => counts.undelivered,
                PersonalWork::EndingSoon => counts.ending_soon,
            };
            lines.push(WorkLine::new(work.name(), list::address(work.name()), count));
        }
        let failed = failures::lately(&mut tx, clock, &list::IMPORTS).await?.len();
        let failed = i64::try_from(failed).unwrap_or(MOST_COUNTED);
        lines.push(WorkLine::new(
            list::FAILED_IMPORTS,
            list::address(list::FAILED_IMPORTS),
            failed,
        ));
    }
    if rights.allow(Right::ReadTrail) {
        let unseen = alerts::count_unseen(&mut tx, MOST_COUNTED).await?;
        lines.push(WorkLine::new("alerts", places::TRAIL_ALERTS.to_owned(), unseen));
    }
    tx.commit().await?;
    Ok(lines)
}
