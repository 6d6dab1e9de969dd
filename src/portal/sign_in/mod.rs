//! 「ログイン」 works by password or by a passkey alone. 「パスワードの更新」 and 「ログアウト」 are here, too.

pub(super) mod new_password;
mod page;
pub(super) mod passkey_alone;
mod password;
pub(super) mod reauthenticate;
pub(super) mod sign_out;

pub(super) use self::page::{SignInForm, SignInPage};
#[cfg(test)]
pub(super) use self::password::ClosedPage;
pub(super) use self::password::{show, submit};
