//! Signing in without a mouse.

use thirtyfour::Key;

use crate::browser::Browser;
use crate::demo::Demo;

/// What has the focus: the words of its label or its own, and how the focus shows.
const FOCUS: &str = "const at = document.activeElement;
    const style = getComputedStyle(at);
    const words = (at.labels?.[0]?.firstChild ?? at).textContent.trim();
    return [words, style.outlineStyle, parseFloat(style.outlineWidth)];";

/// Tabs on until these words have the focus.
async fn tab_to(browser: &Browser, words: &str) {
    let mut passed = Vec::new();
    while passed.len() < 30 {
        browser.press_key(Key::Tab).await;
        let (focused, outline, width): (String, String, f64) = browser.evaluate(FOCUS).await;
        assert!(outline == "solid" && width >= 4.0, "the focus on 「{focused}」 must be seen");
        if focused == words {
            return;
        }
        passed.push(focused);
    }
    panic!("no Tab leads to 「{words}」: {passed:?}");
}

/// WCAG 2.1.1 and 2.4.7: keyboard alone walks the journey, and the focus is always to be seen.
#[tokio::test]
async fn l3_the_keyboard_alone_signs_in_and_walks_on() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.goto(&taro.url).await;

    tab_to(&browser, "本文へ移動").await;
    tab_to(&browser, "ログイン").await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at("ログイン").await;
    tab_to(&browser, "ユーザID").await;
    browser.type_keys(&taro.user_id).await;
    tab_to(&browser, "パスワード").await;
    browser.type_keys("not my password").await;
    browser.press_key(Key::Enter).await;
    browser.sees("無効なユーザIDまたはパスワードです。").await;

    let typed = browser.field("ユーザID").await.value().await.expect("a value");
    assert_eq!(typed.as_deref(), Some("taro_demo"), "what was typed stays");
    let secret = browser.field("パスワード").await.value().await.expect("a value");
    assert_eq!(secret.as_deref(), Some(""), "but for the password");
    tab_to(&browser, "パスワード").await;
    browser.type_keys(&taro.password).await;
    tab_to(&browser, "パスワードを表示する").await;
    browser.press_key(Key::Space).await;
    let kind = browser.field("パスワード").await.prop("type").await.expect("a type");
    assert_eq!(kind.as_deref(), Some("text"), "Taro may see what he typed");
    tab_to(&browser, "ログイン").await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at("ワンタイムパスワード (OTP) メール認証").await;
    tab_to(&browser, "ワンタイムパスワード").await;
    browser.type_keys(&demo.mailed_code(&taro)).await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;

    tab_to(&browser, "医療費情報").await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at("医療費情報").await;
    tab_to(&browser, "すべて見る").await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at("過去の医療費通知").await;

    browser.press_key(Key::Tab).await;
    browser.press_key(Key::Enter).await;
    let focused: String = browser.evaluate("return document.activeElement.localName;").await;
    assert_eq!(focused, "main", "the first stop leads past the header");
    demo.stop();
}
