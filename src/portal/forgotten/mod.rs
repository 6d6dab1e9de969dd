//! 「パスワードを忘れた方はこちら」 and 「ユーザIDを忘れた方はこちら」 (R1, R2).

mod answer;
pub(super) mod password;
pub(super) mod reset;
pub(super) mod user_id;

use axum::routing::get;

use crate::portal::places;
use crate::web::routes::{Access, Routes};

pub(super) fn routes() -> Routes {
    Routes::default()
        .route(
            places::FORGOTTEN_PASSWORD,
            Access::Anybody,
            get(password::show).post(password::submit),
        )
        .route(places::FORGOTTEN_USER_ID, Access::Anybody, get(user_id::show).post(user_id::submit))
        .route(places::RESET_PASSWORD, Access::Anybody, get(reset::show).post(reset::submit))
}
