//! ログイン状態の保存 (L11): a remembered sign-in and its tokens, and known browsers (S9).

use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use chrono::Duration;

use crate::support::browser::{Browser, Page};
use crate::support::people::{Person, SABURO, TARO};
use crate::support::world::World;

const SESSION: &str = "__Host-kosmo-session";
const NEW_BROWSER: &str = "【KOSMOWeb】新しい端末からのログイン";
const COPIED: &str = "複製された可能性";

/// Returns the session's cookie, if the answer sets one.
fn session_cookie(page: &Page) -> Option<&str> {
    let mut cookies = page.headers.get_all(SET_COOKIE).into_iter();
    cookies.find_map(|cookie| cookie.to_str().ok().filter(|text| text.starts_with(SESSION)))
}

fn lasts_30_days(page: &Page) -> bool {
    session_cookie(page).is_some_and(|cookie| cookie.contains("Max-Age=2592000"))
}

async fn give_password(browser: &mut Browser, person: Person) -> Page {
    browser.get("/sign-in").await;
    let fields = [("user_id", person.user_id), ("password", person.password), ("remember", "on")];
    browser.post("/sign-in", &fields).await
}

/// Returns a browser that keeps Taro signed in.
async fn kept(world: &World) -> Browser {
    world.clock.advance(Duration::milliseconds(1));
    let mut browser = world.browser("klinekenpo");
    give_password(&mut browser, TARO).await;
    browser.get("/sign-in/code").await;
    let code = world.mailed_code(TARO.email).await;
    browser.post("/sign-in/code", &[("code", &code)]).await;
    browser
}

async fn mails(world: &World, words: &str) -> usize {
    world.deliver().await;
    world.mails_to(TARO.email).iter().filter(|mail| mail.contains(words)).count()
}

#[tokio::test]
async fn l11_a_kept_sign_in_outlives_the_browser_for_as_long_as_the_policy_says() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    assert!(browser.get("/sign-in").await.shows("ログイン状態の保存"));
    assert!(lasts_30_days(&give_password(&mut browser, TARO).await));
    browser.get("/sign-in/code").await;
    let code = world.mailed_code(TARO.email).await;
    let answer = browser.post("/sign-in/code", &[("code", &code)]).await;
    assert!(lasts_30_days(&answer), "and so under its newer token");
    world.clock.advance(Duration::days(30) - Duration::seconds(1));
    assert_eq!(browser.get("/expenses").await.status, StatusCode::OK);
    world.clock.advance(Duration::seconds(1));
    assert_eq!(browser.get("/expenses").await.status, StatusCode::UNAUTHORIZED);

    let mut browser = world.browser("klinekenpo");
    let answer = world.give_password(&mut browser, TARO).await;
    assert!(!session_cookie(&answer).unwrap().contains("Max-Age"));
    // Seed 004 shows no such box, and a forged form can't add it.
    let mut browser = world.browser("jrckenpo");
    assert!(!browser.get("/sign-in").await.shows("ログイン状態の保存"));
    let answer = give_password(&mut browser, SABURO).await;
    assert!(!session_cookie(&answer).unwrap().contains("Max-Age"));
}

#[tokio::test]
async fn l11_a_kept_sign_in_gets_another_token_every_hour_whatever_page_it_asks_for() {
    let world = World::new().await;
    let mut browser = kept(&world).await;
    assert_eq!(session_cookie(&browser.get("/expenses").await), None);
    for path in ["/expenses", "/", "/sign-in", "/no-such-page", "/sign-in/code"] {
        world.clock.advance(Duration::hours(25));
        let before = browser.cookies[SESSION].clone();
        let answer = browser.get(path).await;
        assert!(session_cookie(&answer).is_some_and(|cookie| cookie.contains("Max-Age")), "{path}");
        assert_ne!(browser.cookies[SESSION], before, "{path}");
        assert_eq!(session_cookie(&browser.get("/expenses").await), None, "the new one is young");
    }
    world.clock.advance(Duration::hours(2));
    assert_eq!(session_cookie(&browser.get("/assets/app.css").await), None);
    let page = browser.get("/profile").await;
    assert_eq!(page.location(), "/reauthenticate?next=/profile", "sensitive pages still ask");
}

