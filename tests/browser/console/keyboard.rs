//! Staff work without a mouse.

use thirtyfour::Key;

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::devices::App;
use crate::support::steps::staff::{HOME, PERSON, SIGN_IN};

/// A1, A2, A3: everything up to a person who is signed out everywhere, by keyboard alone.
#[tokio::test]
async fn a2_a3_a_person_is_found_and_signed_out_everywhere_by_keyboard_alone() {
    let demo = Demo::start();
    let browser = Browser::open().await;
    let staff = demo.staff("klinekenpo", "editor");
    browser.goto(&staff.path("sign-in")).await;
    browser.arrives_at(SIGN_IN).await;
    browser.type_at("ユーザID", &staff.user_id).await;
    browser.type_at("パスワード", &staff.password).await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at("ワンタイムパスワードの入力").await;
    demo.let_codes_age().await;
    browser.type_at("ワンタイムパスワード", &App::with_key(&staff.totp_secret).code()).await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at(HOME).await;

    browser.type_at("加入者を探す", "テスト タロウ").await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at("加入者を探す").await;
    browser.press_at("テスト　太郎", Key::Enter).await;
    browser.arrives_at(PERSON).await;
    browser.press_at("アカウントの利用を止める", Key::Enter).await;
    browser.arrives_at("アカウントの利用を止めますか？").await;
    browser.type_at("理由", "本人からの依頼").await;
    browser.press_at("利用を止める", Key::Enter).await;
    browser.arrives_at(PERSON).await;
    browser.sees("利用").await;
    demo.stop();
}
