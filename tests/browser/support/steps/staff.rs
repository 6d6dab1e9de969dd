//! What staff do at the console.

use crate::support::browser::Browser;
use crate::support::demo::{Demo, StaffMember};
use crate::support::devices::App;

pub(crate) const HOME: &str = "ホーム";
pub(crate) const SIGN_IN: &str = "職員ログイン";
pub(crate) const PERSON: &str = "加入者の状況";

impl StaffMember {
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Returns the union's word for a user ID.
    pub(crate) fn user_id_label(&self) -> &'static str {
        if self.union == "jrckenpo" { "ユーザーID" } else { "ユーザID" }
    }
}

impl Browser {
    /// Signs a staff member in with password and app.
    pub(crate) async fn sign_in_staff(&self, demo: &Demo, staff: &StaffMember) {
        self.goto(&staff.path("sign-in")).await;
        self.arrives_at(SIGN_IN).await;
        self.fill(staff.user_id_label(), &staff.user_id).await;
        self.fill("パスワード", &staff.password).await;
        self.press("ログイン").await;
        self.arrives_at("ワンタイムパスワードの入力").await;
        // The code that ended the set-up may be the one of this half-minute.
        demo.let_codes_age().await;
        let code = App::with_key(&staff.totp_secret).code();
        self.fill("ワンタイムパスワード", &code).await;
        self.press("トップページへ").await;
        self.arrives_at(HOME).await;
    }

    /// Proves the identity of a staff member once more, by password and app.
    pub(crate) async fn prove_staff_again(&self, demo: &Demo, staff: &StaffMember) {
        self.arrives_at("続行するには再度認証してください").await;
        self.fill("パスワード", &staff.password).await;
        self.press("ログイン").await;
        self.arrives_at("ワンタイムパスワードの入力").await;
        demo.let_codes_age().await;
        let code = App::with_key(&staff.totp_secret).code();
        self.fill("ワンタイムパスワード", &code).await;
        self.press("トップページへ").await;
    }

    /// Proves the identity once more if the page asks for that.
    pub(crate) async fn prove_staff_again_if_asked(&self, demo: &Demo, staff: &StaffMember) {
        if self.url().await.contains("/reauthenticate") {
            self.prove_staff_again(demo, staff).await;
        }
    }

    /// Searches for people from the box of the page.
    pub(crate) async fn search(&self, words: &str) {
        self.fill("加入者を探す", words).await;
        self.press("検索").await;
        self.arrives_at("加入者を探す").await;
    }
}