#[tokio::test]
async fn l11_requests_at_once_and_answers_that_get_lost_sign_nobody_out() {
    let world = World::new().await;
    let mut browser = kept(&world).await;
    world.clock.advance(Duration::hours(3));
    let old = browser.clone();
    let requests = (0..12).map(|_| {
        let mut browser = old.clone();
        async move { browser.get("/expenses").await }
    });
    let answers = futures_util::future::join_all(requests).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
    let handed_out: Vec<_> = answers.iter().filter_map(session_cookie).collect();
    assert_eq!(handed_out.len(), 1, "one token, whoever is first");

    // The browser never got that answer.
    world.clock.advance(Duration::hours(5));
    let answer = browser.get("/expenses").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(session_cookie(&answer).is_some(), "another one");
    world.clock.advance(Duration::minutes(5));
    assert_eq!(browser.get("/expenses").await.status, StatusCode::OK);
    assert_eq!(mails(&world, COPIED).await, 0);
}

#[tokio::test]
async fn l11_a_token_that_comes_back_ends_the_session_and_the_person_is_told() {
    let world = World::new().await;
    for rotations in [1, 3] {
        let mut mine = kept(&world).await;
        let mut thief = mine.clone();
        for _ in 0..rotations {
            world.clock.advance(Duration::hours(3));
            assert_eq!(thief.get("/expenses").await.status, StatusCode::OK);
            assert_eq!(thief.get("/expenses").await.status, StatusCode::OK);
        }
        world.clock.advance(Duration::minutes(2));
        assert_eq!(mine.get("/expenses").await.location(), "/sign-in", "{rotations}");
        assert_eq!(thief.get("/expenses").await.location(), "/sign-in", "{rotations}");
    }
    assert_eq!(mails(&world, COPIED).await, 2);
    let lines = "select count(*) from audit_events where action = 'session.token_copied'";
    assert_eq!(world.count(lines).await, 2);
}

#[tokio::test]
async fn l11_a_thief_who_comes_before_the_newest_token_was_shown_is_noticed_too() {
    let world = World::new().await;
    for owner_first in [true, false] {
        let mut mine = kept(&world).await;
        let mut thief = mine.clone();
        let (first, second) = match owner_first {
            true => (&mut mine, &mut thief),
            false => (&mut thief, &mut mine),
        };
        world.clock.advance(Duration::hours(3));
        assert_eq!(first.get("/expenses").await.status, StatusCode::OK, "and never again");
        world.clock.advance(Duration::minutes(2));
        assert_eq!(second.get("/expenses").await.status, StatusCode::OK, "as after a lost answer");
        world.clock.advance(Duration::minutes(2));
        assert_eq!(first.get("/expenses").await.location(), "/sign-in", "{owner_first}");
        assert_eq!(second.get("/expenses").await.location(), "/sign-in", "{owner_first}");
    }
    assert_eq!(mails(&world, COPIED).await, 2);
}

#[tokio::test]
async fn a_lost_answer_to_a_new_password_is_no_theft() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let page = "/sign-in-methods/password";
    browser.get(page).await;
    let before = browser.cookies.clone();
    browser.post(page, &[("password", "Atarashii-2026"), ("again", "Atarashii-2026")]).await;
    browser.cookies = before;
    world.clock.advance(Duration::minutes(2));
    assert_eq!(browser.get("/expenses").await.location(), "/", "a guest, no thief");
    assert_eq!(mails(&world, COPIED).await, 0);
    let again = Person { password: "Atarashii-2026", ..TARO };
    world.give_password(&mut browser, again).await;
    let living = "select count(*) from sessions where ended_at is null";
    assert_eq!(world.count(living).await, 1, "the one whose token got lost has ended");
}

