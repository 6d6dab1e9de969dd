//! Where 「パスワードを忘れた方はこちら」 and 「ユーザIDを忘れた方はこちら」 lead (F1): who has which
//! credentials, and whom to ask (seeds 000 A1, 002 A1, 003).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Serialize)]
pub(super) struct ForgottenPage {
    /// `password` or `user_id`
    pub(super) what: &'static str,
    pub(super) formula: bool,
    pub(super) letter: bool,
}

impl Page for ForgottenPage {
    const TEMPLATE: &'static str = "portal/forgotten.html";
}

pub(super) async fn password(
    State(app): State<AppState>,
    visitor: Visitor,
) -> Result<Response, WebError> {
    page(&app, &visitor, "password")
}

pub(super) async fn user_id(
    State(app): State<AppState>,
    visitor: Visitor,
) -> Result<Response, WebError> {
    page(&app, &visitor, "user_id")
}

fn page(app: &App, visitor: &Visitor, what: &'static str) -> Result<Response, WebError> {
    let first = &visitor.tenant.config.first_sign_in;
    let (formula, letter) = (first.formula.is_some(), first.letter.is_some());
    visitor.page(app, StatusCode::OK, &ForgottenPage { what, formula, letter })
}
