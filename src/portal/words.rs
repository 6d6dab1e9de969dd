//! Texts that more than one page shows.

/// Shown to a person whose wrong inputs locked the login.
pub(super) const LOCKED: &str = "入力内容を続けて誤ったため、安全のためアカウントをロックしました。ロックの解除は、健康保険組合へお問い合わせください。";

/// Shown to a person who asks for too many mails.
pub(super) const TOO_MANY_MAILS: &str =
    "メールの送信が続いたため、しばらく時間をおいてから、もう一度お試しください。";
