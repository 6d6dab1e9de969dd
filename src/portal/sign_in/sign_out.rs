//! 「ログアウトしてもよろしいですか？」 asks before it ends a session (L10).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Serialize;

use crate::auth::journey::Step;
use crate::portal::places::{AGAIN, TOP};
use crate::web::error::WebError;
use crate::web::form::{Button, Form};
use crate::web::identity::Subscriber;
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(in crate::portal) struct SignOut {}

impl Page for SignOut {
    const TEMPLATE: &'static str = "portal/sign_in/sign_out.html";
}

pub(in crate::portal) async fn show(
    State(app): State<AppState>,
    Subscriber { visitor, .. }: Subscriber,
) -> Result<Response, WebError> {
    visitor.page(&app, StatusCode::OK, &SignOut {})
}

/// Ends the session. A person can also use it to leave a sign-in that is not complete.
pub(in crate::portal) async fn submit(
    State(app): State<AppState>,
    Form { visitor, .. }: Form<Button>,
) -> Result<Response, WebError> {
    visitor.end_session(&app).await?;
    // If the person has to sign in again at once, the sign-in page is more useful than the top page.
    let comes_back = visitor
        .session()
        .is_some_and(|session| session.next_step(&visitor.tenant.config) == Step::SignOut);
    let onward = if comes_back { AGAIN } else { TOP };
    let jar = visitor.jar.without_visit();
    // The next person at this browser must not land on the page that this person had asked for.
    let jar = if comes_back { jar } else { jar.without_next() };
    Ok((jar, Redirect::to(onward)).into_response())
}
