//! 「ログイン」 by password or by a passkey alone, a password of one's own, and 「ログアウト」.

pub(super) mod new_password;
pub(super) mod passkey_alone;
mod password;
pub(super) mod sign_out;

#[cfg(test)]
pub(super) use self::password::ClosedPage;
pub(super) use self::password::{SIGN_IN, SignInForm, SignInPage, show, submit};
