//! 「パスワードを忘れた方はこちら」 and 「ユーザIDを忘れた方はこちら」 (R1, R2).

pub(super) mod password;
pub(super) mod reset;
pub(super) mod user_id;

use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::sign_in::{SIGN_IN, SignInForm, SignInPage};
use crate::web::error::WebError;
use crate::web::form::Field;
use crate::web::identity::Visitor;
use crate::web::routes::{Access, Routes};
use crate::web::state::App;

/// Whoever asks for more mails than anybody needs.
pub(super) const TOO_MANY: &str =
    "メールの送信が続いたため、しばらく時間をおいてから、もう一度お試しください。";

pub(super) fn routes() -> Routes {
    Routes::default()
        .route("/forgotten-password", Access::Anybody, get(password::show).post(password::submit))
        .route("/forgotten-user-id", Access::Anybody, get(user_id::show).post(user_id::submit))
        .route("/reset-password", Access::Anybody, get(reset::show).post(reset::submit))
}

/// Everybody's answer: the sign-in page with what to do next.
fn answer(
    app: &App,
    visitor: &Visitor,
    notice: String,
    user_id: &str,
) -> Result<Response, WebError> {
    let form = SignInForm { user_id: Field::with_value(user_id), ..SignInForm::default() };
    let page = SignInPage {
        notice: Some(visitor.tenant.config.say(&notice)),
        form,
        ..SignInPage::of(app, visitor)?
    };
    visitor.page_at(app, SIGN_IN, StatusCode::OK, &page)
}
