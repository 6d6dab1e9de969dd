//! The routes that both doors have, for a realm.

use axum::routing::get;

use super::at_door::AtDoor;
use super::second_factor::method;
use super::second_factor::prove::{email_code, passkey, recovery_code, totp};
use super::second_factor::set_up;
use super::{new_password, onward, places, reauthenticate, sessions, sign_in, sign_in_methods};
use crate::base::realm::Subscribers;
use crate::web::identity::{Fresh, SignedIn, SigningIn};
use crate::web::routes::{Access, Routes};

/// Returns the routes of a sign-in by password, of a re-authentication, and of the settings.
pub(crate) fn routes<R: AtDoor>() -> Routes {
    Routes::default()
        .merge(at_sign_in::<R>())
        .merge(in_reauthentication::<R>())
        .merge(among_settings::<R>())
}

fn at_sign_in<R: AtDoor>() -> Routes {
    Routes::default()
        .route(places::SIGN_IN, Access::Anybody, get(sign_in::show::<R>).post(sign_in::submit::<R>))
        .route(places::ONWARD, Access::SigningIn, get(onward::show::<R>))
        .route(places::METHOD, Access::SigningIn, get(method::show::<R>).post(method::submit::<R>))
        .route(
            places::TOTP,
            Access::SigningIn,
            get(totp::show::<SigningIn<R>>).post(totp::submit::<SigningIn<R>>),
        )
        .route(
            places::PASSKEY,
            Access::SigningIn,
            get(passkey::show::<SigningIn<R>>).post(passkey::submit::<SigningIn<R>>),
        )
        .route(
            places::RECOVERY_CODE,
            Access::SigningIn,
            get(recovery_code::show::<SigningIn<R>>).post(recovery_code::submit::<SigningIn<R>>),
        )
        .route(
            places::TOTP_SET_UP,
            Access::SigningIn,
            get(set_up::totp::show::<SigningIn<R>>).post(set_up::totp::submit::<SigningIn<R>>),
        )
        .route(places::TOTP_QR, Access::SigningIn, get(set_up::totp::qr::<SigningIn<R>>))
        .route(
            places::PASSKEY_SET_UP,
            Access::SigningIn,
            get(set_up::passkey::show::<SigningIn<R>>)
                .post(set_up::passkey::submit::<SigningIn<R>>),
        )
}

fn in_reauthentication<R: AtDoor>() -> Routes {
    Routes::default()
        .route(
            places::AGAIN_PASSWORD,
            R::SIGNED_IN,
            get(reauthenticate::show::<R>).post(reauthenticate::submit::<R>),
        )
        .route(
            places::AGAIN_TOTP,
            R::SIGNED_IN,
            get(totp::show::<SignedIn<R>>).post(totp::submit::<SignedIn<R>>),
        )
        .route(
            places::AGAIN_PASSKEY,
            R::SIGNED_IN,
            get(passkey::show::<SignedIn<R>>).post(passkey::submit::<SignedIn<R>>),
        )
        .route(
            places::AGAIN_RECOVERY_CODE,
            R::SIGNED_IN,
            get(recovery_code::show::<SignedIn<R>>).post(recovery_code::submit::<SignedIn<R>>),
        )
}

fn among_settings<R: AtDoor>() -> Routes {
    Routes::default()
        .route(places::METHODS, R::SIGNED_IN, get(sign_in_methods::show::<R>))
        .route(
            places::METHODS_PASSWORD,
            Access::Fresh,
            get(new_password::show_change::<R>).post(new_password::submit_change::<R>),
        )
        .route(
            places::METHODS_TOTP_DELETE,
            Access::Fresh,
            get(sign_in_methods::ask::<R>).post(sign_in_methods::delete::<R>),
        )
        .route(
            places::METHODS_PASSKEY_DELETE,
            Access::Fresh,
            get(sign_in_methods::ask::<R>).post(sign_in_methods::delete::<R>),
        )
        .route(
            places::METHODS_TOTP,
            Access::Fresh,
            get(set_up::totp::show::<Fresh<SignedIn<R>>>)
                .post(set_up::totp::submit::<Fresh<SignedIn<R>>>),
        )
        .route(places::METHODS_TOTP_QR, Access::Fresh, get(set_up::totp::qr::<Fresh<SignedIn<R>>>))
        .route(
            places::METHODS_PASSKEYS,
            Access::Fresh,
            get(set_up::passkey::show::<Fresh<SignedIn<R>>>)
                .post(set_up::passkey::submit::<Fresh<SignedIn<R>>>),
        )
        .route(
            places::METHODS_RECOVERY_CODES,
            Access::Fresh,
            get(set_up::recovery_codes::show::<R>).post(set_up::recovery_codes::submit::<R>),
        )
        .route(places::SESSIONS, R::SIGNED_IN, get(sessions::show::<R>))
        .route(
            places::OTHER_SESSIONS_END,
            (Access::Anybody, Access::Fresh),
            get(sessions::back).post(sessions::end_others::<R>),
        )
        .route(
            places::SESSION_END,
            (Access::Anybody, Access::Fresh),
            get(sessions::back).post(sessions::end::<R>),
        )
}

/// Returns the routes of the mailed code, which only subscribers have.
pub(crate) fn mailed_code_routes() -> Routes {
    Routes::default()
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
            places::AGAIN_EMAIL_CODE,
            Access::Subscriber,
            get(email_code::show::<SignedIn<Subscribers>>).post(email_code::submit_again),
        )
        .route(
            places::AGAIN_EMAIL_CODE_RESEND,
            Access::Subscriber,
            get(email_code::show::<SignedIn<Subscribers>>)
                .post(email_code::resend::<SignedIn<Subscribers>>),
        )
}
