//! The mail that tells a person of a change to their way of signing in (S6, security.md).

use crate::auth::context::{Context, SendingError};
use crate::auth::factor::device::DeviceKind;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::base::japanese::minute;
use crate::db::TenantTx;
use crate::mail::message::AccountChangedMail;
use crate::mail::outbox;

/// A change to a person's way of signing in, of which they get a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountChange {
    Password,
    Email,
    UserId,
    Method,
    DeviceAdded(DeviceKind),
    DeviceDeleted(DeviceKind),
    RecoveryCodesMade,
    RecoveryCodeUsed,
    TokenCopied,
    PasswordLocked,
}

impl AccountChange {
    const fn what(self) -> &'static str {
        match self {
            Self::Password => "パスワードの変更",
            Self::Email => "メールアドレスの変更",
            Self::UserId => "ユーザIDの変更",
            Self::Method => "認証方法の変更",
            Self::DeviceAdded(DeviceKind::Totp) => "認証アプリの追加",
            Self::DeviceDeleted(DeviceKind::Totp) => "認証アプリの削除",
            Self::DeviceAdded(DeviceKind::Passkey) => "パスキー（生体認証）の追加",
            Self::DeviceDeleted(DeviceKind::Passkey) => "パスキー（生体認証）の削除",
            Self::RecoveryCodesMade => "リカバリーコードの発行",
            Self::RecoveryCodeUsed => "リカバリーコードによるログイン",
            Self::PasswordLocked => "ログインのロック（パスワードを続けて誤ったため）",
            Self::TokenCopied => {
                "ログイン状態の終了（ログイン状態の情報が複製された可能性があるため）"
            }
        }
    }

    /// Sends the mail to the person's present address, if they have one.
    pub async fn tell<R: People>(
        self,
        tx: &mut TenantTx,
        cx: Context<'_>,
        session: &Session<R>,
    ) -> Result<(), SendingError> {
        match &session.email {
            Some(email) => self.tell_address(tx, cx, email).await,
            None => Ok(()),
        }
    }

    /// Sends the mail to an address.
    pub(in crate::auth) async fn tell_address(
        self,
        tx: &mut TenantTx,
        cx: Context<'_>,
        email: &str,
    ) -> Result<(), SendingError> {
        let Context { clock, mail, tenant } = cx;
        let (what, at, origin) =
            (tenant.config.say(self.what()), minute(clock.now()), tenant.origin.clone());
        let letter = mail.write(tenant, &AccountChangedMail { what, at, origin })?;
        outbox::enqueue(tx, clock, &letter, email, None).await?;
        Ok(())
    }
}
