//! Texts that more than one page shows.

/// Shown to a person whose wrong inputs locked the login.
pub(crate) const LOCKED: &str = "入力内容を続けて誤ったため、安全のためアカウントをロックしました。ロックの解除は、健康保険組合へお問い合わせください。";

/// Shown to a person who asks for too many mails.
pub(crate) const TOO_MANY_MAILS: &str =
    "メールの送信が続いたため、しばらく時間をおいてから、もう一度お試しください。";

/// Shown to a person who typed no one-time code.
pub(crate) const NO_CODE: &str = "ワンタイムパスワードを入力してください。";

/// Shown to a person whose one-time code is wrong.
pub(crate) const WRONG_CODE: &str = "ワンタイムパスワードが正しくありません";

/// Shown to a person whose wrong codes ended the session.
pub(crate) const SESSION_ENDED: &str =
    "ワンタイムパスワードを続けて誤ったため、はじめからログインし直してください。";

/// Shown to a person whose passkey was refused.
pub(crate) const PASSKEY_REFUSED: &str = "パスキーを確認できませんでした。もう一度お試しください。";

/// Shown to a person who chose another person's user ID.
pub(crate) const TAKEN: &str = "このユーザIDは利用できません。別のユーザIDを入力してください。";
