//! How people reach the settings and prove their identity again.

use crate::support::browser::Browser;
use crate::support::demo::{Demo, Person};
use crate::support::devices::App;

pub(crate) const AGAIN: &str = "続行するには再度認証してください";
pub(crate) const PROFILE: &str = "プロフィール変更";
pub(crate) const METHODS: &str = "ログイン方法変更";
pub(crate) const DELETE: &str = "デバイスの削除";
pub(crate) const TOTP_SET_UP: &str = "ワンタイムパスワードの設定";
pub(crate) const TOTP_CODE: &str = "ワンタイムパスワードの入力";
pub(crate) const PASSKEY_SET_UP: &str = "セキュリティキーの登録";
pub(crate) const EVERYWHERE: &str = "全てのデバイスからサインアウトする";

/// The subject of the mail about a change.
pub(crate) const CHANGED: &str = "【KOSMOWeb】ご登録内容変更のお知らせ";

impl Browser {
    pub(crate) async fn choose_in_menu(&self, words: &str) {
        self.press("メニュー").await;
        self.press(words).await;
    }

    /// S4: gives the password only.
    pub(crate) async fn give_password_again(&self, person: &Person) {
        self.arrives_at(AGAIN).await;
        self.sees(&person.user_id).await;
        self.fill("パスワード", &person.password).await;
        self.press("ログイン").await;
    }

    /// S4: proves password and mailed code.
    pub(crate) async fn prove_again(&self, demo: &mut Demo, person: &Person) {
        self.give_password_again(person).await;
        self.give_mailed_code(demo, person).await;
    }

    /// S3: waits for 「ログイン方法変更」 and checks which method it shows as the one in use.
    pub(crate) async fn arrives_at_methods_with(&self, method: &str) {
        self.arrives_at(METHODS).await;
        let text = self.text().await;
        assert!(text.contains(&format!("現在の認証方法：{method}")), "S3: {method}: {text}");
    }

    /// S2: changes the method on 「プロフィール変更」.
    pub(crate) async fn change_method(&self, method: &str) {
        self.arrives_at(PROFILE).await;
        self.choose_from("認証方法", method).await;
        self.press("変更").await;
    }

    /// S5: enters the page's key into an app, and the app's code and a name into the page.
    pub(crate) async fn add_app(&self, name: &str) -> App {
        self.arrives_at(TOTP_SET_UP).await;
        let mut app = App::set_up(self).await;
        self.fill("デバイス名", name).await;
        self.fill("ワンタイムパスワード", &app.code()).await;
        self.press("実行").await;
        app
    }

    /// L4: chooses one of several devices and gives its code.
    pub(crate) async fn give_app_code(&self, device: &str, code: &str) {
        self.arrives_at(TOTP_CODE).await;
        self.choose(device).await;
        self.fill("ワンタイムパスワード", code).await;
        self.press("トップページへ").await;
    }

    /// S5: asks for the deletion on 「ログイン方法変更」, up to the question.
    pub(crate) async fn ask_to_delete(&self, name: &str) {
        self.press(&format!("{name}を削除")).await;
        self.arrives_at(DELETE).await;
        self.sees(name).await;
    }
}
