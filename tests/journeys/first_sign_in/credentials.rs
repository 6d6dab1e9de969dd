//! People with first credentials: by the union's formula, or by a letter.

use axum::http::StatusCode;
use chrono::{Duration, NaiveDate};

use super::{BY_FORMULA, BY_LETTER};
use crate::support::people::{MEMBER_HEADINGS, NANA, Person, ROKURO, SHIRO, file};
use crate::support::world::World;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[tokio::test]
async fn t8_shiro_signs_in_with_the_formula_of_seed_003() {
    let world = World::new().await;
    assert_eq!(SHIRO.password, "800123420010101");
    let mut browser = world.browser("jomkenpo");
    let answer = world.give_password(&mut browser, SHIRO).await;
    let page = browser.follow(answer).await;
    assert_eq!(page.heading(), "生年月日の入力");
    assert_eq!(browser.get("/expenses").await.location(), "/first-sign-in/birthdate");
}

#[tokio::test]
async fn t9_nana_signs_in_with_her_letter() {
    let world = World::new().await;
    let mut browser = world.browser("nideckenpo");
    let answer = world.give_password(&mut browser, NANA).await;
    assert_eq!(browser.follow(answer).await.heading(), "生年月日の入力");
}

#[tokio::test]
async fn t8_kddikenpo_counts_the_numbers_of_march_2026() {
    let world = World::new().await;
    let moved = "D1,D1,06139919,803,999,00,通話　六郎,ツウワ　ロクロウ,1990-05-05,本人,2015-04-01,,rokuro_d,rokuro@example.jp,";
    let moved = file(MEMBER_HEADINGS, &[moved]);
    let in_may = day("2026-05-01");
    let counts =
        world.import_members_as_of("kddikenpo", moved.as_bytes(), in_may, false).await.unwrap();
    assert_eq!((counts.added, counts.changed), (0, 1));
    let old = world.give_password(&mut world.browser("kddikenpo"), ROKURO).await;
    assert_eq!(old.location(), "/first-sign-in/birthdate");
    let with_new_numbers = Person { password: "80399919900505", ..ROKURO };
    let new = world.give_password(&mut world.browser("kddikenpo"), with_new_numbers).await;
    assert_eq!(new.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn t8_the_formula_holds_between_the_policys_dates_only() {
    let world = World::new().await;
    for (from, until, accepted) in [
        ("2026-11-21", None, true),
        ("2026-11-22", None, false),
        ("2026-04-07", Some("2026-11-21"), true),
        ("2026-04-07", Some("2026-11-20"), false),
    ] {
        world
            .change_policy("jomkenpo", |config| {
                let formula = config.first_sign_in.formula.as_mut().unwrap();
                formula.valid_from = day(from);
                formula.valid_until = until.map(day);
            })
            .await;
        let page = world.give_password(&mut world.browser("jomkenpo"), SHIRO).await;
        assert_eq!(page.location() == "/first-sign-in/birthdate", accepted, "{from} {until:?}");
    }
}

#[tokio::test]
async fn t9_a_letter_dies_when_the_policy_says() {
    let world = World::new().await;
    world
        .change_policy("nideckenpo", |config| {
            config.first_sign_in.letter.as_mut().unwrap().expires_after_days = Some(90);
        })
        .await;
    // The last day ends at midnight in Japan; the test began at ten in the morning.
    world.clock.advance(Duration::days(90) + Duration::hours(14) - Duration::seconds(1));
    let page = world.give_password(&mut world.browser("nideckenpo"), NANA).await;
    assert_eq!(page.location(), "/first-sign-in/birthdate");
    world.clock.advance(Duration::seconds(1));
    let page = world.give_password(&mut world.browser("nideckenpo"), NANA).await;
    assert!(page.shows("無効なユーザIDまたはパスワードです。"));
}

#[tokio::test]
async fn t8_the_reset_password_signs_shiro_in_until_he_has_his_own_and_never_after() {
    let world = World::new().await;
    let mut browser = world.begin(BY_FORMULA).await;
    world.walk_to(&mut browser, BY_FORMULA, "/first-sign-in/done").await;
    let page = world.give_password(&mut world.browser("jomkenpo"), SHIRO).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.shows("無効なユーザIDまたはパスワードです。"));
    let own = Person { password: BY_FORMULA.own_password, ..SHIRO };
    let page = world.give_password(&mut world.browser("jomkenpo"), own).await;
    assert_eq!(page.location(), "/sign-in/code");
}

#[tokio::test]
async fn t9_a_letters_password_is_dead_once_nana_has_her_own() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    world.walk_to(&mut browser, BY_LETTER, "/sign-in/code").await;
    let page = world.give_password(&mut world.browser("nideckenpo"), NANA).await;
    assert!(page.shows("無効なユーザIDまたはパスワードです。"));
    let left = "select count(*) from logins l join subscribers s on s.login_id = l.id where user_id = 'kari-n7'
                and (initial_credential is not null or initial_password_hash is not null)";
    assert_eq!(world.count(left).await, 0);
}

#[tokio::test]
async fn credentials_that_end_while_they_are_checked_open_nothing() {
    let world = World::new().await;
    let mut changing = world.database.admin().await;
    sqlx::raw_sql("begin; update logins set locked_at = now() where user_id = 'kari-n7'")
        .execute(&mut changing)
        .await
        .unwrap();
    let mut browser = world.browser("nideckenpo");
    let signing_in = world.give_password(&mut browser, NANA);
    let locking = async {
        let waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'
                     and datname = current_database()";
        while world.count(waits).await == 0 {
            tokio::task::yield_now().await;
        }
        sqlx::raw_sql("commit").execute(&mut changing).await.unwrap();
    };
    let (page, ()) = tokio::join!(signing_in, locking);
    assert!(page.shows("無効なユーザIDまたはパスワードです。"), "{}", page.text());
    assert_eq!(world.count("select count(*) from sessions").await, 0);
}

#[tokio::test]
async fn t9_the_page_tells_how_long_a_letter_is_good() {
    let world = World::new().await;
    let ninety = |config: &mut kosmo::tenant::policy::TenantConfig| {
        config.first_sign_in.letter.as_mut().unwrap().expires_after_days = Some(90);
    };
    world.change_policy("nideckenpo", ninety).await;
    let page = world.browser("nideckenpo").get("/sign-in").await;
    assert!(page.shows("90日間"), "{}", page.text());
}
