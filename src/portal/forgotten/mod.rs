//! 「パスワードを忘れた方はこちら」 and 「ユーザIDを忘れた方はこちら」 (R1, R2).

mod answer;
pub(super) mod password;
pub(super) mod reset;
pub(super) mod user_id;

use axum::Router;
use axum::routing::get;

use crate::portal::places;
use crate::web::state::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(places::FORGOTTEN_PASSWORD, get(password::show).post(password::submit))
        .route(places::FORGOTTEN_USER_ID, get(user_id::show).post(user_id::submit))
        .route(places::RESET_PASSWORD, get(reset::show).post(reset::submit))
}
