//! 「操作履歴」 shows who did what to whose data, a page after another.

use axum::extract::{Query, State};
use axum::response::Response;
use serde::Serialize;

use super::filters::Filters;
use super::query::{Mistakes, TrailQuery, Unknown, Wanted};
use super::{lines, query};
use crate::audit::exports;
use crate::auth::staff;
use crate::auth::staff::act::ReadTrail;
use crate::auth::staff::desk::{Desk, Matter};
use crate::base::clock::Clock;
use crate::base::ids::LoginId;
use crate::base::japanese::minute;
use crate::base::realm::Staff;
use crate::console::places::{TRAIL, TRAIL_FILE};
use crate::web::error::WebError;
use crate::web::form::status_of;
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;
use crate::web::trail::TrailLineView;
use crate::web::trail::place::place;

const PAGE: usize = 50;
/// One more line tells if there are more.
const READ: i64 = 51;

#[derive(Debug, Serialize)]
pub(in crate::console) struct TrailPage {
    pub(super) filters: Filters,
    /// `None` if the filters have mistakes.
    pub(super) lines: Option<Vec<TrailLineView>>,
    /// The page of the newest lines, if this is another.
    pub(super) newest: Option<String>,
    /// The next page, of older lines.
    pub(super) older: Option<String>,
    /// The same lines as a file.
    pub(super) file: String,
    pub(super) months: u32,
    /// The files that the person may take away since another one has let them.
    pub(super) exports: Vec<ExportLine>,
}

#[derive(Debug, Serialize)]
pub(super) struct ExportLine {
    pub(super) id: String,
    pub(super) expires_at: String,
}

impl Page for TrailPage {
    const TEMPLATE: &'static str = "console/trail/list.html";
}

impl From<Unknown> for WebError {
    fn from(_: Unknown) -> Self {
        Self::NotFound
    }
}

/// The content of an opened page.
struct Shown {
    lines: Vec<TrailLineView>,
    /// The place after which the next page goes on.
    last: Option<String>,
    exports: Vec<ExportLine>,
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Query(asked): Query<TrailQuery>,
) -> Result<Response, WebError> {
    let read = asked.read(app.clock.today())?;
    let member = read.as_ref().ok().and_then(|wanted| wanted.member.clone());
    let matter = Matter { member, ..Matter::default() };
    let page = Desk::<ReadTrail>::act(visitor.clerk(&app), matter, async |desk| {
        let staff = staff::names(desk.tx()).await?;
        let wanted = match read {
            Ok(wanted) => wanted,
            Err(mistakes) => return Ok::<_, WebError>(TrailPage::wrong(&asked, mistakes, &staff)),
        };
        let shown = shown(desk, &app.clock, &wanted).await?;
        desk.note(shown.lines.len(), asked.detail());
        Ok(TrailPage::of(&asked, shown, &staff))
    })
    .await?;
    visitor.page_once_as(&app, status_of(&page.filters.errors), &page)
}

async fn shown(
    desk: &mut Desk<ReadTrail>,
    clock: &Clock,
    wanted: &Wanted,
) -> Result<Shown, sqlx::Error> {
    let filter = lines::filter(desk.tx(), wanted).await?;
    let mut found = lines::read(desk.tx(), &filter, wanted.before, READ).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let last = found.last().filter(|_| more).map(|line| place(line.key()));
    let lines = lines::views(desk.tx(), &found).await?;
    let reader = desk.author();
    let exports = exports::waiting(desk.tx(), clock, reader).await?;
    let exports = exports.into_iter().map(|export| ExportLine {
        id: export.id.to_string(),
        expires_at: minute(export.expires_at),
    });
    Ok(Shown { lines, last, exports: exports.collect() })
}

impl TrailPage {
    fn of(asked: &TrailQuery, shown: Shown, staff: &[(LoginId<Staff>, String)]) -> Self {
        let address = |page: &str, query: String| match query.as_str() {
            "" => page.to_owned(),
            query => format!("{page}?{query}"),
        };
        Self {
            filters: Filters::of(asked, Mistakes::default(), staff),
            lines: Some(shown.lines),
            newest: (!asked.before.is_empty()).then(|| address(TRAIL, asked.with(&[]))),
            older: shown.last.map(|last| address(TRAIL, asked.with(&[("before", &last)]))),
            file: address(TRAIL_FILE, asked.with(&[])),
            months: query::SHOWN_MONTHS,
            exports: shown.exports,
        }
    }

    fn wrong(asked: &TrailQuery, mistakes: Mistakes, staff: &[(LoginId<Staff>, String)]) -> Self {
        Self {
            filters: Filters::of(asked, mistakes, staff),
            lines: None,
            newest: None,
            older: None,
            file: TRAIL_FILE.to_owned(),
            months: query::SHOWN_MONTHS,
            exports: Vec::new(),
        }
    }
}
