//! 「KOSMO Communication Web 利用規約」 (F3, L8).

use chrono::Duration;
use kosmo::tenant::terms;

use super::BY_LETTER;
use crate::support::first_sign_in::hidden;
use crate::support::people::{SABURO, TARO};
use crate::support::world::World;

impl World {
    /// Publishes terms for one union or for all; they come into force in a moment.
    async fn publish(&self, union: Option<&str>, body: &str) {
        let mut tx = self.operator.platform().await.unwrap();
        let tenant = union.map(|slug| self.tenant(slug));
        self.clock.advance(Duration::seconds(1));
        let now = self.clock.now();
        assert!(terms::publish(&mut tx, &self.clock, tenant, now, body, "test").await.unwrap());
        tx.commit().await.unwrap();
        self.app.directory.refresh(&self.app.db).await.unwrap();
    }
}

#[tokio::test]
async fn f3_agreeing_is_kept_with_version_time_and_place() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    browser.headers.push(("user-agent", "Netscape/4.0".to_owned()));
    let page = world.walk_to(&mut browser, BY_LETTER, "/terms").await;
    assert!(page.shows("第1条") && page.shows("2025年9月30日 施行"), "{}", page.text());
    assert!(!page.shows("更新されました"));
    let version = hidden(&page, "terms");
    browser.post("/terms", &[("terms", &version)]).await;
    let kept = sqlx::query_as::<_, (String, String, chrono::DateTime<chrono::Utc>)>(
        "select g.terms_id::text, g.user_agent, g.agreed_at
         from terms_agreements g join logins a on (a.tenant_id, a.id) = (g.tenant_id, g.login_id)
         where a.user_id = 'kari-n7'",
    )
    .fetch_one(&mut world.database.admin().await)
    .await
    .unwrap();
    assert_eq!(kept, (version, "Netscape/4.0".to_owned(), world.clock.now()));
}

#[tokio::test]
async fn f3_a_version_published_between_showing_and_agreeing_is_shown_again() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    let page = world.walk_to(&mut browser, BY_LETTER, "/terms").await;
    let stale = hidden(&page, "terms");
    world.publish(Some("nideckenpo"), "## 第1条\n\nニデックだけの規約").await;
    let page = browser.post("/terms", &[("terms", &stale)]).await;
    assert!(page.shows("利用規約が新しくなりました。") && page.shows("ニデックだけの規約"));
    assert_eq!(browser.get("/sign-in/continue").await.location(), "/terms");
    let newer = hidden(&page, "terms");
    assert!(browser.post("/terms", &[("terms", &newer)]).await.status.is_redirection());
    assert_eq!(browser.get("/sign-in/continue").await.location(), "/first-sign-in/email");
}

#[tokio::test]
async fn l8_updated_terms_come_after_the_second_factor_and_before_the_portal() {
    let world = World::new().await;
    world.publish(None, "## 第1条\n\n改訂した規約").await;
    let mut browser = world.browser("klinekenpo");
    let answer = world.give_password(&mut browser, TARO).await;
    assert_eq!(answer.location(), "/sign-in/code", "the code first");
    let code = world.mailed_code(TARO.email).await;
    browser.get("/sign-in/code").await;
    let answer = browser.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(browser.get("/expenses").await.location(), "/terms");
    let page = browser.follow(answer).await;
    let page =
        if page.heading().contains("利用規約") { page } else { browser.get("/terms").await };
    assert!(
        page.shows("利用規約が更新されました。") && page.shows("改訂した規約"),
        "{}",
        page.text()
    );
    assert!(!page.shows("ステップ中"), "no step of the first sign-in");
    let version = hidden(&page, "terms");
    let agreed = browser.post("/terms", &[("terms", &version)]).await;
    assert_eq!(browser.follow(agreed).await.heading(), "医療費情報", "the page opened above");
}

#[tokio::test]
async fn l8_one_unions_terms_are_no_other_unions_and_a_session_that_lives_is_asked_too() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let mut saburo = world.sign_in(SABURO).await;
    world.publish(Some("jrckenpo"), "日本無線の規約").await;
    assert_eq!(taro.get("/expenses").await.status.as_u16(), 200);
    assert_eq!(saburo.get("/expenses").await.location(), "/terms");
    let other = hidden(&saburo.get("/terms").await, "terms");
    world.publish(Some("klinekenpo"), "川崎汽船の規約").await;
    taro.get("/terms").await;
    let page = taro.post("/terms", &[("terms", &other)]).await;
    assert!(page.shows("川崎汽船の規約"), "agreeing to another union's counts for nothing");
    assert_eq!(taro.get("/expenses").await.location(), "/terms");
}
