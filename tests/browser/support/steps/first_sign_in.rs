//! The first sign-in with one decision on each page, step by step.

use crate::support::browser::Browser;
use crate::support::demo::{Demo, Person};

pub(crate) const TERMS: &str = "KOSMO Communication Web 利用規約";
pub(crate) const USER_ID: &str = "ユーザIDの変更・認証方法の設定";
pub(crate) const CODE: &str = "ワンタイムパスワード (OTP) メール認証";

/// The radio buttons of 「認証方法」.
pub(crate) const PASSKEY: &str = "生体認証";
pub(crate) const TOTP: &str = "ワンタイムパスワード（OTP）アプリ認証";
pub(crate) const EMAIL_CODE: &str = "ワンタイムパスワード（OTP）メール認証";
pub(crate) const EMAIL_CODE_RECOMMENDED: &str = "ワンタイムパスワード（OTP）メール認証 (推奨)";

/// What a person decides.
pub(crate) struct Choices<'c> {
    /// `None` keeps what is filled in already; the same for the user ID.
    pub(crate) email: Option<&'c str>,
    pub(crate) user_id: Option<&'c str>,
    pub(crate) method: &'c str,
    pub(crate) password: &'c str,
}

impl Browser {
    /// F2–F9: goes from the top page to the page after the own password. From then on the person
    /// has the credentials that they chose.
    pub(crate) async fn register(
        &self,
        demo: &mut Demo,
        person: &mut Person,
        choices: &Choices<'_>,
    ) {
        self.give_password(person).await;
        self.give_birthdate(&person.birthdate_digits()).await;
        self.agree().await;
        let known = person.email.clone().unwrap_or_default();
        self.give_address(&known, choices.email).await;
        if let Some(email) = choices.email {
            person.email = Some(email.to_owned());
        }
        self.open_link(&demo.mailed_link(person)).await;
        self.goto(&format!("{}sign-in/continue", person.url)).await;
        self.choose_user_id_and_method(choices.user_id, choices.method).await;
        self.set_password(choices.password).await;
        if let Some(user_id) = choices.user_id {
            person.user_id = user_id.to_owned();
        }
        person.password = choices.password.to_owned();
    }

    /// F2
    pub(crate) async fn give_birthdate(&self, birthdate: &str) {
        self.arrives_at("生年月日の入力").await;
        self.sees("全6ステップ中1").await;
        self.sees("本人確認のため生年月日での認証が必要です。").await;
        self.sees("生年月日を数字8桁で入力して下さい。").await;
        self.sees("(入力例:19790822)").await;
        self.fill("生年月日", birthdate).await;
        self.press("実行").await;
    }

    /// F3
    pub(crate) async fn agree(&self) {
        self.arrives_at(TERMS).await;
        self.sees("全6ステップ中2").await;
        self.press("同意する").await;
    }

    /// F4
    pub(crate) async fn give_address(&self, known: &str, chosen: Option<&str>) {
        self.arrives_at("メールアドレスの設定").await;
        self.sees("全6ステップ中3").await;
        self.sees("アカウントを有効にするにはメールアドレスの設定が必要です。").await;
        assert_eq!(self.typed("メールアドレス").await, known, "F4: what is known is filled in");
        if let Some(chosen) = chosen {
            self.fill("メールアドレス", chosen).await;
        }
        self.press("実行").await;
        self.arrives_at("メールアドレスの確認").await;
        self.sees("全6ステップ中3").await;
    }

    /// F6: opens the link from the mail, in this browser or another.
    pub(crate) async fn open_link(&self, link: &str) {
        self.goto(link).await;
        self.arrives_at("メールアドレスの確認").await;
        self.press("メールアドレスを確認する").await;
        self.arrives_at("メールアドレスの確認が完了しました").await;
    }

    /// F8
    pub(crate) async fn choose_user_id_and_method(&self, user_id: Option<&str>, method: &str) {
        self.arrives_at(USER_ID).await;
        self.sees("全6ステップ中4").await;
        if let Some(user_id) = user_id {
            self.fill("ユーザID", user_id).await;
        }
        self.choose(method).await;
        self.press("実行").await;
    }

    /// Returns the methods offered, each with whether it is chosen.
    pub(crate) async fn methods(&self) -> Vec<(String, bool)> {
        let read = "return [...document.querySelectorAll('[type=radio]')]
                        .map((radio) => [radio.labels[0].textContent, radio.checked]);";
        self.evaluate(read).await
    }

    /// F9
    pub(crate) async fn set_password(&self, password: &str) {
        self.arrives_at("パスワードの更新").await;
        self.sees("全6ステップ中5").await;
        self.fill("パスワード", password).await;
        self.fill("パスワード確認用", password).await;
        self.press("実行").await;
    }

    /// L3
    pub(crate) async fn give_mailed_code(&self, demo: &mut Demo, person: &Person) {
        self.arrives_at(CODE).await;
        self.sees("受信したワンタイムパスワードを入力してください。").await;
        self.fill("ワンタイムパスワード", &demo.mailed_code(person)).await;
        self.press("実行").await;
    }
}
