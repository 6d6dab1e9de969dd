//! The answer to everybody who asks for a forgotten credential.

use axum::http::StatusCode;
use axum::response::Response;

use crate::account::at_door::SignInForm;
use crate::portal::places::SIGN_IN;
use crate::portal::sign_in::SignInPage;
use crate::web::error::WebError;
use crate::web::form::Field;
use crate::web::identity::Visitor;
use crate::web::state::App;

/// Shows the sign-in page with what to do next.
pub(super) fn answer(
    app: &App,
    visitor: &Visitor,
    notice: String,
    user_id: &str,
) -> Result<Response, WebError> {
    let form = SignInForm { user_id: Field::with_value(user_id), ..SignInForm::default() };
    let notice = visitor.tenant.config.say(&notice);
    let page = SignInPage::of(app, visitor, Some(&notice), form)?;
    visitor.page_at(app, SIGN_IN, StatusCode::OK, &page)
}
