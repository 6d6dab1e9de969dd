//! What more than one page says.

/// To a person who got locked out by what they typed.
pub(super) const LOCKED: &str = "入力内容を続けて誤ったため、安全のためアカウントをロックしました。ロックの解除は、健康保険組合へお問い合わせください。";

/// To somebody who asks for more mails than anybody needs.
pub(super) const TOO_MANY_MAILS: &str =
    "メールの送信が続いたため、しばらく時間をおいてから、もう一度お試しください。";
