//! A try that was counted before hashing is given back if the password could not be checked.

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use axum::http::StatusCode;
use kosmo::auth::credentials::hashing::{HashingTurn, PasswordHasher};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::browser::{Browser, Page};
use crate::support::people::{Person, TARO};
use crate::support::world::World;

const PROFILE: &str = "/reauthenticate?next=/profile";
const COUNTED: &str = "select coalesce(sum(reauth_failures), 0)::bigint from sessions";
const GUESSED: &str = "select sum(password_failures)::bigint from logins";

/// Makes a world with one hashing thread and no room to wait for it.
async fn narrow() -> World {
    let mut world = World::new().await;
    world
        .restart(|settings| {
            settings.hashing.threads = 1;
            settings.hashing.queue = 0;
        })
        .await;
    world
}

/// Takes every turn that there is.
async fn all_turns<'h>(world: &World, hasher: &'h PasswordHasher) -> Vec<HashingTurn<'h>> {
    let mut turns = Vec::new();
    while let Ok(turn) = hasher.turn(world.tenant("jomkenpo"), "somebody").await {
        turns.push(turn);
    }
    assert!(!turns.is_empty());
    turns
}

impl World {
    /// Returns a browser whose proof of identity is too old.
    async fn with_an_old_proof(&self) -> Browser {
        let mut browser = self.sign_in(TARO).await;
        self.clock.advance(chrono::Duration::minutes(6));
        browser.get(PROFILE).await;
        browser
    }

    async fn until_counted(&self, expected: i64) {
        let mut seen = -1;
        let looking = async {
            while seen != expected {
                seen = self.count(COUNTED).await;
            }
        };
        let looked = tokio::time::timeout(Duration::from_secs(20), looking).await;
        assert!(looked.is_ok(), "{seen} instead of {expected}");
    }
}

async fn prove(browser: &mut Browser, password: &str) -> Page {
    browser.post("/reauthenticate", &[("password", password), ("next", "/profile")]).await
}

#[tokio::test]
async fn five_times_busy_cost_no_try_and_the_right_password_goes_on() {
    let world = narrow().await;
    let mut browser = world.with_an_old_proof().await;
    let turns = all_turns(&world, &world.app.hasher).await;
    for _ in 0..5 {
        let page = prove(&mut browser, TARO.password).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.text());
        let page = world.give_password(&mut world.browser(TARO.union), TARO).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.text());
    }
    assert_eq!(world.count(COUNTED).await, 0);
    assert_eq!(world.count(GUESSED).await, 0);
    drop(turns);
    browser.get(PROFILE).await;
    let page = prove(&mut browser, TARO.password).await;
    assert_eq!(page.location(), "/reauthenticate/code?next=/profile", "{}", page.text());
}

/// Keeps the one hashing thread busy until the sender is dropped.
async fn keep_busy(world: &World) -> (Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = channel::<()>();
    let (begin, begun) = oneshot::channel();
    let (app, union) = (world.app.clone(), world.tenant("jomkenpo"));
    let busy = tokio::spawn(async move {
        let turn = app.hasher.turn(union, "somebody").await.expect("a turn");
        let work = move || {
            begin.send(()).expect("somebody waits for it");
            let _ = stopped.recv();
        };
        turn.compute(work).await.expect("it ends");
    });
    begun.await.expect("it begins");
    (stop, busy)
}

#[tokio::test]
async fn a_browser_that_hangs_up_while_its_password_is_hashed_loses_no_try() {
    let world = narrow().await;
    let browser = world.with_an_old_proof().await;
    for _ in 0..6 {
        let (stop, busy) = keep_busy(&world).await;
        let mut hangs_up = browser.clone();
        let asking = tokio::spawn(async move { prove(&mut hangs_up, TARO.password).await });
        world.until_counted(1).await;
        asking.abort();
        assert!(asking.await.is_err_and(|error| error.is_cancelled()));
        drop(stop);
        busy.await.expect("the thread is free");
        // The password was right, although nobody waits for the answer.
        world.until_counted(0).await;
    }
    let mut browser = browser;
    let wrong = Person { password: "Wrong-2026", ..TARO };
    world.clock.advance(chrono::Duration::minutes(6));
    browser.get(PROFILE).await;
    assert_eq!(prove(&mut browser, wrong.password).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.count(COUNTED).await, 1, "a wrong one counts");
    let page = prove(&mut browser, TARO.password).await;
    assert_eq!(page.location(), "/reauthenticate/code?next=/profile", "{}", page.text());
}

#[tokio::test]
async fn a_right_password_that_the_database_can_not_note_is_no_wrong_one() {
    let world = World::new().await;
    let mut browser = world.with_an_old_proof().await;
    let break_it = "alter table audit_events rename to elsewhere";
    let mend_it = "alter table elsewhere rename to audit_events";
    world.execute(break_it).await;
    for _ in 0..5 {
        let page = prove(&mut browser, "Wrong-2026").await;
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", page.text());
        let page = world.give_password(&mut world.browser(TARO.union), TARO).await;
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", page.text());
    }
    assert_eq!(world.count(COUNTED).await, 0, "it was told nothing of the password");
    assert_eq!(world.count(GUESSED).await, 0);
    world.execute(mend_it).await;
    browser.get(PROFILE).await;
    let page = prove(&mut browser, TARO.password).await;
    assert_eq!(page.location(), "/reauthenticate/code?next=/profile", "{}", page.text());
}
