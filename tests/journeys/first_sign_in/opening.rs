//! Before a union's portal opens (T14).

use axum::http::StatusCode;

use crate::support::people::SHIRO;
use crate::support::world::World;

#[tokio::test]
async fn t14_before_the_opening_the_portal_says_when_it_opens() {
    let world = World::new().await;
    let day = |text: &str| text.parse().unwrap();
    world
        .change_policy("jomkenpo", |config| {
            let dates = config.service_dates.as_mut().unwrap();
            dates.opens = day("2026-11-22");
            dates.old_site_closes = Some(day("2026-12-31"));
        })
        .await;
    let mut browser = world.browser("jomkenpo");
    for path in ["/", "/sign-in", "/expenses", "/confirm-email?token=x"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(page.heading(), "2026年11月22日からご利用いただけます", "{path}");
        assert!(page.shows("2026年12月31日"), "the old site's end: {}", page.text());
    }
    assert_eq!(world.browser("klinekenpo").get("/").await.status, StatusCode::OK);
    assert_eq!(browser.get("/healthz").await.status, StatusCode::OK);

    // Midnight in Japan is 15:00 UTC on the day before.
    world.clock.advance(chrono::Duration::hours(14));
    let page = browser.get("/sign-in").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.shows("2026年12月31日"), "{}", page.text());
    assert!(world.give_password(&mut browser, SHIRO).await.status.is_redirection());
    world.clock.advance(chrono::Duration::days(40));
    assert!(!browser.get("/sign-in").await.shows("閉鎖"));
}
