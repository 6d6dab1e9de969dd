//! Setting up the second factor that was chosen (F10, L5): the app. Passkeys need a browser.

use axum::http::StatusCode;
use chrono::Duration;
use totp_rs::{Builder, Secret};

use super::{AT_ONCE, BY_LETTER};
use crate::support::browser::{Browser, Page};
use crate::support::first_sign_in::Answers;
use crate::support::people::Person;
use crate::support::world::World;

const SET_UP: &str = "/sign-in/totp/set-up";
const WITH_APP: Answers = Answers { method: "totp", ..AT_ONCE };

/// Returns the key that a person would type into the app.
pub(crate) fn key(page: &Page) -> String {
    let (_, rest) = page.body.split_once("id=\"totp-key\">").expect("a key");
    rest.split('<').next().expect("its end").to_owned()
}

/// Returns the code that the app would show now.
pub(crate) fn app_code(world: &World, key: &str) -> String {
    let secret =
        Secret::try_from_base32(key.replace(' ', "").to_uppercase()).expect("a key in base 32");
    let app = Builder::new().with_secret(secret).with_account_name("x").build_noncompliant();
    app.generate(world.clock.now().timestamp().unsigned_abs()).to_string()
}

async fn finish(browser: &mut Browser, code: &str, name: &str) -> Page {
    browser.post(SET_UP, &[("code", code), ("device_name", name)]).await
}

#[tokio::test]
async fn l5_the_first_code_of_the_app_ends_the_set_up() {
    let world = World::new().await;
    let mut browser = world.begin(WITH_APP).await;
    let page = world.walk_to(&mut browser, WITH_APP, SET_UP).await;
    assert_eq!(page.heading(), "ワンタイムパスワードの設定");
    assert!(page.shows("Google Authenticator") && page.shows("FreeOTP"));
    assert!(page.shows("スキャンできませんか？") && page.shows("全6ステップ中6"));
    let key = key(&page);
    assert_eq!(key.split(' ').map(str::len).collect::<Vec<_>>(), [4; 8], "{key}");
    let here = "href=\"otpauth://totp/";
    assert!(page.body.contains(here), "for an app on the same device: {}", page.body);
    assert!(page.body.contains(&format!("secret={}", key.replace(' ', "").to_uppercase())));
    for store in
        ["https://apps.apple.com/jp/app/", "https://play.google.com/store/apps/details?id="]
    {
        assert_eq!(page.body.matches(store).count(), 3, "{store}");
    }
    let qr = browser.get("/sign-in/totp/qr.png").await;
    assert_eq!(qr.headers["content-type"], "image/png");
    assert!(self::key(&browser.get(SET_UP).await) == key, "the same key, however often shown");

    let page = finish(&mut browser, "000000", "iphone17").await;
    assert!(page.shows("認証コードが異なります"), "{}", page.text());
    assert!(page.shows("端末の時刻が自動設定になっているか"), "{}", page.text());
    assert!(page.body.contains("value=\"iphone17\""), "the name stays");
    let page = finish(&mut browser, "", "").await;
    assert!(page.shows("ワンタイムパスワードを入力してください。"));
    assert!(page.shows("デバイス名を入力してください。"));
    let old = app_code(&world, &key);
    world.clock.advance(Duration::seconds(30));
    let page = finish(&mut browser, &old, "iphone17").await;
    assert!(page.shows("認証コードが異なります"), "a code is good for its own 30 seconds");
    let spaced = app_code(&world, &key.to_lowercase());
    let spaced = format!("\u{200e}{} – {}\u{200b}", &spaced[..3], &spaced[3..]);
    let done = finish(&mut browser, &spaced, "iphone17").await;
    assert!(browser.follow(done).await.location().is_empty());
    assert!(browser.get("/").await.heading().starts_with("ようこそ"));
    let seeds = "select count(*) from devices where octet_length(secret) = 24 + 20 + 16";
    assert_eq!(world.count(seeds).await, 1, "sealed at rest");
    assert_eq!(world.count("select count(*) from totp_enrolments").await, 0);

    // The next sign-in asks for a code of the app, and takes each code only once.
    let own = Person { password: WITH_APP.own_password, ..WITH_APP.person };
    let mut browser = world.browser("kddikenpo");
    assert_eq!(world.give_password(&mut browser, own).await.location(), "/sign-in/totp");
    let page = browser.get("/sign-in/totp").await;
    let device = crate::support::first_sign_in::hidden(&page, "device");
    let used = app_code(&world, &key);
    let page = browser.post("/sign-in/totp", &[("device", &device), ("code", &used)]).await;
    assert!(
        page.shows("ワンタイムパスワードが正しくありません"),
        "the enrolment's code is used up"
    );
    world.clock.advance(Duration::seconds(30));
    let code = app_code(&world, &key);
    let tries = (0..20).map(|_| {
        let mut browser = browser.clone();
        let fields = [("device", device.clone()), ("code", code.clone())];
        async move {
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.post("/sign-in/totp", &fields).await
        }
    });
    let answers = futures_util::future::join_all(tries).await;
    let set = |page: &&Page| {
        page.headers.contains_key("set-cookie") && page.status == StatusCode::SEE_OTHER
    };
    assert_eq!(answers.iter().filter(set).count(), 1, "twenty tries at once, one success");
    let counted = "select count(*) from logins where locked_at is not null
                   or second_factor_failures > 0";
    assert_eq!(world.count(counted).await, 0, "and no click counts as a wrong guess");
    // A stranger who has the password and saw the code can't sign in with it, nor lock the person out.
    let mut late = world.browser("kddikenpo");
    world.give_password(&mut late, own).await;
    late.get("/sign-in/totp").await;
    for _ in 0..12 {
        let page = late.post("/sign-in/totp", &[("device", &device), ("code", &code)]).await;
        assert!(page.shows("ワンタイムパスワードが正しくありません"), "{}", page.text());
    }
    assert_eq!(world.count(counted).await, 0, "a right one that comes again is no guess");
    let lines = "select count(*) from audit_events
                 where action = 'totp.refused' and (detail ->> 'replayed')::boolean";
    assert!(world.count(lines).await >= 12);
}

