//! Nothing of this needs scripts.

use crate::browser::Browser;
use crate::demo::Demo;

/// L3, L10: a browser that runs no scripts signs in, even where the button is pressed twice.
#[tokio::test]
async fn l3_l10_without_scripts_everything_works() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    browser.turn_scripts_off().await;
    let taro = demo.person("taro_demo");
    browser.goto(&format!("{}sign-in", taro.url)).await;
    let text = browser.text().await;
    assert!(text.contains("パスワード") && !text.contains("パスワードを表示する"), "{text}");

    browser.give_password(&taro).await;
    browser.arrives_at("ワンタイムパスワード (OTP) メール認証").await;
    let code = demo.mailed_code(&taro);
    browser.fill("ワンタイムパスワード", "").await;
    browser.press("実行").await;
    browser.sees("＊ワンタイムパスワードを入力してください。").await;
    browser.fill("ワンタイムパスワード", &code).await;
    browser.double_click("実行").await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    let completed = "select count(*) from audit_events where action = 'sign_in.complete'";
    assert_eq!(demo.count(completed).await, 1, "a double click has one effect");

    browser.press("医療費情報").await;
    browser.press("すべて見る").await;
    browser.arrives_at("過去の医療費通知").await;
    browser.goto(&format!("{}sign-in", taro.url)).await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    browser.press("テスト　太郎").await;
    browser.press("ログアウトする").await;
    browser.arrives_at("KOSMO Communication Web へようこそ").await;
    demo.stop();
}
