//! A refusal is safe to repeat: Back, a reload and a second tab do nothing new.

use axum::http::{Method, StatusCode};
use chrono::Duration;

use crate::support::browser::{Browser, Page};
use crate::support::people::TARO;
use crate::support::world::World;

const REFUSED: &str = "無効なユーザIDまたはパスワードです。";

/// Sends a wrong password, and returns the address of the answer.
async fn mistaken(browser: &mut Browser) -> String {
    browser.get("/sign-in").await;
    let body = format!("user_id={}&password=chigau&csrf={}", TARO.user_id, browser.csrf);
    let page = browser.request(Method::POST, "/sign-in", body).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    page.location().to_owned()
}

fn is_refusal(page: &Page) -> bool {
    page.status == StatusCode::UNPROCESSABLE_ENTITY
        && page.shows(REFUSED)
        && page.title().starts_with("エラー: ")
        && page.body.contains(&format!("value=\"{}\"", TARO.user_id))
}

fn is_fresh(page: &Page) -> bool {
    page.status == StatusCode::OK && page.heading() == "ログイン" && !page.shows(REFUSED)
}

#[tokio::test]
async fn l1_eleven_reloads_after_one_wrong_password_lock_nobody() {
    let world = World::new().await;
    let mut browser = world.browser(TARO.union);
    let answer = mistaken(&mut browser).await;
    for reload in 0..11 {
        assert!(is_refusal(&browser.get(&answer).await), "reload {reload}");
    }
    let spent = "select coalesce(max(password_failures), 0)::bigint from logins";
    assert_eq!(world.count(spent).await, 1);
    assert!(is_fresh(&browser.get("/sign-in").await), "Back");
}

#[tokio::test]
async fn l1_an_answer_is_for_its_browser_its_address_and_five_minutes() {
    let world = World::new().await;
    let mut browser = world.browser(TARO.union);
    let answer = mistaken(&mut browser).await;
    let kept = browser.cookies["__Host-kosmo-answer"].clone();
    assert!(!kept.contains(TARO.user_id) && kept.len() < 3_900);

    let mut stranger = world.browser(TARO.union);
    stranger.cookies.insert("__Host-kosmo-answer".to_owned(), kept.clone());
    assert!(is_fresh(&stranger.get(&answer).await), "another visit");
    let name = answer.split_once('?').unwrap().1;
    let elsewhere = browser.get(&format!("/forgotten-password?{name}")).await;
    assert!(!elsewhere.shows(REFUSED), "another address");
    let other = browser.get("/sign-in?answer=00000000").await;
    assert!(is_fresh(&other), "another answer");

    world.clock.advance(Duration::minutes(5));
    assert!(is_fresh(&browser.get(&answer).await), "five minutes later");
}

#[tokio::test]
async fn l2_a_lockout_in_the_middle_of_a_sign_in_is_told_where_signing_in_begins() {
    let world = World::new().await;
    let mut browser = world.browser(TARO.union);
    world.give_password(&mut browser, TARO).await;
    browser.get("/sign-in/code").await;
    let mut page = browser.post("/sign-in/code", &[("code", "000000")]).await;
    while browser.cookies.contains_key("__Host-kosmo-session") {
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        page = browser.post("/sign-in/code", &[("code", "000000")]).await;
    }
    assert_eq!(page.heading(), "ログイン");
    assert!(page.shows("お問い合わせ"), "{}", page.text());
}

#[tokio::test]
async fn a_page_that_was_kept_behind_sign_in_is_gone_with_the_session() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    world.clock.advance(Duration::minutes(6));
    browser.get("/reauthenticate").await;
    let body = format!("password=&next=%2Fprofile&csrf={}", browser.csrf);
    let page = browser.request(Method::POST, "/reauthenticate", body).await;
    let answer = page.location().to_owned();
    assert!(answer.starts_with("/reauthenticate?next=/profile&answer="), "{answer}");
    assert_eq!(browser.get(&answer).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    browser.sign_out().await;
    assert_eq!(browser.get(&answer).await.location(), "/sign-in");
}

#[tokio::test]
async fn a_program_that_asks_for_no_page_is_answered_at_once() {
    let world = World::new().await;
    let mut program = world.browser(TARO.union);
    program.headers.retain(|(name, _)| *name != "accept");
    program.get("/sign-in").await;
    let page = program.post("/sign-in", &[("user_id", TARO.user_id), ("password", "x")]).await;
    assert!(is_refusal(&page));
}

#[tokio::test]
async fn l9_a_form_sent_after_the_session_ended_by_rest_says_so() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    browser.get("/profile").await;
    world.clock.advance(Duration::minutes(40));
    let page = browser.post("/profile", &[("user_id", "x"), ("was", "x"), ("method", "")]).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert_eq!(page.heading(), "一定期間が経過したため、エラーになりました");
}
