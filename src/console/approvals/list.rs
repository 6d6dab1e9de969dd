//! 「承認」 lists requests, those that wait first.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::kinds::kinds;
use super::words::word;
use crate::auth::staff::approval::ApprovalState;
use crate::auth::staff::approval::shown::{self, ListedRequest};
use crate::base::japanese::minute;
use crate::web::error::WebError;
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(super) struct ApprovalsPage {
    pub(super) waiting: Vec<RequestLine>,
    pub(super) over: Vec<RequestLine>,
}

#[derive(Debug, Serialize)]
pub(super) struct RequestLine {
    pub(super) id: String,
    pub(super) title: &'static str,
    pub(super) requested_by: String,
    pub(super) requested_at: String,
    pub(super) expires_at: String,
    pub(super) state: &'static str,
    pub(super) decided_by: Option<String>,
    pub(super) decided_at: Option<String>,
    pub(super) own: bool,
}

impl Page for ApprovalsPage {
    const TEMPLATE: &'static str = "console/approvals/list.html";
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, session, .. }: SignedInStaff,
) -> Result<Response, WebError> {
    let mut tx = visitor.begin(&app).await?;
    let listed = shown::list(&mut tx, &app.clock, &kinds(), session.login).await?;
    tx.commit().await?;
    let (waiting, over) = listed.into_iter().partition::<Vec<_>, _>(waits);
    let lines = |listed: Vec<ListedRequest>| listed.into_iter().map(line).collect();
    let page = ApprovalsPage { waiting: lines(waiting), over: lines(over) };
    visitor.page(&app, StatusCode::OK, &page)
}

fn waits(listed: &ListedRequest) -> bool {
    listed.state == ApprovalState::Waiting
}

fn line(listed: ListedRequest) -> RequestLine {
    RequestLine {
        id: listed.id.to_string(),
        title: listed.title,
        requested_by: listed.requested_by,
        requested_at: minute(listed.requested_at),
        expires_at: minute(listed.expires_at),
        state: word(listed.state),
        decided_by: listed.decided_by,
        decided_at: listed.decided_at.map(minute),
        own: listed.own,
    }
}
