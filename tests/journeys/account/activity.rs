//! A person's own sessions and recent sign-ins (S9), and the lock of second factors (L2).

use axum::http::StatusCode;
use chrono::Duration;

use crate::support::browser::Browser;
use crate::support::people::{GORO, SABURO, TARO};
use crate::support::world::World;

const IPHONE: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1";

/// Returns the paths of the buttons that end a session.
async fn endings(browser: &mut Browser) -> Vec<String> {
    let page = browser.get("/sessions").await;
    let actions = page.body.split("action=\"").filter_map(|part| part.split('"').next());
    actions.filter(|path| path.ends_with("/end")).map(str::to_owned).collect()
}

#[tokio::test]
async fn s9_each_session_is_listed_and_can_be_ended() {
    let world = World::new().await;
    let mut phone = world.browser("klinekenpo");
    phone.headers.push(("user-agent", IPHONE.to_owned()));
    world.give_password(&mut phone, TARO).await;
    phone.get("/sign-in/code").await;
    let code = world.mailed_code(TARO.email).await;
    phone.post("/sign-in/code", &[("code", &code)]).await;
    world.clock.advance(Duration::seconds(1));
    let mut desk = world.sign_in(TARO).await;
    let page = desk.get("/sessions").await;
    assert!(page.shows("Safari（iPhone）") && page.shows("（この端末）"), "{}", page.text());
    assert!(page.shows("最近のログイン") && page.shows("成功"));
    let paths = endings(&mut desk).await;
    assert_eq!(paths.len(), 2, "the phone's, and all the others: {paths:?}");
    let phones = paths.iter().find(|path| !path.contains("others")).unwrap();
    let mut goro = world.sign_in(GORO).await;
    goro.get("/sessions").await;
    assert_eq!(goro.post(phones, &[]).await.status, StatusCode::NOT_FOUND, "not his to end");
    assert_eq!(phone.get("/expenses").await.status, StatusCode::OK);
    desk.get("/sessions").await;
    for _ in 0..2 {
        assert_eq!(desk.post(phones, &[]).await.location(), "/sessions", "twice is as good");
    }
    assert_eq!(phone.get("/expenses").await.location(), "/sign-in", "at once");
    assert_eq!(endings(&mut desk).await, Vec::<String>::new());
}

#[tokio::test]
async fn s9_ending_asks_again_who_it_is_and_failed_tries_are_told() {
    let world = World::new().await;
    let wrong = crate::support::people::Person { password: "not mine", ..TARO };
    let mut stranger = world.browser("klinekenpo");
    stranger.headers.push(("user-agent", IPHONE.to_owned()));
    world.give_password(&mut stranger, wrong).await;
    let mut other = world.sign_in(TARO).await;
    world.clock.advance(Duration::seconds(1));
    let mut browser = world.sign_in(TARO).await;
    let page = browser.get("/sessions").await;
    let count =
        |word: &str| page.table().iter().filter(|row| row.contains(&word.to_owned())).count();
    assert_eq!((count("失敗"), count("成功")), (1, 2), "{}", page.text());
    let mut half = world.browser("klinekenpo");
    world.give_password(&mut half, TARO).await;
    let page = browser.get("/sessions").await;
    let done = page.table().iter().filter(|row| row.contains(&"成功".to_owned())).count();
    assert_eq!(done, 2, "the password alone is no sign-in: {}", page.text());
    world.clock.advance(Duration::minutes(6));
    browser.get("/sessions").await;
    let asked = browser.post("/sessions/others/end", &[]).await;
    assert_eq!(asked.location(), "/reauthenticate?next=/sessions/others/end");
    assert_eq!(other.get("/expenses").await.status, StatusCode::OK);
    assert_eq!(browser.get("/sessions/others/end").await.location(), "/sessions", "the way back");
}

#[tokio::test]
async fn l2_wrong_mailed_codes_count_over_all_sign_ins_and_lock_apart_from_the_password() {
    let world = World::new().await;
    for round in 0..3 {
        let mut browser = world.browser("klinekenpo");
        world.give_password(&mut browser, TARO).await;
        browser.get("/sign-in/code").await;
        for number in 1..=5 {
            let page = browser.post("/sign-in/code", &[("code", "wrong")]).await;
            if round == 2 && number == 1 {
                assert!(page.shows("アカウントをロックしました"), "{}", page.text());
                break;
            }
            let starts_over = page.heading() == "ログイン";
            assert_eq!(starts_over, number == 5, "round {round}, {number}: {}", page.text());
        }
    }
    let locks = "select count(*) from logins
                 where second_factor_locked_at is not null and locked_at is null";
    assert_eq!(world.count(locks).await, 1);
    let page = world.give_password(&mut world.browser("klinekenpo"), TARO).await;
    assert!(page.shows("無効なユーザIDまたはパスワードです。"));
    world.sign_in(GORO).await;
    world.sign_in(SABURO).await;
}
