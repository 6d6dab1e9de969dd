//! A passkey is offered on the top page, until the person has one or says no.

use crate::passkeys::KLINE;
use crate::support::people::{SABURO, TARO};
use crate::support::world::World;

const OFFER: &str = "次回から、パスキーでログインできます";

#[tokio::test]
async fn l6_taro_is_offered_a_passkey_and_says_no_once_for_ever() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let page = browser.get("/").await;
    assert!(page.shows(OFFER) && page.shows("設定しない"), "{}", page.text());
    assert!(page.body.contains("href=\"/sign-in-methods/passkeys\""));
    for _ in 0..2 {
        browser.get("/").await;
        let answer = browser.post("/passkey-offer", &[]).await;
        assert_eq!(answer.location(), "/");
    }
    assert!(!browser.get("/").await.shows(OFFER));
    world.clock.advance(chrono::Duration::days(400));
    assert!(!world.sign_in(TARO).await.get("/").await.shows(OFFER), "nor a year later");
    let declined = "select count(*) from audit_events where action = 'passkey.offer_declined'";
    assert_eq!(world.count(declined).await, 1);
}

#[tokio::test]
async fn l6_a_passkey_is_not_offered_to_people_who_have_one_or_may_not_have_one() {
    let world = World::new().await;
    let (_, mut browser) = world.with_passkey(TARO, KLINE).await;
    assert!(!browser.get("/").await.shows(OFFER), "who has one");
    assert!(!world.sign_in(SABURO).await.get("/").await.shows(OFFER), "T4");
    assert!(!world.browser("klinekenpo").get("/").await.shows(OFFER), "nobody");
}

#[tokio::test]
async fn f10_a_passkey_is_not_offered_in_the_first_sign_in() {
    use crate::first_sign_in::BY_LETTER;
    use crate::support::people::Person;
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    world.walk_to(&mut browser, BY_LETTER, "/sign-in/code").await;
    let code = world.mailed_code(BY_LETTER.person.email).await;
    browser.post("/sign-in/code", &[("code", &code)]).await;
    let page = browser.get("/").await;
    assert!(page.heading().starts_with("ようこそ") && !page.shows(OFFER), "{}", page.text());
    let own = Person { password: BY_LETTER.own_password, ..BY_LETTER.person };
    let page = world.sign_in(own).await.get("/").await;
    assert!(page.shows(OFFER), "but the next time: {}", page.text());
    assert!(page.shows("ユーザIDとパスワードを入力しなくても"), "nideckenpo: {}", page.text());
}

#[tokio::test]
async fn l6_nideckenpo_lets_a_passkey_sign_in_by_itself() {
    let world = World::new().await;
    let page = world.browser("nideckenpo").get("/sign-in").await;
    assert!(page.shows("パスキーでログイン"), "{}", page.text());
}
