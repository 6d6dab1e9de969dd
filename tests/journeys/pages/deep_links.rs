//! A page that a person opens before signing in is where the sign-in ends.

use axum::http::{Method, StatusCode};
use chrono::Duration;

use crate::support::browser::{Browser, Page};
use crate::support::first_sign_in::{Answers, hidden};
use crate::support::people::{ROKURO, TARO};
use crate::support::world::World;

const MONTH: &str = "/expenses/months/2025-03";
const MONTHS_HEADING: &str = "2025年3月の医療費明細";
const NEXT: &str = "__Host-kosmo-next";

impl World {
    /// Signs in with password and code, in a known browser.
    async fn sign_in_as_taro(&self, browser: &mut Browser) -> Page {
        self.give_password(browser, TARO).await;
        browser.get("/sign-in/code").await;
        let code = self.mailed_code(TARO.email).await;
        let answer = browser.post("/sign-in/code", &[("code", &code)]).await;
        browser.follow(answer).await
    }
}

#[tokio::test]
async fn l9_a_session_that_ended_by_rest_goes_on_where_it_was() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    assert_eq!(browser.get(MONTH).await.heading(), MONTHS_HEADING);
    world.clock.advance(Duration::minutes(32));
    let page = browser.get(MONTH).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert_eq!(page.heading(), "一定期間が経過したため、エラーになりました");
    assert!(page.body.contains("href=\"/sign-in\""));
    assert_eq!(world.sign_in_as_taro(&mut browser).await.heading(), MONTHS_HEADING);
    assert!(browser.get("/").await.heading().starts_with("ようこそ"), "once");
}

#[tokio::test]
async fn l1_a_link_that_a_mail_or_a_bookmark_has_leads_there_and_the_last_of_two_counts() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    assert_eq!(browser.get("/profile").await.location(), "/sign-in");
    let search = "/expenses/search?person=&from=2025-01&text=%E8%96%AC%E5%B1%80";
    assert_eq!(browser.get(search).await.location(), "/sign-in");
    let set = &browser.get(search).await.headers["set-cookie"];
    let set = set.to_str().unwrap();
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=1800"] {
        assert!(set.starts_with(NEXT) && set.contains(attribute), "{set}");
    }
    world.give_password(&mut browser, TARO).await;
    assert_eq!(browser.get("/").await.status, StatusCode::OK, "nobody goes on halfway");
    browser.get("/sign-in/code").await;
    let code = world.mailed_code(TARO.email).await;
    browser.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(browser.get("/").await.location(), search);
    assert!(!browser.cookies.contains_key(NEXT));
}

#[tokio::test]
async fn l8_the_first_sign_in_with_all_its_steps_ends_where_the_person_wanted_to_go() {
    let world = World::new().await;
    let answers = Answers::of(ROKURO, "平成2年5月5日");
    let mut browser = world.begin(answers).await;
    assert_eq!(browser.get("/expenses/history").await.location(), "/first-sign-in/birthdate");
    let mut due = browser.get("/sign-in/continue").await.location().to_owned();
    let mut steps = 0;
    while !due.starts_with("/sign-in/code") && due != "/" {
        world.take_step(&mut browser, answers, &due).await;
        due = browser.get("/sign-in/continue").await.location().to_owned();
        steps += 1;
    }
    assert!(steps >= 5, "{steps}");
    if due != "/" {
        browser.get(&due).await;
        let code = world.mailed_code(ROKURO.email).await;
        browser.post(&due, &[("code", &code)]).await;
    }
    assert_eq!(browser.get("/").await.location(), "/expenses/history");
}

#[tokio::test]
async fn only_pages_that_a_person_opens_are_come_back_to() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    for path in [
        "/sign-out",
        "/expenses/months/2025-03/pdf",
        "/expenses/deduction/xml/2025",
        "/sign-in-methods/totp/qr.png",
        "/profile/email/status",
        "/sign-in/code",
        "/sign-in/continue",
        "/no-such-page",
        "//evil.example",
        "/%2fevil.example",
        "/expenses/..//evil.example",
    ] {
        browser.get(path).await;
        assert!(!browser.cookies.contains_key(NEXT), "{path}");
    }
    browser.get("/sign-in").await;
    browser.post("/profile", &[("user_id", "x")]).await;
    assert!(!browser.cookies.contains_key(NEXT), "a form");
    browser.request(Method::HEAD, MONTH, String::new()).await;
    assert!(!browser.cookies.contains_key(NEXT), "a look at the headers");
    browser.headers.retain(|(name, _)| *name != "accept");
    browser.headers.push(("accept", "image/avif,image/webp,*/*;q=0.8".to_owned()));
    browser.get(MONTH).await;
    assert!(!browser.cookies.contains_key(NEXT), "what a page fetches by itself");
    let mut signed_in = world.sign_in(TARO).await;
    signed_in.get(MONTH).await;
    assert!(!signed_in.cookies.contains_key(NEXT), "nobody was turned away");
}

#[tokio::test]
async fn a_cookie_that_somebody_made_up_leads_nowhere() {
    let world = World::new().await;
    for forged in [
        "//evil.example",
        "/\\evil.example",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "https://evil.example/profile",
        "/profile@evil.example",
        "/expenses/..//evil.example",
        "/sign-out",
        "/",
        "",
    ] {
        let mut browser = world.sign_in(TARO).await;
        browser.cookies.insert(NEXT.to_owned(), forged.to_owned());
        let page = browser.get("/").await;
        assert_eq!((page.status, page.location()), (StatusCode::OK, ""), "{forged}");
        world.clock.advance(Duration::minutes(1));
    }
    let mut stranger = world.browser("klinekenpo");
    stranger.cookies.insert(NEXT.to_owned(), MONTH.to_owned());
    assert_eq!(stranger.get("/").await.status, StatusCode::OK, "whoever is not signed in stays");
    let mut again = world.sign_in(TARO).await;
    again.cookies.insert(NEXT.to_owned(), MONTH.to_owned());
    assert_eq!(again.get("/").await.location(), MONTH);
    let page = again.get("/reauthenticate?next=//evil.example").await;
    assert_eq!(page.location(), "/", "a fresh proof leads on at once");
    world.clock.advance(Duration::minutes(6));
    let page = again.get("/reauthenticate?next=//evil.example").await;
    assert_eq!(hidden(&page, "next").replace("&#x2F;", "/"), "/");
}

#[tokio::test]
async fn the_next_person_at_a_browser_is_not_led_to_the_page_of_the_one_before() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    world.clock.advance(Duration::minutes(32));
    browser.get(MONTH).await;
    world.sign_in_as_taro(&mut browser).await;
    let mut half = world.browser(TARO.union);
    half.get(MONTH).await;
    world.give_password(&mut half, TARO).await;
    half.get("/sign-out").await;
    half.get("/sign-in/code").await;
    half.post("/sign-out", &[]).await;
    assert!(!half.cookies.contains_key(NEXT));
}
