//! Second factors: choosing a method, setting one up, and proving one.

pub(super) mod method;
pub(super) mod prove;
pub(super) mod set_up;

use axum::routing::get;

use self::prove::{email_code, passkey, recovery_code, totp};
use crate::portal::places;
use crate::web::identity::{Fresh, SigningIn, Subscriber};
use crate::web::routes::{Access, Routes};

/// Returns the routes of all three occasions: a sign-in, a re-authentication, the settings.
pub(super) fn routes() -> Routes {
    Routes::default().merge(at_sign_in()).merge(in_reauthentication()).merge(among_settings())
}

fn at_sign_in() -> Routes {
    Routes::default()
        .route(places::METHOD, Access::SigningIn, get(method::show).post(method::submit))
        // The handler of the form asks for the session's token itself, which anybody may lack.
        .route(
            places::EMAIL_CODE,
            (Access::SigningIn, Access::Anybody),
            get(email_code::show::<SigningIn>).post(email_code::submit),
        )
        .route(
            places::EMAIL_CODE_RESEND,
            Access::SigningIn,
            get(email_code::show::<SigningIn>).post(email_code::resend::<SigningIn>),
        )
        .route(
            places::TOTP,
            Access::SigningIn,
            get(totp::show::<SigningIn>).post(totp::submit::<SigningIn>),
        )
        .route(
            places::PASSKEY,
            Access::SigningIn,
            get(passkey::show::<SigningIn>).post(passkey::submit::<SigningIn>),
        )
        .route(
            places::RECOVERY_CODE,
            Access::SigningIn,
            get(recovery_code::show::<SigningIn>).post(recovery_code::submit::<SigningIn>),
        )
        .route(
            places::TOTP_SET_UP,
            Access::SigningIn,
            get(set_up::totp::show::<SigningIn>).post(set_up::totp::submit::<SigningIn>),
        )
        .route(places::TOTP_QR, Access::SigningIn, get(set_up::totp::qr::<SigningIn>))
        .route(
            places::PASSKEY_SET_UP,
            Access::SigningIn,
            get(set_up::passkey::show::<SigningIn>).post(set_up::passkey::submit::<SigningIn>),
        )
}

fn in_reauthentication() -> Routes {
    Routes::default()
        .route(
            places::AGAIN_EMAIL_CODE,
            Access::Subscriber,
            get(email_code::show::<Subscriber>).post(email_code::submit_again),
        )
        .route(
            places::AGAIN_EMAIL_CODE_RESEND,
            Access::Subscriber,
            get(email_code::show::<Subscriber>).post(email_code::resend::<Subscriber>),
        )
        .route(
            places::AGAIN_TOTP,
            Access::Subscriber,
            get(totp::show::<Subscriber>).post(totp::submit::<Subscriber>),
        )
        .route(
            places::AGAIN_PASSKEY,
            Access::Subscriber,
            get(passkey::show::<Subscriber>).post(passkey::submit::<Subscriber>),
        )
        .route(
            places::AGAIN_RECOVERY_CODE,
            Access::Subscriber,
            get(recovery_code::show::<Subscriber>).post(recovery_code::submit::<Subscriber>),
        )
}

fn among_settings() -> Routes {
    Routes::default()
        .route(
            places::METHODS_TOTP,
            Access::Fresh,
            get(set_up::totp::show::<Fresh<Subscriber>>)
                .post(set_up::totp::submit::<Fresh<Subscriber>>),
        )
        .route(places::METHODS_TOTP_QR, Access::Fresh, get(set_up::totp::qr::<Fresh<Subscriber>>))
        .route(
            places::METHODS_PASSKEYS,
            Access::Fresh,
            get(set_up::passkey::show::<Fresh<Subscriber>>)
                .post(set_up::passkey::submit::<Fresh<Subscriber>>),
        )
        .route(
            places::METHODS_RECOVERY_CODES,
            Access::Fresh,
            get(set_up::recovery_codes::show).post(set_up::recovery_codes::submit),
        )
}
