//! The staff console on its own host: none of the portal's pages are there, and none of its pages
//! are at the portal.

use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;

use crate::support::browser::Browser;
use crate::support::people::TARO;
use crate::support::world::{UNIONS, World, union_file};

impl World {
    /// Opens a new browser at a union's console.
    pub fn at_console(&self, slug: &str) -> Browser {
        Browser::new(self.router.clone(), &format!("{slug}-console.localhost:8080"))
    }
}

#[tokio::test]
async fn t1_each_unions_console_answers_on_a_host_of_its_own() {
    let world = World::empty().await;
    for slug in UNIONS {
        let page = world.at_console(slug).get("/").await;
        assert_eq!(page.status, StatusCode::OK, "{slug}");
        assert_eq!(page.heading(), "職員用画面");
        assert!(page.shows(&union_file(slug).name), "{slug}");
        for other in UNIONS.iter().filter(|other| **other != slug) {
            assert!(!page.shows(&union_file(other).name), "{slug} names {other}");
        }
        assert!(page.headers.get(SET_COOKIE).is_none(), "{slug}");
    }
    for host in ["console.localhost:8080", "www.klinekenpo-console.localhost:8080"] {
        let page = Browser::new(world.router.clone(), host).get("/").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{host}");
    }
}

#[tokio::test]
async fn t1_a_label_in_the_file_takes_the_usual_ones_place() {
    let world = World::empty().await;
    world
        .change_policy("jomkenpo", |policy| {
            policy.hosts.console = Some("shokuin.jomkenpo".parse().unwrap());
        })
        .await;
    let page = Browser::new(world.router.clone(), "shokuin.jomkenpo.localhost:8080").get("/").await;
    assert_eq!(page.heading(), "職員用画面");
    assert_eq!(world.at_console("jomkenpo").get("/").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn t15_a_subscribers_cookies_are_nothing_at_the_console() {
    let world = World::new().await;
    let taro = world.sign_in(TARO).await;
    let stranger = world.at_console("klinekenpo").get("/").await;
    let mut console = world.at_console("klinekenpo");
    console.cookies = taro.cookies.clone();
    let page = console.get("/").await;
    assert_eq!((page.status, &page.body), (StatusCode::OK, &stranger.body));
    assert!(!page.shows(TARO.user_id) && page.headers.get(SET_COOKIE).is_none());
    assert_eq!(console.get("/expenses").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn t15_cookies_belong_to_one_host_alone() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    let mut set = Vec::new();
    let page = world.give_password(&mut browser, TARO).await;
    let shown = browser.get("/sign-in/code").await;
    for cookie in [page, shown].iter().flat_map(|page| page.headers.get_all(SET_COOKIE)) {
        set.push(cookie.to_str().unwrap().to_owned());
    }
    assert!(!set.is_empty());
    for cookie in set {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        assert!(!cookie.to_ascii_lowercase().contains("domain="), "{cookie}");
    }
}

#[tokio::test]
async fn t15_what_the_portal_makes_a_browser_send_to_the_console_is_refused_and_noted() {
    let world = World::empty().await;
    let mut console = world.at_console("klinekenpo");
    console.headers.retain(|(name, _)| *name != "sec-fetch-site");
    console.headers.push(("origin", "http://www.klinekenpo.localhost:8080".to_owned()));
    assert_eq!(console.post("/", &[]).await.status, StatusCode::FORBIDDEN);
    let lines = "select count(*) from audit_events
                 where action = 'foreign.refused' and outcome = 'refused' and actor_kind = 'staff'
                   and actor_id is null and request_id is not null";
    assert_eq!(world.count(lines).await, 1);
    console.headers.pop();
    console.headers.push(("origin", "http://klinekenpo-console.localhost:8080".to_owned()));
    assert_eq!(console.post("/", &[]).await.status, StatusCode::NOT_FOUND, "its own, and no form");
}
