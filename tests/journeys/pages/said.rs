//! A sentence at the top of the page that follows a change. It appears once, and says what happens
//! next.

use chrono::Duration;

use crate::passkeys::KLINE;
use crate::support::authenticator::{Device, options};
use crate::support::browser::{Browser, Page};
use crate::support::people::TARO;
use crate::support::world::World;

const METHODS: &str = "/sign-in-methods";

/// Follows an answer. Returns the sentence at the top, and checks that a reload doesn't repeat it.
async fn said(browser: &mut Browser, answer: Page) -> String {
    let path = answer.location().to_owned();
    let text = |page: &Page| {
        let after = page.body.split_once("role=\"status\">").map(|(_, after)| after.to_owned());
        after.and_then(|after| after.split('<').next().map(str::to_owned)).unwrap_or_default()
    };
    let said = text(&browser.get(&path).await);
    assert_eq!(text(&browser.get(&path).await), "", "once: {path}");
    said
}

async fn add_app(world: &World, browser: &mut Browser, name: &str) -> Page {
    let page = browser.get("/sign-in-methods/totp").await;
    let code = crate::first_sign_in::app_code(world, &crate::first_sign_in::key(&page));
    let fields = [("code", code.as_str()), ("device_name", name)];
    let answer = browser.post("/sign-in-methods/totp", &fields).await;
    world.clock.advance(Duration::seconds(30));
    answer
}

async fn change(browser: &mut Browser, user_id: &str, was: &str, method: &str) -> Page {
    browser.get("/profile").await;
    browser.post("/profile", &[("user_id", user_id), ("was", was), ("method", method)]).await
}

#[tokio::test]
async fn s2_s5_an_app_says_how_it_comes_to_be_asked_for_and_what_is_asked_for_without_it() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let answer = add_app(&world, &mut browser, "iphone17").await;
    assert_eq!(
        said(&mut browser, answer).await,
        "認証アプリのデバイス「iphone17」を登録しました。ログインのときに使うには、「プロフィール変更」の「認証方法」で「ワンタイムパスワード（OTP）アプリ認証」を選択してください。"
    );
    let answer = change(&mut browser, TARO.user_id, TARO.user_id, "totp").await;
    assert_eq!(
        said(&mut browser, answer).await,
        "認証方法を「ワンタイムパスワード（OTP）アプリ認証」に変更しました。次回のログインから使います。"
    );
    let answer = add_app(&world, &mut browser, "&lt;b&gt;").await;
    let text = said(&mut browser, answer).await;
    assert!(
        text.ends_with("を登録しました。次回のログインから、この認証方法を使います。"),
        "{text}"
    );

    for (number, next) in [
        "ログインには、残りのデバイスを使ってください。",
        "次回から、ワンタイムパスワード（OTP）メール認証でログインします。",
    ]
    .into_iter()
    .enumerate()
    {
        let methods = browser.get(METHODS).await;
        let mut links = methods.body.split("href=\"").filter_map(|part| part.split('"').next());
        let delete = links.find(|path| path.ends_with("/delete")).unwrap().to_owned();
        browser.get(&delete).await;
        let answer = browser.post(&delete, &[]).await;
        let text = said(&mut browser, answer).await;
        assert!(text.ends_with(&format!("を削除しました。{next}")), "{number}: {text}");
    }
}

#[tokio::test]
async fn s2_a_method_that_was_wanted_is_said_to_be_in_use_once_it_is_set_up() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let mut device = Device::at(KLINE);
    let answer = change(&mut browser, TARO.user_id, TARO.user_id, "passkey").await;
    assert_eq!(answer.location(), "/sign-in-methods/passkeys");
    let page = browser.get(answer.location()).await;
    let made = device.make(options(&page));
    let fields = [("credential", made.as_str()), ("name", "iPhone")];
    let answer = browser.post("/sign-in-methods/passkeys", &fields).await;
    assert_eq!(
        said(&mut browser, answer).await,
        "パスキー「iPhone」を登録しました。次回のログインから、この認証方法を使います。"
    );
}

#[tokio::test]
async fn s6_s7_s8_s9_each_change_says_what_happens_next() {
    let world = World::new().await;
    let mut other = world.sign_in(TARO).await;
    let mut browser = world.sign_in(TARO).await;
    let answer = change(&mut browser, "taro.kaiun", TARO.user_id, "email_code").await;
    let text = said(&mut browser, answer).await;
    assert_eq!(text, "ユーザIDを変更しました。次回から「taro.kaiun」でログインしてください。");
    let answer = change(&mut browser, "taro.kaiun", "taro.kaiun", "email_code").await;
    assert_eq!(said(&mut browser, answer).await, "変更された項目はありません。");

    browser.get("/profile/email").await;
    browser.post("/profile/email", &[("email", "new@example.jp")]).await;
    world.open_link(TARO, "new@example.jp").await;
    let answer = browser.get("/profile/email/sent?refresh=1").await;
    let text = said(&mut browser, answer).await;
    assert_eq!(
        text,
        "メールアドレスを確認しました。これからは new@example.jp にメールをお送りします。"
    );

    let page = browser.get("/profile/email/sent").await;
    assert_eq!(page.location(), "/profile");
    assert!(!browser.follow(page).await.shows("確認しました"), "nobody waits any more");

    browser.get("/sessions").await;
    let answer = browser.post("/sessions/others/end", &[]).await;
    let text = said(&mut browser, answer).await;
    assert!(text.starts_with("ほかのすべての端末からログアウトしました。"), "{text}");
    assert_eq!(other.get("/expenses").await.location(), "/sign-in");

    browser.get("/sign-in-methods/password").await;
    let fields = [("password", "Umikaze-2027"), ("again", "Umikaze-2027")];
    let answer = browser.post("/sign-in-methods/password", &fields).await;
    let text = said(&mut browser, answer).await;
    assert!(text.starts_with("パスワードを更新しました。次回から新しいパスワードで"), "{text}");

    browser.get("/").await;
    let answer = browser.post("/passkey-offer", &[]).await;
    let text = said(&mut browser, answer).await;
    assert!(text.contains("あとから「ログイン方法変更」で設定できます。"), "{text}");
}
