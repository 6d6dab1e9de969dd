//! Recovery codes, which replace a lost second factor.

use axum::http::StatusCode;
use chrono::Duration;

use crate::passkeys::KLINE;
use crate::support::browser::{Browser, Page};
use crate::support::first_sign_in::hidden;
use crate::support::people::{GORO, SABURO, TARO};
use crate::support::world::World;

const SET: &str = "/sign-in-methods/recovery-codes";
const USE: &str = "/sign-in/recovery-code";

fn codes(page: &Page) -> Vec<String> {
    let parts = page.body.split("<code>").skip(1);
    parts.filter_map(|part| part.split('<').next()).map(str::to_owned).collect()
}

async fn make(browser: &mut Browser) -> Vec<String> {
    let seen = hidden(&browser.get(SET).await, "made_at");
    let page = browser.post(SET, &[("made_at", &seen)]).await;
    let again = browser.post(SET, &[("made_at", &seen)]).await;
    assert!(!again.shows("もう一度") && codes(&again).is_empty(), "a second click makes none");
    assert!(page.shows("もう一度表示することはできません。"), "{}", page.text());
    codes(&page)
}

#[tokio::test]
async fn ten_codes_are_shown_once_and_each_signs_in_once() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let mut without = world.browser("klinekenpo");
    world.give_password(&mut without, TARO).await;
    assert!(!without.get("/sign-in/code").await.shows("リカバリーコード"), "there is none to use");
    let set = make(&mut browser).await;
    assert_eq!(set.len(), 10);
    assert!(!browser.cookies.contains_key("__Host-kosmo-answer"), "kept nowhere");
    for code in &set {
        let groups: Vec<usize> = code.split('-').map(str::len).collect();
        assert_eq!(groups, [4; 4], "short enough to be written down: {code}");
    }
    assert!(browser.get(SET).await.shows("未使用のコードが10個あります。"));
    assert_eq!(codes(&browser.get(SET).await).len(), 0, "never again");
    let stored = "select count(*) from recovery_codes where octet_length(code_hash) = 32";
    assert_eq!(world.count(stored).await, 10, "hashed");

    let mut lost = world.browser("klinekenpo");
    world.give_password(&mut lost, TARO).await;
    assert!(lost.get("/sign-in/code").await.shows("リカバリーコードを使う"));
    lost.get(USE).await;
    for wrong in ["", "abcd-efgh", "<b>"] {
        let page = lost.post(USE, &[("code", wrong)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    let typed = set[0].to_uppercase().replace('-', " ");
    let clicks = (0..8).map(|_| {
        let (mut browser, typed) = (lost.clone(), typed.clone());
        async move { browser.post(USE, &[("code", &typed)]).await }
    });
    let answers = futures_util::future::join_all(clicks).await;
    let done = answers.iter().filter(|page| page.headers.contains_key("set-cookie")).count();
    assert_eq!(done, 1, "of eight clicks one does it");
    world.clock.advance(Duration::seconds(1));
    let mut again = world.browser("klinekenpo");
    world.give_password(&mut again, TARO).await;
    again.get(USE).await;
    let page = again.post(USE, &[("code", &set[0])]).await;
    assert!(page.shows("リカバリーコードが正しくありません。"), "{}", page.text());
    let failures = "select coalesce(max(second_factor_failures), 0)::bigint from logins";
    assert_eq!(world.count(failures).await, 0, "a code that was right once is no guess");
    let pasted = format!("\u{feff}\u{202a}{}\u{202c}", set[1].replace('-', "‐"));
    again.post(USE, &[("code", &pasted)]).await;
    assert!(again.get("/").await.heading().starts_with("ようこそ"));
    assert!(again.get(SET).await.shows("未使用のコードが8個あります。"));
    world.deliver().await;
    let told = world.mails_to(TARO.email);
    assert!(told.iter().any(|mail| mail.contains("リカバリーコードによるログイン")));
}

#[tokio::test]
async fn a_new_set_kills_the_old_and_one_persons_codes_are_no_other_persons() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let old = make(&mut taro).await;
    world.clock.advance(Duration::seconds(1));
    let new = make(&mut taro).await;
    let mut goro = world.sign_in(GORO).await;
    make(&mut goro).await;
    let mut browser = world.browser("klinekenpo");
    world.give_password(&mut browser, GORO).await;
    browser.get(USE).await;
    for code in [&old[0], &new[0]] {
        let page = browser.post(USE, &[("code", code)]).await;
        assert!(page.shows("正しくありません"), "{}", page.text());
    }
    let mut browser = world.browser("klinekenpo");
    world.give_password(&mut browser, TARO).await;
    browser.get(USE).await;
    assert!(browser.post(USE, &[("code", &old[3])]).await.shows("正しくありません"));
    assert!(browser.post(USE, &[("code", &new[3])]).await.status.is_redirection());
}

#[tokio::test]
async fn t4_the_policy_may_turn_them_off_and_people_without_a_factor_need_none() {
    let world = World::new().await;
    let mut saburo = world.sign_in(SABURO).await;
    saburo.get("/reauthenticate?next=/sign-in-methods/recovery-codes").await;
    let fields = [("password", SABURO.password), ("next", SET)];
    saburo.post("/reauthenticate", &fields).await;
    assert_eq!(saburo.get(SET).await.status, StatusCode::NOT_FOUND);
    world.change_policy("klinekenpo", |config| config.sign_in.recovery_codes = false).await;
    let mut taro = world.sign_in(TARO).await;
    assert!(!taro.get("/sign-in-methods").await.shows("リカバリーコード"));
    assert_eq!(taro.get(SET).await.status, StatusCode::NOT_FOUND);
    let mut browser = world.browser("klinekenpo");
    world.give_password(&mut browser, TARO).await;
    assert_eq!(browser.get(USE).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn l4_the_policy_may_widen_the_apps_window() {
    let world = World::new().await;
    for (window, late, accepted) in [(0, 30, false), (1, 30, true), (1, 60, false)] {
        world.change_policy("klinekenpo", |config| config.sign_in.totp_window = window).await;
        let mut browser = world.sign_in(TARO).await;
        let page = browser.get("/sign-in-methods/totp").await;
        let code = crate::first_sign_in::app_code(&world, &crate::first_sign_in::key(&page));
        world.clock.advance(Duration::seconds(late));
        let name = format!("{window} {late}");
        let fields = [("code", code.as_str()), ("device_name", name.as_str())];
        let done = browser.post("/sign-in-methods/totp", &fields).await;
        assert_eq!(done.status.is_redirection(), accepted, "{name}: {}", done.text());
    }
}

#[tokio::test]
async fn s4_a_person_who_lost_the_passkey_proves_password_and_recovery_code() {
    let world = World::new().await;
    let (_, mut browser) = world.with_passkey(TARO, KLINE).await;
    let set = make(&mut browser).await;
    world.clock.advance(Duration::minutes(6));
    assert_eq!(browser.get("/profile").await.location(), "/reauthenticate?next=/profile");
    let page = browser.get("/reauthenticate/passkey?next=/profile").await;
    let link = "/reauthenticate/recovery-code?next=/profile";
    assert!(page.shows("リカバリーコードを使う"), "{}", page.text());
    let page = browser.get(link).await;
    assert_eq!(page.heading(), "続行するには再度認証してください", "the password first");
    let early = [("next", "/profile"), ("code", set[0].as_str())];
    let page = browser.post("/reauthenticate/recovery-code", &early).await;
    assert_eq!(page.heading(), "続行するには再度認証してください", "never without it");
    let wrong = [("next", "/profile"), ("password", "no"), ("recovery", "on")];
    assert!(browser.post("/reauthenticate", &wrong).await.body.contains("name=\"recovery\""));
    let right = [("next", "/profile"), ("password", TARO.password), ("recovery", "on")];
    assert_eq!(browser.post("/reauthenticate", &right).await.location(), link);
    assert_eq!(browser.get(link).await.heading(), "リカバリーコードの入力");
    for code in ["", "abcd", "<b>"] {
        let typed = [("next", "/profile"), ("code", code)];
        let page = browser.post("/reauthenticate/recovery-code", &typed).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{code}");
    }
    let done = browser.post("/reauthenticate/recovery-code", &early).await;
    assert_eq!(done.location(), "/profile");
    assert_eq!(browser.get("/profile").await.status, StatusCode::OK);
    assert_eq!(browser.get(link).await.location(), "/profile", "nothing is due any more");
    assert!(browser.get(SET).await.shows("未使用のコードが9個あります。"));
    world.change_policy("klinekenpo", |policy| policy.sign_in.recovery_codes = false).await;
    assert_eq!(browser.get(link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nobody_is_offered_a_code_before_there_can_be_one() {
    use crate::first_sign_in::BY_LETTER;
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    let page = world.walk_to(&mut browser, BY_LETTER, "/sign-in/code").await;
    assert!(!page.shows("リカバリーコード"), "{}", page.text());
    assert_eq!(browser.get(USE).await.location(), "/sign-in/code");
}

#[tokio::test]
async fn a_set_of_the_longer_codes_that_was_made_before_still_signs_in() {
    let world = World::new().await;
    let code = "abcdefghjkmnpqrstwxyz234";
    let kept = format!(
        "insert into recovery_codes (tenant_id, realm, login_id, code_hash, created_at)
         select l.tenant_id, l.realm, id, sha256(convert_to('recovery code ' || id || ' {code}', 'UTF8')), now()
         from logins l join subscribers s on s.login_id = l.id
         where user_id = 'taro_k' and member_code = 'K1'"
    );
    world.execute(&kept).await;
    let mut browser = world.browser("klinekenpo");
    world.give_password(&mut browser, TARO).await;
    browser.get(USE).await;
    let page = browser.post(USE, &[("code", "abcd-efgh-jkmn-pqrs-twxy-z235")]).await;
    assert!(page.shows("リカバリーコードが正しくありません。"), "{}", page.text());
    let done = browser.post(USE, &[("code", "ABCD-EFGH-JKMN-PQRS-TWXY-Z234")]).await;
    assert!(done.status.is_redirection(), "{}", done.text());
}
