//! 「ログアウトしてもよろしいですか？」 asks before it ends a session.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Serialize;

use super::places::TOP;
use crate::base::realm::Staff;
use crate::web::error::WebError;
use crate::web::form::{Button, Form};
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(super) struct ConsoleSignOut {}

impl Page for ConsoleSignOut {
    const TEMPLATE: &'static str = "console/sign_out.html";
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
) -> Result<Response, WebError> {
    visitor.page(&app, StatusCode::OK, &ConsoleSignOut {})
}

/// Ends the session. A person can also use it to leave a sign-in that is not complete.
pub(super) async fn submit(
    State(app): State<AppState>,
    Form { visitor, .. }: Form<Button, Staff>,
) -> Result<Response, WebError> {
    visitor.end_session(&app).await?;
    Ok((visitor.jar.without_visit(), Redirect::to(TOP)).into_response())
}
