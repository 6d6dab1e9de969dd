//! 「続行するには再度認証してください」 (S4): password, then the code or a recovery code; or a passkey alone.

mod due;
pub(super) mod email_code;
pub(super) mod passkey;
pub(super) mod password;
pub(super) mod recovery_code;
pub(super) mod totp;

use axum::routing::get;

use crate::portal::places;
use crate::web::routes::{Access, Routes};

pub(super) fn routes() -> Routes {
    Routes::default()
        .route(
            places::AGAIN_PASSWORD,
            Access::Subscriber,
            get(password::show).post(password::submit),
        )
        .route(
            places::AGAIN_EMAIL_CODE,
            Access::Subscriber,
            get(email_code::show).post(email_code::submit),
        )
        .route(
            places::AGAIN_EMAIL_CODE_RESEND,
            Access::Subscriber,
            get(email_code::show).post(email_code::resend),
        )
        .route(places::AGAIN_TOTP, Access::Subscriber, get(totp::show).post(totp::submit))
        .route(places::AGAIN_PASSKEY, Access::Subscriber, get(passkey::show).post(passkey::submit))
        .route(
            places::AGAIN_RECOVERY_CODE,
            Access::Subscriber,
            get(recovery_code::show).post(recovery_code::submit),
        )
}
