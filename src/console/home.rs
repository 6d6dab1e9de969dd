//! The first page. It says which union's console it is, and who is signed in.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::base::realm::Staff;
use crate::tenant::hosts::Door;
use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::page::{Frame, Page};
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(super) struct ConsoleHome {
    /// True if the union is in service.
    pub(super) open: bool,
}

impl Page for ConsoleHome {
    const TEMPLATE: &'static str = "console/home.html";
}

/// Handles `GET /`. A person who is not signed in sees the same page as anybody, and gets no cookie, since it has no form.
pub(super) async fn show(
    State(app): State<AppState>,
    visitor: Visitor<Staff>,
) -> Result<Response, WebError> {
    let page = ConsoleHome { open: visitor.tenant.enabled };
    match visitor.complete_session() {
        Some(_) => visitor.page(&app, StatusCode::OK, &page),
        None => app.pages.render(
            &Frame::anonymous(visitor.tenant, Door::Console),
            StatusCode::OK,
            &page,
        ),
    }
}
