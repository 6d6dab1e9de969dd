//! Back, reload and a second tab after a refusal (L1, L2).

use crate::support::browser::Browser;
use crate::support::demo::{Demo, Person};

const REFUSED: &str = "無効なユーザIDまたはパスワードです。";

/// Eleven wrong passwords would lock the login; eleven reloads are no tries.
#[tokio::test]
async fn l2_back_and_reload_after_a_wrong_password_do_nothing_new() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    let mistaken = Person { password: "chigau-2026".to_owned(), ..taro.clone() };
    browser.give_password(&mistaken).await;
    browser.sees(REFUSED).await;
    for _ in 0..11 {
        browser.reload().await;
        browser.sees(REFUSED).await;
        assert_eq!(browser.typed("ユーザID").await, taro.user_id, "what was typed stays");
    }
    browser.press("パスワードを忘れた方はこちら").await;
    browser.arrives_at("パスワードを忘れた方はこちら").await;
    browser.back().await;
    browser.sees(REFUSED).await;
    browser.back().await;
    browser.arrives_at("ログイン").await;
    browser.sees_no_longer(REFUSED).await;
    browser.sign_in(&mut demo, &taro).await;
    demo.stop();
}

/// The mailed code still works after a wrong one, a reload and Back.
#[tokio::test]
async fn l3_a_wrong_code_can_be_gone_back_from() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.give_password(&taro).await;
    browser.arrives_at("ワンタイムパスワード (OTP) メール認証").await;
    browser.fill("ワンタイムパスワード", "000000").await;
    browser.press("実行").await;
    browser.explains("ワンタイムパスワードが正しくありません").await;
    browser.reload().await;
    browser.explains("ワンタイムパスワードが正しくありません").await;
    browser.back().await;
    browser.arrives_at("ワンタイムパスワード (OTP) メール認証").await;
    browser.give_mailed_code(&mut demo, &taro).await;
    browser.sees("ようこそ").await;
    demo.stop();
}
