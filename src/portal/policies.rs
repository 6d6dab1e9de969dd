//! 「注意事項・免責事項・セキュリティポリシー等」 (seed 004 ⑤): the terms in force, for anybody to read.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::terms::TermsText;
use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(super) struct PoliciesPage {
    pub(super) terms: TermsText,
}

impl Page for PoliciesPage {
    const TEMPLATE: &'static str = "portal/policies.html";
}

pub(super) async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
) -> Result<Response, WebError> {
    let terms = TermsText::of(&app.prose, visitor.tenant.terms.in_force(app.clock.now()));
    visitor.page(&app, StatusCode::OK, &PoliciesPage { terms })
}
