//! 「ログイン」 works by password or by a passkey alone. 「パスワードの更新」 and 「ログアウト」 are here, too.

mod page;
pub(super) mod passkey_alone;
pub(super) mod sign_out;

pub(crate) use self::page::{ClosedPage, HeldPage, SignInPage};
