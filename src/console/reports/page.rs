//! The page with the numbers, and the file of them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::auth::staff::act::{ExportReports, ReadReports};
use crate::auth::staff::desk::{Desk, Matter};
use crate::base::japanese::{day, minute};
use crate::members::reports::csv::{self, tenths, word};
use crate::members::reports::{self, Line, Report};
use crate::web::download::download;
use crate::web::error::WebError;
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

const CSV: &str = "text/csv; charset=utf-8";

#[derive(Debug, Serialize)]
pub(crate) struct ReportsPage {
    pub(crate) counted_at: String,
    pub(crate) all: ReportLine,
    pub(crate) symbols: Vec<ReportLine>,
    pub(crate) weeks: Vec<WeekLine>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ReportLine {
    pub(crate) name: String,
    pub(crate) members: String,
    pub(crate) registered: String,
    /// 「85.3」, in percent.
    pub(crate) share: Option<String>,
    pub(crate) unregistered: String,
    pub(crate) locked: String,
    pub(crate) undelivered: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct WeekLine {
    /// The first day, or `None` for all weeks before.
    pub(crate) from: Option<String>,
    pub(crate) registered: String,
}

impl Page for ReportsPage {
    const TEMPLATE: &'static str = "console/reports/page.html";
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
) -> Result<Response, WebError> {
    let clerk = visitor.clerk(&app);
    let report = Desk::<ReadReports>::act(clerk, Matter::default(), async |desk| {
        Ok::<_, WebError>(reports::count(desk, &app.clock).await?)
    })
    .await?;
    visitor.page(&app, StatusCode::OK, &page(report, minute(app.clock.now())))
}

pub(super) async fn file(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
) -> Result<Response, WebError> {
    let clerk = visitor.clerk(&app);
    let report = Desk::<ExportReports>::act(clerk, Matter::default(), async |desk| {
        Ok::<_, WebError>(reports::count(desk, &app.clock).await?)
    })
    .await?;
    let today = app.clock.today();
    let (name, plain) = (format!("登録状況_{today}.csv"), format!("registration-{today}.csv"));
    Ok(download(&name, &plain, CSV, csv::write(&report)))
}

fn page(report: Report, counted_at: String) -> ReportsPage {
    let weeks = report.weeks.into_iter();
    ReportsPage {
        counted_at,
        all: line(String::new(), &report.all),
        symbols: report.symbols.into_iter().map(|(name, one)| line(name, &one)).collect(),
        weeks: weeks
            .map(|(from, registered)| WeekLine {
                from: from.map(day),
                registered: word(registered),
            })
            .collect(),
    }
}

fn line(name: String, line: &Line) -> ReportLine {
    ReportLine {
        name,
        members: word(line.members),
        registered: word(line.registered),
        share: line.share().map(tenths),
        unregistered: word(line.unregistered),
        locked: word(line.locked),
        undelivered: word(line.undelivered),
    }
}
