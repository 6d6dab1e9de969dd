//! The first page. It only says which union's console it is.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::tenant::directory::Tenant;
use crate::web::error::WebError;
use crate::web::page::{Frame, Page};
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
struct ConsoleHome {
    /// True if the union is in service.
    open: bool,
}

impl Page for ConsoleHome {
    const TEMPLATE: &'static str = "console/home.html";
}

/// Handles `GET /`. It reads no session and sets no cookie.
pub(super) async fn show(
    State(app): State<AppState>,
    Extension(tenant): Extension<Arc<Tenant>>,
) -> Result<Response, WebError> {
    let open = tenant.enabled;
    app.pages.render(&Frame::anonymous(tenant), StatusCode::OK, &ConsoleHome { open })
}
