//! The second half of a re-authentication (S4): its pages are those of a sign-in, and lead back to the page that asked.

use axum::http::StatusCode;
use chrono::Duration;

use crate::first_sign_in::{app_code, key};
use crate::passkeys::KLINE;
use crate::support::authenticator::options;
use crate::support::browser::Browser;
use crate::support::first_sign_in::hidden;
use crate::support::people::TARO;
use crate::support::world::World;

const AGAIN: &str = "/reauthenticate?next=/profile";
const APP: &str = "/reauthenticate/totp?next=/profile";
const PASSKEY: &str = "/reauthenticate/passkey?next=/profile";

impl World {
    /// Taro, whose method is an app, and the app's key.
    async fn with_app(&self) -> (String, Browser) {
        let mut browser = self.sign_in(TARO).await;
        let key = key(&browser.get("/sign-in-methods/totp").await);
        let code = app_code(self, &key);
        let fields = [("code", code.as_str()), ("device_name", "iphone17")];
        let added = browser.post("/sign-in-methods/totp", &fields).await;
        assert_eq!(added.location(), "/sign-in-methods", "{}", added.text());
        browser.get("/profile").await;
        let wish = [("user_id", TARO.user_id), ("was", TARO.user_id), ("method", "totp")];
        assert_eq!(browser.post("/profile", &wish).await.location(), "/profile");
        (key, browser)
    }
}

#[tokio::test]
async fn s4_the_app_is_asked_for_after_the_password_and_leads_back() {
    let world = World::new().await;
    let (key, mut browser) = world.with_app().await;
    world.clock.advance(Duration::minutes(6));
    assert_eq!(browser.get("/profile").await.location(), AGAIN);
    assert_eq!(browser.get(APP).await.location(), AGAIN, "the password first");
    browser.get(AGAIN).await;
    let early = [("next", "/profile"), ("code", "000000"), ("device", "")];
    assert_eq!(browser.post("/reauthenticate/totp", &early[..2]).await.location(), AGAIN);
    browser.get(AGAIN).await;
    let password = [("next", "/profile"), ("password", TARO.password)];
    assert_eq!(browser.post("/reauthenticate", &password).await.location(), APP);

    let page = browser.get(APP).await;
    assert_eq!(page.heading(), "ワンタイムパスワードの入力");
    assert_eq!(hidden(&page, "next"), "/profile");
    assert!(page.body.contains("action=\"/reauthenticate/totp\""), "{}", page.body);
    assert!(!page.shows("ログインをやめる"), "it is no sign-in: {}", page.text());
    assert!(page.shows("メニュー"), "{}", page.text());
    assert_eq!(browser.get("/sign-in/totp").await.location(), "/", "nothing is due there");
    let device = hidden(&page, "device");
    for (typed, told) in [
        ("", "ワンタイムパスワードを入力してください。"),
        ("000000", "ワンタイムパスワードが正しくありません"),
    ] {
        let fields = [("next", "/profile"), ("code", typed), ("device", device.as_str())];
        let page = browser.post("/reauthenticate/totp", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        assert!(page.shows(told) && hidden(&page, "next") == "/profile", "{}", page.text());
    }
    let code = app_code(&world, &key);
    let fields = [("next", "/profile"), ("code", code.as_str()), ("device", device.as_str())];
    let mut second = browser.clone();
    assert_eq!(browser.post("/reauthenticate/totp", &fields).await.location(), "/profile");
    let again = second.post("/reauthenticate/totp", &fields).await;
    assert_eq!(again.location(), "/", "the second click still bears the token of before");
    assert_eq!(browser.get("/profile").await.status, StatusCode::OK);
    assert_eq!(browser.get(APP).await.location(), AGAIN, "nothing is due any more");
    let refused = "select count(*) from audit_events where action = 'totp.refused'";
    assert_eq!(world.count(refused).await, 1, "the wrong one");
}

#[tokio::test]
async fn s4_wrong_codes_in_a_row_lock_the_account_there_too() {
    let world = World::new().await;
    let (_, mut browser) = world.with_app().await;
    world.clock.advance(Duration::minutes(6));
    browser.get(AGAIN).await;
    let password = [("next", "/profile"), ("password", TARO.password)];
    assert_eq!(browser.post("/reauthenticate", &password).await.location(), APP);
    let device = hidden(&browser.get(APP).await, "device");
    let wrong = [("next", "/profile"), ("code", "000000"), ("device", device.as_str())];
    let lock_after = world.union("klinekenpo").config.sign_in.lock_after;
    for _ in 1..lock_after {
        let page = browser.post("/reauthenticate/totp", &wrong).await;
        assert_eq!(page.heading(), "ワンタイムパスワードの入力", "{}", page.text());
    }
    let page = browser.post("/reauthenticate/totp", &wrong).await;
    assert!(page.shows("アカウントをロックしました"), "{}", page.text());
    assert_eq!(browser.get("/profile").await.location(), "/sign-in");
}

#[tokio::test]
async fn s4_a_passkey_alone_proves_both_and_leads_back() {
    let world = World::new().await;
    let (mut device, mut browser) = world.with_passkey(TARO, KLINE).await;
    world.clock.advance(Duration::minutes(6));
    assert_eq!(browser.get("/profile").await.location(), AGAIN);
    assert_eq!(browser.get(AGAIN).await.location(), PASSKEY, "without the password");
    let page = browser.get(PASSKEY).await;
    assert_eq!(page.heading(), "続行するには再度認証してください");
    assert_eq!(hidden(&page, "next"), "/profile");
    assert!(!page.shows("ログインをやめる") && page.shows("メニュー"), "{}", page.text());
    let refused = [("next", "/profile"), ("credential", "{}")];
    let page = browser.post("/reauthenticate/passkey", &refused).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.shows("パスキーを確認できませんでした。もう一度お試しください。"));
    assert_eq!(hidden(&page, "next"), "/profile");
    let proof = device.prove(options(&page));
    let fields = [("next", "/profile"), ("credential", proof.as_str())];
    assert_eq!(browser.post("/reauthenticate/passkey", &fields).await.location(), "/profile");
    assert_eq!(browser.get("/profile").await.status, StatusCode::OK);
    assert_eq!(browser.get(PASSKEY).await.location(), AGAIN, "nothing is due any more");
    assert_eq!(browser.get(AGAIN).await.location(), "/profile");
}
