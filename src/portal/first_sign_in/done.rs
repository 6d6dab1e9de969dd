//! 「初回ログインが完了しました」: second factors are set up at the next sign-in (F10, seed 003
//! 1【10】【11】).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Serialize;

use crate::auth::journey::{Progress, Step};
use crate::portal::places::ONWARD;
use crate::web::error::WebError;
use crate::web::identity::{SigningIn, Visitor};
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(in crate::portal) struct DonePage {
    pub(in crate::portal) progress: Option<Progress>,
}

impl Page for DonePage {
    const TEMPLATE: &'static str = "portal/first_sign_in/done.html";
}

/// 「もう一度ログインしてください」, after 「ログアウトする」.
#[derive(Debug, Serialize)]
pub(in crate::portal) struct AgainPage {}

impl Page for AgainPage {
    const TEMPLATE: &'static str = "portal/first_sign_in/again.html";
}

pub(super) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    let signing_in = signing_in.at(Step::SignOut)?;
    let page = DonePage { progress: signing_in.progress() };
    signing_in.visitor.page(&app, StatusCode::OK, &page)
}

pub(super) async fn again(
    State(app): State<AppState>,
    visitor: Visitor,
) -> Result<Response, WebError> {
    if visitor.session().is_some() {
        return Ok(Redirect::to(ONWARD).into_response());
    }
    visitor.page(&app, StatusCode::OK, &AgainPage {})
}
