//! The mailed code, as people handle it in practice.

use crate::support::browser::Browser;
use crate::support::demo::Demo;

const OTP: &str = "ワンタイムパスワード (OTP) メール認証";
const COMPLETED: &str = "select count(*) from audit_events
                         where action = 'sign_in.complete' and actor_kind = 'subscriber'";

/// L3, with mistakes.
#[tokio::test]
async fn l3_a_wrong_code_is_explained_and_neither_haste_nor_a_second_tab_does_harm() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.give_password(&taro).await;
    browser.arrives_at(OTP).await;
    let code = demo.mailed_code(&taro);

    let wrong = if code == "123456" { "654321" } else { "123456" };
    browser.fill("ワンタイムパスワード", wrong).await;
    browser.press("実行").await;
    browser.sees("入力内容をご確認ください").await;
    assert!(browser.title().await.starts_with("エラー: "));
    let focused = browser.driver.active_element().await.expect("a focus");
    assert_eq!(
        focused.text().await.expect("its text"),
        "入力内容をご確認ください\nワンタイムパスワードが正しくありません",
        "the summary has the focus"
    );
    browser.press("ワンタイムパスワードが正しくありません").await;
    let focused = browser.driver.active_element().await.expect("a focus");
    let field = browser.field("ワンタイムパスワード").await;
    assert_eq!(focused, field, "the summary leads to the field");
    assert_eq!(field.value().await.expect("a value").as_deref(), Some(wrong), "it stays");
    browser.sees("＊ワンタイムパスワードが正しくありません").await;

    browser.press("再送信").await;
    browser.sees("メールを送信したばかりです。").await;
    browser.sees("秒後にもう一度「再送信」を押してください。").await;
    assert_eq!(demo.codes_to(&taro), 1);

    browser.fill("ワンタイムパスワード", &code).await;
    browser.double_click("実行").await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    assert_eq!(demo.count(COMPLETED).await, 1);
    let refused = "select count(*) from audit_events where action = 'email_code.refused'";
    assert_eq!(demo.count(refused).await, 1, "the wrong one");

    // Back to the page after 「再送信」, which then sends the form again.
    browser.driver.back().await.expect("a page before");
    browser.driver.refresh().await.expect("a page again");
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    assert_eq!((demo.codes_to(&taro), demo.count(COMPLETED).await), (1, 1));

    two_tabs_and_the_back_button(&mut demo, &browser).await;
    demo.stop();
}

async fn two_tabs_and_the_back_button(demo: &mut Demo, browser: &Browser) {
    let driver = &browser.driver;
    driver.delete_all_cookies().await.expect("a browser that forgets");
    let hanako = demo.person("hanako.kaiun");
    browser.give_password(&hanako).await;
    browser.arrives_at(OTP).await;
    let earlier = demo.mailed_code(&hanako);
    let first_tab = driver.window().await.expect("a tab");
    let second_tab = driver.new_tab().await.expect("another tab");
    driver.switch_to_window(second_tab.clone()).await.expect("the other tab");
    browser.give_password(&hanako).await;
    browser.arrives_at(OTP).await;
    let newest = demo.mailed_code(&hanako);

    driver.switch_to_window(first_tab.clone()).await.expect("the first tab");
    if earlier != newest {
        browser.fill("ワンタイムパスワード", &earlier).await;
        browser.press("実行").await;
        browser.sees("＊ワンタイムパスワードが正しくありません").await;
    }
    browser.fill("ワンタイムパスワード", &newest).await;
    browser.press("実行").await;
    browser.arrives_at("ようこそ、海運　花子 さん").await;

    driver.switch_to_window(second_tab).await.expect("the other tab");
    browser.fill("ワンタイムパスワード", &newest).await;
    browser.press("実行").await;
    browser.arrives_at("ようこそ、海運　花子 さん").await;
    driver.back().await.expect("a page before");
    browser.arrives_at("ようこそ、海運　花子 さん").await;
    browser.press("医療費情報").await;
    browser.arrives_at("医療費情報").await;
    assert_eq!(demo.count(COMPLETED).await, 2, "Taro's and Hanako's");

    browser.press("海運　花子").await;
    browser.press("ログアウトする").await;
    browser.arrives_at("KOSMO Communication Web へようこそ").await;
    driver.back().await.expect("a page before");
    browser.arrives_at("ログイン").await;
    driver.switch_to_window(first_tab).await.expect("the first tab");
    browser.press("医療費情報").await;
    browser.arrives_at("ログイン").await;
}
