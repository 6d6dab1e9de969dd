//! How people find their way: the menu, an offer that can be declined, and a link opened in the browser that
//! asked for it.

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::steps::first_sign_in::{TERMS, USER_ID};
use crate::support::walk::Walk;

const OFFER: &str = "次回から、パスキーでログインできます";

/// L6, L10, T10
#[tokio::test]
async fn taro_wants_no_passkey_and_the_menu_leads_him_to_his_expenses_and_out() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    browser.sees(OFFER).await;
    walk.look("passkey-offer").await;
    browser.press("設定しない").await;
    browser.sees("あとから「ログイン方法変更」で設定できます。").await;
    browser.sees_no_longer(OFFER).await;
    walk.look("passkey-offer-declined").await;
    browser.driver.refresh().await.expect("the page again");
    browser.sees_no_longer("あとから「ログイン方法変更」で設定できます。").await;
    browser.choose_in_menu("医療費情報").await;
    browser.arrives_at("医療費情報").await;
    browser.choose_in_menu("ログアウト").await;
    browser.arrives_at("ログアウトしてもよろしいですか？").await;
    demo.stop();
}

/// F6, F7
#[tokio::test]
async fn a_person_who_opens_the_link_in_the_same_browser_goes_on_from_there() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let misaki = demo.someone("klinekenpo", "migrated");
    browser.give_password(&misaki).await;
    browser.give_birthdate(&misaki.birthdate_digits()).await;
    browser.arrives_at(TERMS).await;
    browser.agree().await;
    browser.fill("メールアドレス", misaki.address()).await;
    browser.press("実行").await;
    browser.arrives_at("メールアドレスの確認").await;
    browser.open_link(&demo.mailed_link(&misaki)).await;
    browser.press("次へ進む").await;
    browser.arrives_at(USER_ID).await;
    demo.stop();
}