#[tokio::test]
async fn l2_wrong_codes_in_a_row_lock_the_account() {
    let world = World::new().await;
    let mut browser = world.begin(WITH_APP).await;
    let page = world.walk_to(&mut browser, WITH_APP, SET_UP).await;
    finish(&mut browser, &app_code(&world, &key(&page)), "app").await;
    let own = Person { password: WITH_APP.own_password, ..WITH_APP.person };
    let mut browser = world.browser("kddikenpo");
    world.give_password(&mut browser, own).await;
    let page = browser.get("/sign-in/totp").await;
    let device = crate::support::first_sign_in::hidden(&page, "device");
    for _ in 0..10 {
        let page = browser.post("/sign-in/totp", &[("device", &device), ("code", "000000")]).await;
        assert_eq!(page.heading(), "ワンタイムパスワードの入力");
    }
    let page = browser.post("/sign-in/totp", &[("device", &device), ("code", "000000")]).await;
    assert!(page.shows("アカウントをロックしました"), "{}", page.text());
    let page = world.give_password(&mut world.browser("kddikenpo"), own).await;
    assert!(page.shows("無効なユーザIDまたはパスワードです。"));
}

#[tokio::test]
async fn s2_a_method_that_is_not_set_up_yet_can_be_chosen_again() {
    let world = World::new().await;
    let with_passkey = Answers { method: "passkey", ..BY_LETTER };
    let mut browser = world.begin(with_passkey).await;
    let page = world.walk_to(&mut browser, with_passkey, "/sign-in/passkey/set-up").await;
    assert_eq!(page.heading(), "セキュリティキーの登録");
    assert!(page.body.contains("nideckenpo.localhost") && page.shows("認証方法を選び直す"));
    let refused = browser
        .post("/sign-in/passkey/set-up", &[("credential", "{}"), ("name", "パスキー")])
        .await;
    assert!(refused.shows("セキュリティキーの登録が無効です"), "{}", refused.text());
    browser.get("/sign-in/method").await;
    let page = browser.post("/sign-in/method", &[("method", "none")]).await;
    assert!(page.shows("認証方法を選択してください。"));
    browser.post("/sign-in/method", &[("method", "email_code")]).await;
    assert_eq!(browser.get("/sign-in/continue").await.location(), "/sign-in/code");
    let code = world.mailed_code(BY_LETTER.person.email).await;
    browser.get("/sign-in/code").await;
    browser.post("/sign-in/code", &[("code", &code)]).await;
    assert!(browser.get("/").await.heading().starts_with("ようこそ"));
    assert_eq!(browser.get("/sign-in/method").await.location(), "/", "no longer");
}
