//! Sessions: how they end, and who can't use them.

use axum::http::{Method, StatusCode};
use chrono::Duration;

use crate::support::people::{SABURO, TARO};
use crate::support::world::World;

const SESSION: &str = "__Host-kosmo-session";

#[tokio::test]
async fn l10_taro_signs_out_after_being_asked() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let stolen = browser.clone();
    let page = browser.get("/sign-out").await;
    assert_eq!(page.heading(), "ログアウトしてもよろしいですか？");
    assert!(page.shows("ログアウトする"));
    let answer = browser.post("/sign-out", &[]).await;
    let page = browser.follow(answer).await;
    assert!(page.body.contains("href=\"/sign-in\">ログイン</a>"));
    for mut browser in [browser, stolen] {
        assert_eq!(browser.get("/expenses").await.location(), "/sign-in");
    }
    let lines = "select count(*) from audit_events where action = 'sign_out'";
    assert_eq!(world.count(lines).await, 1);
}

#[tokio::test]
async fn l9_who_rests_too_long_is_told_so_and_starts_afresh() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    world.clock.advance(Duration::minutes(29));
    assert_eq!(browser.get("/expenses").await.status, StatusCode::OK);
    world.clock.advance(Duration::minutes(32));
    let page = browser.get("/expenses").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert_eq!(page.heading(), "一定期間が経過したため、エラーになりました");
    assert!(page.shows("<川崎汽船>KOSMO Communication Web（加入者）へ移動"));
    assert!(page.body.contains("href=\"/sign-in\""));
    assert_eq!(browser.get("/sign-in").await.heading(), "ログイン");
    assert_eq!(browser.get("/expenses").await.location(), "/sign-in");
    let living = "select count(*) from sessions where ended_at is null";
    assert_eq!(world.count(living).await, 0, "and stays ended, whatever the policy says later");
}

#[tokio::test]
async fn the_busiest_session_ends_after_the_policys_hours() {
    let world = World::new().await;
    let mut browser = world.sign_in(SABURO).await;
    for _ in 0..(12 * 3) {
        world.clock.advance(Duration::minutes(20));
        assert_eq!(browser.get("/expenses").await.status, StatusCode::OK);
    }
    world.clock.advance(Duration::minutes(1));
    assert_eq!(browser.get("/expenses").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn t15_a_cookie_of_one_union_is_nobodys_at_another() {
    let world = World::new().await;
    let at_kline = world.sign_in(TARO).await;
    let mut at_jom = world.browser("jomkenpo");
    at_jom.cookies = at_kline.cookies.clone();
    assert_eq!(at_jom.get("/expenses").await.location(), "/sign-in");
    assert!(at_jom.get("/").await.body.contains("href=\"/sign-in\">ログイン</a>"));
}

#[tokio::test]
async fn the_cookie_is_for_this_host_and_changes_with_the_second_factor() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    let page = world.give_password(&mut browser, TARO).await;
    let cookie = page.headers["set-cookie"].to_str().unwrap().to_owned();
    for attribute in ["__Host-", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
    let before = browser.cookies[SESSION].clone();
    browser.get("/sign-in/code").await;
    let code = world.mailed_code(TARO.email).await;
    browser.post("/sign-in/code", &[("code", &code)]).await;
    assert_ne!(browser.cookies[SESSION], before);
    let mut with_old_cookie = browser.clone();
    with_old_cookie.cookies.insert(SESSION.to_owned(), before);
    assert_eq!(with_old_cookie.get("/expenses").await.location(), "/");
    assert!(with_old_cookie.get("/").await.shows("ログイン"), "the old token opens nothing");
    assert_eq!(browser.get("/expenses").await.status, StatusCode::OK);
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    browser.get("/sign-in").await;
    let fields = [("user_id", TARO.user_id), ("password", TARO.password)];
    let site = |site: &str| vec![("sec-fetch-site", site.to_owned())];
    let origin = |origin: &str| vec![("origin", origin.to_owned())];
    for (headers, status) in [
        (site("cross-site"), StatusCode::FORBIDDEN),
        // A sibling below the base domain is another union.
        (site("same-site"), StatusCode::FORBIDDEN),
        (site("none"), StatusCode::FORBIDDEN),
        (origin("http://jomkenpo.localhost:8080"), StatusCode::FORBIDDEN),
        (origin("https://evil.example"), StatusCode::FORBIDDEN),
        ([site("cross-site"), origin("null")].concat(), StatusCode::FORBIDDEN),
        // Safari before 16.4 sends no Sec-Fetch-Site, and our Referrer-Policy hides its origin.
        (origin("null"), StatusCode::SEE_OTHER),
        (vec![], StatusCode::SEE_OTHER),
        (origin("http://www.klinekenpo.localhost:8080"), StatusCode::SEE_OTHER),
        (site("same-origin"), StatusCode::SEE_OTHER),
    ] {
        let mut browser = browser.clone();
        browser.headers = headers.clone();
        assert_eq!(browser.post("/sign-in", &fields).await.status, status, "{headers:?}");
    }
}

#[tokio::test]
async fn where_a_browser_does_not_tell_who_sent_a_form_its_token_decides() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    browser.headers = vec![("origin", "null".to_owned())];
    let own = browser.csrf.clone();
    for forged in ["", "forged"] {
        browser.csrf = forged.to_owned();
        let page = browser.post("/sign-out", &[]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{forged}");
        let fields = [("user_id", TARO.user_id), ("password", TARO.password)];
        assert_eq!(browser.post("/sign-in", &fields).await.status, StatusCode::FORBIDDEN);
        assert!(browser.get("/").await.heading().starts_with("ようこそ"), "still signed in");
    }
    browser.csrf = own;
    assert!(browser.post("/sign-out", &[]).await.status.is_redirection());
    assert!(!browser.get("/").await.heading().starts_with("ようこそ、"));
}

#[tokio::test]
async fn a_form_needs_the_token_of_its_own_visit() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    browser.get("/sign-in").await;
    let mut other = world.browser("klinekenpo");
    other.get("/sign-in").await;
    let fields = [("user_id", TARO.user_id), ("password", TARO.password)];
    browser.csrf = other.csrf;
    let page = browser.post("/sign-in", &fields).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(page.heading(), "ログイン", "two tabs opened at once: the form once more");
    assert!(page.shows("もう一度入力してください") && page.body.contains("value=\"taro_k\""));
    assert_eq!(browser.post("/sign-in", &fields).await.location(), "/sign-in/code");
    browser.csrf = "forged".to_owned();
    let page = browser.post("/sign-out", &[]).await;
    assert_eq!(
        (page.status, page.heading()),
        (StatusCode::FORBIDDEN, "ページの有効期限が切れました")
    );
    let page = browser.request(Method::POST, "/sign-in", "user_id=x&password=y".to_owned()).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    for path in ["/", "/sign-in", "/no-such-page", "/healthz"] {
        let page = browser.get(path).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
        assert_eq!(page.headers["cache-control"], "no-store");
    }
    let page = browser.get("/").await;
    for part in page.body.split('"').filter(|part| part.starts_with("/assets/")) {
        let file = part.split('#').next().unwrap();
        let asset = browser.get(file).await;
        assert_eq!(asset.status, StatusCode::OK, "{file}");
        assert!(asset.headers["cache-control"].to_str().unwrap().contains("immutable"), "{file}");
    }
}
