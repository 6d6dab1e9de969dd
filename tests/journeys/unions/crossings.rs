//! Cookies, tokens and links of another union open nothing, and leave a line on the trail (T15).

use axum::http::StatusCode;
use chrono::Duration;

use crate::support::browser::Browser;
use crate::support::people::{GORO, JIRO, Person, TARO};
use crate::support::world::World;

const SESSION: &str = "__Host-kosmo-session";
const VISIT: &str = "__Host-kosmo-visit";
const BROWSER: &str = "__Host-kosmo-browser";

impl World {
    /// Counts the lines of a union about something foreign, by what was presented.
    async fn foreign(&self, slug: &str, shown: &str) -> i64 {
        let tenant = self.tenant(slug);
        self.count(&format!(
            "select count(*) from audit_events
             where action = 'foreign.refused' and detail ->> 'shown' = '{shown}'
               and tenant_id = '{tenant}' and subject_login is null"
        ))
        .await
    }
}

/// Returns the name in a form in which a neighbouring host can set it for all hosts of the base
/// domain.
fn disguised(name: &str) -> String {
    name.replacen("__Host-", "__Host%2D", 1)
}

#[tokio::test]
async fn t15_a_disguised_cookie_is_nobodys() {
    let world = World::new().await;
    let attacker = world.sign_in(GORO).await;
    let mut victim = world.browser("klinekenpo");
    for name in [SESSION, VISIT, BROWSER] {
        victim.cookies.insert(disguised(name), attacker.cookies[name].clone());
    }
    let page = victim.get("/sign-in").await;
    assert_eq!(page.heading(), "ログイン");
    assert_ne!(victim.csrf, attacker.csrf);
    assert!(victim.cookies.contains_key(VISIT), "a visit of its own");
    let page = world.give_password(&mut victim, TARO).await;
    assert_eq!(page.location(), "/sign-in/code");
    victim.get("/sign-in/code").await;
    let code = world.mailed_code(TARO.email).await;
    victim.post("/sign-in/code", &[("code", &code)]).await;
    assert!(victim.get("/").await.body.contains("テスト　太郎"));
    let known = "select count(distinct token_hash) from known_browsers";
    assert_eq!(world.count(known).await, 2, "the attacker's browser is not known to be Taro's");
}

#[tokio::test]
async fn t15_a_cookie_that_comes_twice_is_believed_neither_time() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    assert_eq!(taro.get("/expenses").await.status, StatusCode::OK);
    let session = taro.cookies[SESSION].clone();
    taro.cookies.insert("a".to_owned(), format!("b; {SESSION}={session}"));
    assert_eq!(taro.get("/expenses").await.location(), "/sign-in");
}

#[tokio::test]
async fn s9_a_copied_visit_does_not_make_a_browser_known() {
    let world = World::new().await;
    let mut taro = world.browser("klinekenpo");
    taro.get("/sign-in").await;
    let visit = taro.cookies[VISIT].clone();
    world.give_password(&mut taro, TARO).await;
    taro.get("/sign-in/code").await;
    let code = world.mailed_code(TARO.email).await;
    taro.post("/sign-in/code", &[("code", &code)]).await;
    let mut copy = world.browser("klinekenpo");
    copy.cookies.insert(VISIT.to_owned(), visit);
    world.give_password(&mut copy, Person { password: "chigau-2026", ..TARO }).await;
    let known = "select coalesce(max(failures), 0)::bigint from known_browsers";
    assert_eq!(world.count(known).await, 0);
    let strangers = "select max(password_failures)::bigint from logins";
    assert_eq!(world.count(strangers).await, 1);
}

#[tokio::test]
async fn t15_a_browser_that_was_named_elsewhere_is_told_once_and_named_anew() {
    let world = World::new().await;
    let jiro = world.sign_in(JIRO).await;
    let mut at_kline = world.browser("klinekenpo");
    at_kline.cookies.insert(BROWSER.to_owned(), jiro.cookies[BROWSER].clone());
    for _ in 0..3 {
        at_kline.get("/sign-in").await;
    }
    assert!(!at_kline.cookies.contains_key(BROWSER));
    assert_eq!(world.foreign("klinekenpo", "cookie").await, 1);
}

