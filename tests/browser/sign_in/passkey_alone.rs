//! 「パスキーでログイン」 without user ID and password (L6), if the union allows it.

use serde_json::json;
use thirtyfour::By;

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::steps::settings::{METHODS, PASSKEY_SET_UP};
use crate::support::walk::Walk;

const ALONE: &str = "パスキーでログイン";
const FACTORS: &str = "second_factors =";

/// Lets the people of these unions sign in with a passkey alone.
async fn allow(demo: &Demo, browser: &Browser, unions: &[&str]) {
    for union in unions {
        demo.change_policy(union, FACTORS, &format!("passkey_alone = true\n{FACTORS}"));
    }
    for union in unions {
        browser.waits_for(&format!("{}/sign-in", demo.origin(union)), ALONE).await;
    }
}

#[tokio::test]
async fn l6_megurus_passkey_alone_signs_him_in_at_his_union_and_nowhere_else() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);
    let meguru = demo.person("meguru_haguruma");
    allow(&demo, &browser, &["jomkenpo"]).await;
    browser.goto(&format!("{}/sign-in", demo.origin("nideckenpo"))).await;
    walk.look("sign-in-with-passkey").await;
    browser.sign_in(&mut demo, &meguru).await;
    let device = browser.add_authenticator().await;
    browser.choose_in_menu(METHODS).await;
    browser.press("設定").await;
    browser.arrives_at(PASSKEY_SET_UP).await;
    browser.press("登録").await;
    browser.press("次へ").await;
    browser.arrives_at(METHODS).await;

    browser.sign_out().await;
    browser.back_passkeys_up(&device).await;
    // The browser offers passkeys for the user ID's field, and his device answers at once.
    browser.goto(&format!("{}sign-in", meguru.url)).await;
    browser.arrives_at("ようこそ、歯車　回 さん").await;
    let kept =
        "select count(*) from devices where credential -> 'cred' ->> 'backup_state' = 'true'";
    assert_eq!(demo.count(kept).await, 1, "it was made without a backup");

    browser.sign_out().await;
    browser.let_person_agree(&device, false).await;
    browser.goto(&format!("{}sign-in", meguru.url)).await;
    let field = browser.driver.find(By::Id("user_id")).await.expect("a field");
    assert_eq!(field.attr("autocomplete").await.expect("it").as_deref(), Some("username webauthn"));
    browser.let_person_agree(&device, true).await;
    browser.cancel_passkeys().await;
    browser.press(ALONE).await;
    browser.sees("認証できませんでした").await;
    walk.look("sign-in-with-passkey-refused").await;
    browser.let_passkeys_be().await;
    browser.press("再試行").await;
    browser.arrives_at("ようこそ、歯車　回 さん").await;
    browser.sign_out().await;

    let known = browser.devtools("WebAuthn.getCredentials", json!({ "authenticatorId": device }));
    assert_eq!(known.await["credentials"][0]["rpId"], "nideckenpo.localhost");
    browser.goto(&format!("{}/sign-in", demo.origin("jomkenpo"))).await;
    browser.press(ALONE).await;
    browser.sees("認証できませんでした").await;
    demo.stop();
}
