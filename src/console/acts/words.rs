//! The words that staff read about an act that was not done.

use crate::auth::help_desk::{Already, HelpRefusal, Risk, WhyNot};

/// Says that there was nothing to do.
pub(super) const fn already(already: Already) -> &'static str {
    match already {
        Already::Unlocked => "ロックされていません。何も変更していません。",
        Already::SignedOut => "ログイン中の端末はありません。何も変更していません。",
        Already::Reset => {
            "すでに初期化されています。ご本人の次回ログインでの再登録を待っています。何も変更していません。"
        }
        Already::LetterWaits => {
            "仮ユーザID・仮パスワードの通知は、すでに作成または印刷を待っています。何も変更していません。"
        }
        Already::LetterDead => "その仮パスワードは、すでに使えません。何も変更していません。",
        Already::HasUserId => "すでにそのユーザIDです。何も変更していません。",
        Already::Held => "すでに利用が止められています。何も変更していません。",
        Already::Open => "利用は止められていません。何も変更していません。",
        Already::SentAgain => "すでに送り直しています。新しいメールをご確認ください。",
    }
}

/// Says why an act can't be done.
pub(super) fn refusal(refusal: &HelpRefusal) -> String {
    let text = match refusal {
        HelpRefusal::NoAccount => "アカウントがないため、この手続きはできません。",
        HelpRefusal::NotRegistered => "まだ登録されていないため、この手続きはできません。",
        HelpRefusal::Registered => {
            "登録済みのため、この手続きはできません。パスワードを忘れた方には、ログイン画面の「パスワードを忘れた方はこちら」をご案内ください。"
        }
        HelpRefusal::Closed => "資格喪失後の利用期間が終わっているため、この手続きはできません。",
        HelpRefusal::CallerUnknown => {
            "先に「問い合わせ者の本人確認」が必要です。30分以内に、ご自身がすべての項目の一致を確認してから、もう一度実行してください。"
        }
        HelpRefusal::TelephoneClosed => "電話では受け付けられません。郵送をご案内ください。",
        HelpRefusal::NoAddress => {
            "メールアドレスが登録されておらず、次回ログインの本人確認ができないため、初期化できません。"
        }
        HelpRefusal::NoSecondFactor => {
            "この組合では二要素認証を使わないため、初期化するものがありません。"
        }
        HelpRefusal::ByLink => {
            "この組合では、ログイン画面の「パスワードを忘れた方はこちら」からご本人が登録し直します。そちらをご案内ください。"
        }
        HelpRefusal::NoLetters => {
            "この組合では、仮ユーザID・仮パスワードの通知を発行していません。"
        }
        HelpRefusal::NoLetter => "この方に発行された仮パスワードの通知はありません。",
        HelpRefusal::BadUserId(why) => return why.clone(),
        HelpRefusal::Taken => "このユーザIDは使えません。別のユーザIDを入力してください。",
        HelpRefusal::Mail(why) => why_not(*why),
        HelpRefusal::Risky(risky) => return risks(&risky.risks),
    };
    text.to_owned()
}

/// Says why a mail can't be sent again.
const fn why_not(why: WhyNot) -> &'static str {
    match why {
        WhyNot::Code => {
            "ワンタイムパスワードは送り直せません。ご本人がもう一度ログインすると、新しいものが届きます。"
        }
        WhyNot::Waiting => "まだ送信を待っています。送り直す必要はありません。",
        WhyNot::Sent => "送信済みのお知らせは、内容を保存していないため送り直せません。",
        WhyNot::Gone => "内容を保存していないため、送り直せません。",
        WhyNot::NotNeeded => "リンクは使用済みか、必要がなくなったため、送り直せません。",
        WhyNot::Shut => "ロックまたは利用停止の解除が先に必要です。",
        WhyNot::TooSoon => "送ったばかりか、送信の回数が多いため、しばらくしてからお試しください。",
    }
}

pub(super) fn risks(risks: &[Risk]) -> String {
    let risks: Vec<&str> = risks.iter().map(|risk| risk.label()).collect();
    format!("上長承認が必要です。理由：{}。", risks.join("、"))
}