#[tokio::test]
async fn t15_a_form_token_belongs_to_the_person_too() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    // A stranger who knows the visit knows its tokens from before the sign-in.
    let mut before = world.browser("klinekenpo");
    before.cookies.insert(VISIT.to_owned(), taro.cookies[VISIT].clone());
    before.get("/sign-in").await;
    assert!(!before.csrf.is_empty());
    taro.csrf = before.csrf;
    let answer = taro.post("/sign-out", &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(taro.get("/expenses").await.status, StatusCode::OK, "nobody is signed out");
    assert_eq!(world.foreign("klinekenpo", "form").await, 1);
}

#[tokio::test]
async fn t15_what_is_carried_over_from_another_union_leaves_a_line_there() {
    let world = World::new().await;
    let mut jiro = world.sign_in(JIRO).await;
    jiro.get("/sign-out").await;
    let mut at_kline = world.browser("klinekenpo");
    at_kline.cookies.insert(SESSION.to_owned(), jiro.cookies[SESSION].clone());
    assert_eq!(at_kline.get("/expenses").await.location(), "/sign-in");
    assert_eq!(world.foreign("klinekenpo", "session").await, 1);

    let mut at_kline = world.browser("klinekenpo");
    at_kline.cookies.insert(VISIT.to_owned(), jiro.cookies[VISIT].clone());
    at_kline.get("/sign-in").await;
    assert_eq!(world.foreign("klinekenpo", "cookie").await, 1);
    at_kline.csrf = jiro.csrf.clone();
    let fields = [("user_id", TARO.user_id)];
    let page = at_kline.post("/forgotten-password", &fields).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(world.foreign("klinekenpo", "form").await, 1);

    let mut asks = world.browser("jomkenpo");
    asks.get("/forgotten-password").await;
    asks.post("/forgotten-password", &[("user_id", JIRO.user_id)]).await;
    world.deliver().await;
    let mails = world.mails_to(JIRO.email).into_iter();
    let link = link_in(&mails.collect::<String>());
    let mut stranger = world.browser("klinekenpo");
    assert_eq!(stranger.get(&link).await.status, StatusCode::GONE);
    let confirmation = link.replace("/reset-password", "/confirm-email");
    assert_eq!(stranger.get(&confirmation).await.status, StatusCode::GONE);
    assert_eq!(world.foreign("klinekenpo", "link").await, 2);
    assert_eq!(world.browser("jomkenpo").get(&link).await.status, StatusCode::OK, "still good");

    let mut elsewhere = world.browser("klinekenpo");
    elsewhere.get("/sign-in").await;
    elsewhere.headers.retain(|(name, _)| *name != "sec-fetch-site");
    elsewhere.headers.push(("sec-fetch-site", "same-site".to_owned()));
    let page = elsewhere.post("/sign-in", &[("user_id", "x"), ("password", "x")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(world.foreign("klinekenpo", "origin").await, 1);
    for shown in ["session", "cookie", "form", "link", "origin"] {
        assert_eq!(world.foreign("jomkenpo", shown).await, 0, "{shown}: not where it came from");
    }
}

#[tokio::test]
async fn t15_a_sibling_that_shows_much_fills_no_trail() {
    let world = World::new().await;
    let jiro = world.sign_in(JIRO).await;
    let mut at_kline = Browser::new(world.router.clone(), "www.klinekenpo.localhost:8080");
    for _ in 0..30 {
        at_kline.cookies.insert(SESSION.to_owned(), jiro.cookies[SESSION].clone());
        at_kline.get("/expenses").await;
    }
    assert_eq!(world.foreign("klinekenpo", "session").await, 10);
    world.clock.advance(Duration::minutes(1));
    at_kline.cookies.insert(SESSION.to_owned(), jiro.cookies[SESSION].clone());
    at_kline.get("/expenses").await;
    assert_eq!(world.foreign("klinekenpo", "session").await, 11);
}

#[tokio::test]
async fn t15_an_ended_session_of_the_same_union_does_not_count_as_foreign() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let mut stolen = taro.clone();
    taro.sign_out().await;
    assert_eq!(stolen.get("/expenses").await.location(), "/sign-in");
    assert_eq!(world.foreign("klinekenpo", "session").await, 0);
}

fn link_in(mail: &str) -> String {
    let (_, rest) = mail.split_once("/reset-password?token=").expect("a link");
    let token = rest.split_whitespace().next().expect("a token");
    format!("/reset-password?token={token}")
}
