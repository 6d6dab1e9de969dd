//! Every route of both web doors declares its access; each is tried by visitors with less.

use axum::http::StatusCode;
use chrono::Duration;
use kosmo::web::routes::{Access, Declared};
use kosmo::{console, portal};

use crate::staff::realms::twins::Twins;
use crate::support::browser::{Browser, Page};
use crate::support::people::TARO;
use crate::support::world::World;

/// Returns an address that a route serves.
fn address(path: &str) -> String {
    path.replace("{month}", "2026-10")
        .replace("{year}", "2026")
        .replace("{format}", "pdf")
        .replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057")
        .replace("{code}", "K1")
}

/// Returns where each kind of visitor is sent, or `None` if they may come in. `owed` is the step that is due for a person
/// who gave the right password.
fn turned_away(access: Access, who: Access, owed: &'static str) -> Option<&'static str> {
    match (who, access) {
        (Access::Anybody, Access::Anybody) => None,
        (Access::Anybody, _) => Some("/sign-in"),
        (Access::SigningIn, Access::SigningIn) => None,
        (Access::SigningIn, access) if access != Access::Anybody => Some(owed),
        (Access::Subscriber | Access::AnyStaff, Access::Fresh) => Some("/reauthenticate?next="),
        // Nothing is due any more.
        (Access::Subscriber | Access::AnyStaff, Access::SigningIn) => Some("/"),
        _ => None,
    }
}

/// Returns true if a page answers as its declared access says.
fn is_right(page: &Page, access: Access, who: Access, owed: &'static str) -> bool {
    let right = match turned_away(access, who, owed) {
        Some(again @ "/reauthenticate?next=") => page.location().starts_with(again),
        Some(elsewhere) => page.location() == elsewhere,
        None => page.location() != "/sign-in",
    };
    right && !page.status.is_server_error()
}

/// Tries every route as a visitor with no more access than `who`. Forms are sent only where they have to be
/// refused.
async fn knock(browser: &Browser, routes: &[Declared], who: Access, owed: &'static str) {
    let mut wrong = Vec::new();
    let mut note = |page: &Page, access: Access, what: &str| {
        if !is_right(page, access, who, owed) {
            let (status, location) = (page.status, page.location());
            wrong.push(format!("{what}, declared for {access:?}: {status} {location}"));
        }
    };
    for route in routes {
        let address = address(route.path);
        let page = browser.clone().get(&address).await;
        note(&page, route.access.get, &format!("opens {address}"));
        if turned_away(route.access.post, who, owed).is_none() {
            continue;
        }
        let page = browser.clone().post(&address, &[]).await;
        // A page without a form takes no POST.
        if page.status != StatusCode::NOT_FOUND {
            note(&page, route.access.post, &format!("sends to {address}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "as {who:?}");
}

#[tokio::test]
async fn a_visitor_with_too_little_access_is_turned_away_from_every_page_of_the_portal() {
    let world = World::new().await;
    let routes = portal::routes();
    let routes = routes.declared();
    assert!(routes.len() > 60, "{}", routes.len());

    let owed = "/sign-in/code";
    let mut nobody = world.browser("klinekenpo");
    nobody.get("/sign-in").await;
    knock(&nobody, routes, Access::Anybody, owed).await;

    let mut halfway = world.browser("klinekenpo");
    world.give_password(&mut halfway, TARO).await;
    assert_eq!(halfway.get(owed).await.status, StatusCode::OK);
    knock(&halfway, routes, Access::SigningIn, owed).await;

    let mut taro = world.sign_in(TARO).await;
    world.clock.advance(Duration::minutes(10));
    assert_eq!(taro.get("/sessions").await.status, StatusCode::OK);
    knock(&taro, routes, Access::Subscriber, owed).await;
}

#[tokio::test]
async fn people_who_are_not_staff_are_turned_away_from_every_page_of_the_console() {
    let world = World::new().await;
    let taro = world.sign_in(TARO).await;
    let routes = console::routes();
    assert!(!routes.declared().is_empty());
    for route in routes.declared() {
        let accesses = [route.access.get, route.access.post];
        let portals = accesses.contains(&Access::Subscriber);
        assert!(!portals, "{}: no proof of the portal's counts here", route.path);
    }
    for cookies in [taro.cookies.clone(), std::collections::BTreeMap::default()] {
        let mut console = world.at_console("klinekenpo");
        console.cookies = cookies;
        knock(&console, routes.declared(), Access::Anybody, "/sign-in").await;
    }
}

#[tokio::test]
async fn staff_see_no_page_of_the_console_that_needs_more_than_they_have_proved() {
    let twins = Twins::new().await;
    let halfway = twins.at_console(false).await;
    let complete = twins.at_console(true).await;
    let (routes, owed) = (console::routes(), "/sign-in/passkey/set-up");
    knock(&halfway, routes.declared(), Access::SigningIn, owed).await;
    knock(&complete, routes.declared(), Access::AnyStaff, owed).await;
}

#[tokio::test]
async fn nothing_of_one_door_is_found_at_the_other() {
    let world = World::new().await;
    let taro = world.sign_in(TARO).await;
    let mut console = world.at_console("klinekenpo");
    console.cookies = taro.cookies.clone();
    let (portals, consoles) = (portal::routes(), console::routes());
    let own: Vec<&str> = consoles.declared().iter().map(|route| route.path).collect();
    for route in portals.declared().iter().filter(|route| !own.contains(&route.path)) {
        let address = address(route.path);
        let page = console.get(&address).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{address}");
        assert!(page.shows("管理画面"), "{address}: it is the console's own page that says so");
        assert_eq!(console.post(&address, &[]).await.status, StatusCode::NOT_FOUND, "{address}");
    }
    assert_eq!(console.get("/manifest.webmanifest").await.status, StatusCode::NOT_FOUND);
    let theirs: Vec<&str> = portals.declared().iter().map(|route| route.path).collect();
    for path in own.into_iter().filter(|path| !theirs.contains(path)) {
        let page = taro.clone().get(&address(path)).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
}
