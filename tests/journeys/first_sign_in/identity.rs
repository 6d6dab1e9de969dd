//! 「生年月日の入力」 (F2).

use super::{BY_FORMULA, BY_LETTER};
use crate::support::people::NANA;
use crate::support::world::{World, tester};

const PAGE: &str = "/first-sign-in/birthdate";

#[tokio::test]
async fn f2_a_birthdate_is_taken_in_every_way_people_write_it() {
    let world = World::new().await;
    for typed in [
        "20010101",
        "２００１０１０１",
        "2001/1/1",
        "2001-01-01",
        "2001年1月1日",
        "平成13年1月1日",
        "H13.1.1",
    ] {
        let mut browser = world.begin(BY_FORMULA).await;
        browser.get(PAGE).await;
        assert!(browser.post(PAGE, &[("birthdate", typed)]).await.status.is_redirection());
        assert_eq!(browser.get("/sign-in/continue").await.location(), "/terms", "{typed}");
        let again = "update subscribers set birthdate_confirmed_at = null";
        sqlx::query(again).execute(&mut world.database.admin().await).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_no_birthdate_is_told_and_does_not_count() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    browser.get(PAGE).await;
    let long = "1".repeat(10_000);
    for typed in ["", "　", "きのう", "<b>19990909</b>", "1999\u{0}0909", &long] {
        let page = browser.post(PAGE, &[("birthdate", typed)]).await;
        assert_eq!(page.status.as_u16(), 422, "{typed:.20}");
        assert!(
            page.shows("生年月日を入力してください。") || page.shows("数字8桁で"),
            "{}",
            page.text()
        );
        assert!(page.title().starts_with("エラー: "));
        assert!(!page.body.contains("<b>19"), "what was typed comes back as text");
    }
    for typed in ["19990931", "平成11年9月31日"] {
        let page = browser.post(PAGE, &[("birthdate", typed)]).await;
        assert!(page.shows("生年月日が、存在しない日付です。"), "{typed}: {}", page.text());
    }
    assert_eq!(world.count("select sum(birthdate_failures) from subscribers").await, 0);
}

#[tokio::test]
async fn f2_five_wrong_birthdates_in_a_row_lock_and_a_right_one_forgives() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    browser.get(PAGE).await;
    for _ in 0..4 {
        let page = browser.post(PAGE, &[("birthdate", "19990908")]).await;
        assert!(page.shows("生年月日が正しくありません。"), "{}", page.text());
    }
    assert!(browser.post(PAGE, &[("birthdate", "19990909")]).await.status.is_redirection());
    let forgiven = "select count(*) from subscribers where birthdate_failures > 0";
    assert_eq!(world.count(forgiven).await, 0);

    let mut browser = world.begin(BY_FORMULA).await;
    let mut second_tab = browser.clone();
    browser.get(PAGE).await;
    for _ in 0..4 {
        browser.post(PAGE, &[("birthdate", "19000101")]).await;
    }
    let locked = browser.post(PAGE, &[("birthdate", "19000101")]).await;
    assert_eq!(locked.heading(), "ログイン");
    assert!(
        locked.shows("アカウントをロックしました") && locked.shows("jom.kenpo@j-oil.com"),
        "T7"
    );
    assert_eq!(second_tab.get(PAGE).await.location(), "/sign-in", "all that was begun has ended");
    let mut again = world.browser("jomkenpo");
    let page = world.give_password(&mut again, BY_FORMULA.person).await;
    assert!(page.shows("無効なユーザIDまたはパスワードです。"), "as to everybody (L1)");

    let user_id =
        kosmo::auth::credentials::user_id::UserId::parse(BY_FORMULA.person.user_id).unwrap();
    let mut tx = world.operator.tenant(world.tenant("jomkenpo"), &tester()).await.unwrap();
    for was_locked in [true, false] {
        let unlocked =
            kosmo::auth::credentials::login::unlock(&mut tx, &world.clock, &user_id).await.unwrap();
        assert_eq!(unlocked, Some(was_locked));
    }
    tx.commit().await.unwrap();
    let unlocked = "select count(*) from audit_events where action = 'account.unlocked'";
    assert_eq!(world.count(unlocked).await, 1);
    world.begin(BY_FORMULA).await;
}

#[tokio::test]
async fn f2_twenty_guesses_at_once_count_as_twenty() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    browser.get(PAGE).await;
    let guesses = (1..=20).map(|day| {
        let mut browser = browser.clone();
        async move {
            let guess = format!("199910{day:02}");
            browser.post(PAGE, &[("birthdate", &guess)]).await
        }
    });
    futures_util::future::join_all(guesses).await;
    let refused = "select count(*) from audit_events where action = 'birthdate.refused'";
    assert_eq!(world.count(refused).await, 5, "the sixth meets a lock");
    let page = world.give_password(&mut world.browser("nideckenpo"), NANA).await;
    assert!(page.shows("無効なユーザIDまたはパスワードです。"));
}
