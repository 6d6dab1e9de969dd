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
    Unlocked,
    SignedOut,
    UserIdCorrected,
    Held,
    Released,
    LetterOrdered,
    LetterReturned,
    TelephoneClosed,
    NotMe,
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
            Self::Unlocked => "ログインのロックの解除",
            Self::SignedOut => "すべての端末からのログアウト",
            Self::UserIdCorrected => "ユーザIDの修正",
            Self::Held => "アカウントの利用の一時停止",
            Self::Released => "アカウントの利用の再開",
            Self::LetterOrdered => {
                "仮ユーザID・仮パスワードの再発行（以前のものは使えなくなりました）"
            }
            Self::LetterReturned => {
                "仮ユーザID・仮パスワードの失効（お送りした通知が戻ってきたため）"
            }
            Self::TelephoneClosed => {
                "お電話での手続きの停止（ご本人の確認ができないお電話が続いたため、24時間）"
            }
            Self::NotMe => "アカウントの利用の停止（お心当たりがないとのお申し出による）",
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
            Some(email) => {
                let origin = cx.tenant.origin_of(R::DOOR);
                self.send(tx, cx, email, origin, None).await
            }
            None => Ok(()),
        }
    }

    /// Sends the mail to a subscriber's address.
    pub(in crate::auth) async fn tell_address(
        self,
        tx: &mut TenantTx,
        cx: Context<'_>,
        email: &str,
    ) -> Result<(), SendingError> {
        self.tell_with_link(tx, cx, email, None).await
    }

    /// Sends the mail, with the link 「心当たりがない」 if staff made the change.
    pub(in crate::auth) async fn tell_with_link(
        self,
        tx: &mut TenantTx,
        cx: Context<'_>,
        email: &str,
        not_me: Option<String>,
    ) -> Result<(), SendingError> {
        self.send(tx, cx, email, &cx.tenant.origin, not_me).await
    }

    async fn send(
        self,
        tx: &mut TenantTx,
        cx: Context<'_>,
        email: &str,
        origin: &str,
        not_me: Option<String>,
    ) -> Result<(), SendingError> {
        let Context { clock, mail, tenant } = cx;
        let (what, at, origin) =
            (tenant.config.say(self.what()), minute(clock.now()), origin.to_owned());
        let letter = mail.write(tenant, &AccountChangedMail { what, at, origin, not_me })?;
        outbox::enqueue(tx, clock, &letter, email, None).await?;
        Ok(())
    }
}