#[tokio::test]
async fn l11_s4_a_code_is_right_though_the_answer_with_the_newer_token_was_lost() {
    let world = World::new().await;
    let mut browser = kept(&world).await;
    world.clock.advance(Duration::hours(3));
    let before = browser.cookies.clone();
    browser.get("/expenses").await;
    browser.cookies = before;
    browser.get("/reauthenticate?next=/profile").await;
    let fields = [("password", TARO.password), ("next", "/profile")];
    let asked = browser.post("/reauthenticate", &fields).await;
    assert_eq!(asked.location(), "/reauthenticate/code?next=/profile");
    let code = world.mailed_code(TARO.email).await;
    let fields = [("code", code.as_str()), ("next", "/profile")];
    let done = browser.post("/reauthenticate/code", &fields).await;
    assert_eq!(done.location(), "/profile", "{}", done.text());
    assert_eq!(browser.get("/profile").await.status, StatusCode::OK);
}

#[tokio::test]
async fn l11_where_the_policy_says_so_who_comes_back_proves_the_second_factor() {
    let world = World::new().await;
    world
        .change_policy("klinekenpo", |policy| policy.sign_in.remember_asks_second_factor = true)
        .await;
    let mut browser = kept(&world).await;
    world.clock.advance(Duration::minutes(20));
    assert_eq!(browser.get("/expenses").await.status, StatusCode::OK, "no rest yet");
    world.clock.advance(Duration::hours(9));
    assert_eq!(browser.get("/expenses").await.location(), "/sign-in/code");
    let sent = mails(&world, "ワンタイムパスワードのお知らせ").await;
    for _ in 0..2 {
        assert!(browser.get("/sign-in/code").await.heading().contains("メール認証"));
    }
    assert_eq!(mails(&world, "ワンタイムパスワードのお知らせ").await, sent + 1, "one code");
    // Days later the browser is opened again: it needs no password, but a code.
    world.clock.advance(Duration::days(2));
    assert_eq!(browser.get("/expenses").await.location(), "/sign-in/code");
    browser.get("/sign-in/code").await;
    browser.post("/sign-in/code/resend", &[]).await;
    let code = world.mailed_code(TARO.email).await;
    browser.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(browser.get("/expenses").await.status, StatusCode::OK);
    let page = browser.get("/profile").await;
    assert_eq!(page.location(), "/reauthenticate?next=/profile", "a code is no password");
    // The code of a moment ago is used up, so that another one goes out at once.
    let sent = mails(&world, "ワンタイムパスワードのお知らせ").await;
    world.clock.advance(Duration::seconds(1));
    browser.get("/reauthenticate?next=/profile").await;
    let fields = [("password", TARO.password), ("next", "/profile")];
    let asked = browser.post("/reauthenticate", &fields).await;
    assert_eq!(asked.location(), "/reauthenticate/code?next=/profile");
    assert_eq!(mails(&world, "ワンタイムパスワードのお知らせ").await, sent + 1);
    let code = world.mailed_code(TARO.email).await;
    let fields = [("code", code.as_str()), ("next", "/profile")];
    assert_eq!(browser.post("/reauthenticate/code", &fields).await.location(), "/profile");
}

#[tokio::test]
async fn s9_a_browser_that_was_not_seen_before_is_told_by_mail_once() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    assert_eq!(mails(&world, NEW_BROWSER).await, 1);
    browser.sign_out().await;
    world.give_password(&mut browser, TARO).await;
    assert_eq!(mails(&world, NEW_BROWSER).await, 1, "half a sign-in tells nothing");
    browser.get("/sign-in/code").await;
    let code = world.mailed_code(TARO.email).await;
    browser.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(mails(&world, NEW_BROWSER).await, 1, "the same browser");
    browser.cookies.clear();
    world.clock.advance(Duration::minutes(1));
    let mut other = world.sign_in(TARO).await;
    assert_eq!(mails(&world, NEW_BROWSER).await, 2);
    other.cookies.retain(|name, _| name != SESSION && name != "__Host-kosmo-visit");
    world.give_password(&mut other, TARO).await;
    other.get("/sign-in/code").await;
    let code = world.mailed_code(TARO.email).await;
    other.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(mails(&world, NEW_BROWSER).await, 2, "known though its window was closed");
    // If the union asks for no second factor, a password alone completes the sign-in.
    for times in 1..=2 {
        world.sign_in(SABURO).await;
        world.deliver().await;
        let told = world.mails_to(SABURO.email);
        assert_eq!(told.iter().filter(|mail| mail.contains(NEW_BROWSER)).count(), times);
    }
}
