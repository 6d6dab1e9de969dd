//! Limits on what one person, or one union's crowd, can take of shared resources.

use axum::http::StatusCode;
use chrono::Duration;
use kosmo::mail::delivery;
use kosmo::mail::delivery::rates;
use kosmo::mail::delivery::sender::Sender;

use crate::mail::{post_code_to, post_to};
use crate::support::people::{GORO, Person, TARO};
use crate::support::world::World;

const QUEUED_CODES: &str =
    "select count(*) from outbox where state = 'queued' and kind = 'email_code'";
const LIVING: &str = "select count(*) from sessions where ended_at is null";

#[tokio::test]
async fn l3_whoever_begins_many_sign_ins_has_few_of_them_and_few_codes() {
    let world = World::new().await;
    let mut browsers = Vec::new();
    let mut begun = 0;
    for _ in 0..25 {
        let mut browser = world.browser("klinekenpo");
        let page = world.give_password(&mut browser, TARO).await;
        begun += i32::from(page.status == StatusCode::SEE_OTHER);
        browsers.push(browser);
    }
    assert_eq!(begun, 20, "right tries count, too");
    assert_eq!(world.count(LIVING).await, 3);
    assert!(world.count(QUEUED_CODES).await <= 3);
    world.deliver().await;
    let codes = world.mails_to(TARO.email);
    assert!(codes.len() <= 3, "{codes:?}");
    for browser in &mut browsers[..10] {
        assert_eq!(browser.get("/sign-in/code").await.location(), "/sign-in", "it is over");
    }
    world.clock.advance(Duration::minutes(2));
    let mut browser = world.browser("klinekenpo");
    world.give_password(&mut browser, TARO).await;
    let page = browser.get("/sign-in/code").await;
    assert!(!page.shows("メールの送信が続いたため"), "time brings codes back: {}", page.text());
}

#[tokio::test]
async fn l2_right_passwords_that_come_too_often_are_paid_for_by_nobody_else() {
    let world = World::new().await;
    let too_often = async || {
        let page = world.give_password(&mut world.browser("klinekenpo"), TARO).await;
        page.status == StatusCode::TOO_MANY_REQUESTS
    };
    let mut begun = 0;
    while !too_often().await {
        begun += 1;
        assert!(begun <= 20, "right ones count, too");
    }
    for _ in 0..25 {
        assert!(too_often().await);
    }
    // A place's token takes six seconds to come back, a union's half a second.
    let spent = |bucket: &str, micros: u32| {
        format!(
            "select round(max(full_at - {}) / {micros}.0)::bigint from throttles
             where bucket = 'sign_in.{bucket}'",
            world.clock.now().timestamp_micros()
        )
    };
    assert_eq!(world.count(&spent("address", 6_000_000)).await, 0);
    assert_eq!(world.count(&spent("union", 500_000)).await, 20, "the server's one lease");
}

#[tokio::test]
async fn l3_who_was_sent_too_many_codes_is_told_to_wait() {
    let world = World::new().await;
    for _ in 0..10 {
        world.give_password(&mut world.browser("klinekenpo"), TARO).await;
    }
    let mut browser = world.browser("klinekenpo");
    assert_eq!(world.give_password(&mut browser, TARO).await.location(), "/sign-in/code");
    let page = browser.get("/sign-in/code").await;
    assert!(page.shows("メールの送信が続いたため、しばらく時間をおいてから"), "{}", page.text());
    // Other people have their own limit.
    assert_eq!(
        world.give_password(&mut world.browser("klinekenpo"), GORO).await.location(),
        "/sign-in/code"
    );
}

#[tokio::test]
async fn l3_a_stranger_who_knows_the_password_takes_no_code_from_the_persons_own_browser() {
    let world = World::new().await;
    let mut own = world.sign_in(TARO).await;
    own.sign_out().await;
    for _ in 0..25 {
        world.give_password(&mut world.browser("klinekenpo"), TARO).await;
    }
    world.give_password(&mut own, TARO).await;
    own.get("/sign-in/code").await;
    let code = world.mailed_code(TARO.email).await;
    let answer = own.post("/sign-in/code", &[("code", &code)]).await;
    assert!(own.follow(answer).await.heading().starts_with("ようこそ"));
}

#[tokio::test]
async fn l3_a_stranger_who_knows_the_password_ends_no_sign_in_of_the_persons_own_browser() {
    let world = World::new().await;
    let mut own = world.sign_in(TARO).await;
    own.sign_out().await;
    world.give_password(&mut own, TARO).await;
    own.get("/sign-in/code").await;
    for _ in 0..5 {
        world.give_password(&mut world.browser("klinekenpo"), TARO).await;
    }
    assert_eq!(own.get("/sign-in/code").await.status, StatusCode::OK, "it goes on");
    assert_eq!(world.count(LIVING).await, 1 + 3);
}

#[tokio::test]
async fn l3_a_newer_code_replaces_the_one_that_has_not_gone_out() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    world.give_password(&mut browser, TARO).await;
    browser.get("/sign-in/code").await;
    world.clock.advance(Duration::seconds(31));
    browser.post("/sign-in/code/resend", &[]).await;
    assert_eq!(world.count(QUEUED_CODES).await, 1);
    let dead = "select count(*) from outbox where state = 'expired' and text_body = ''";
    assert_eq!(world.count(dead).await, 1);
    let code = world.mailed_code(TARO.email).await;
    assert_eq!(world.mails_to(TARO.email).len(), 1, "the first one never goes out");
    let answer = browser.post("/sign-in/code", &[("code", &code)]).await;
    assert!(browser.follow(answer).await.heading().starts_with("ようこそ"));
}

#[tokio::test]
async fn m2_unions_take_turns_and_codes_go_before_all_else() {
    let world = World::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let sender = Sender::File(folder.path().to_owned());
    rates::set(&world.worker, &world.clock, sender.provider(), 1).await.unwrap();
    for number in 0..50 {
        post_to(&world, "klinekenpo", &format!("k{number}@example.jp")).await;
        post_code_to(&world, "klinekenpo", &format!("k{number}@example.jp")).await;
    }
    world.clock.advance(Duration::milliseconds(1));
    post_to(&world, "jomkenpo", "j@example.jp").await;
    post_code_to(&world, "jomkenpo", "j@example.jp").await;
    post_code_to(&world, "jrckenpo", "r@example.jp").await;
    for second in 0..3 {
        assert_eq!(delivery::deliver(&world.worker, &world.clock, &sender).await.unwrap(), 1);
        let codes = "select count(*) from outbox where state = 'sent' and kind = 'email_code'";
        assert_eq!(world.count(codes).await, second + 1, "a code in each second");
        world.clock.advance(Duration::seconds(1));
    }
    let unions = "select count(distinct tenant_id) from outbox where state = 'sent'";
    assert_eq!(world.count(unions).await, 3, "each union had its turn");
}

#[tokio::test]
async fn r1_mails_to_nobody_take_nothing_of_the_pace() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let sender = Sender::File(folder.path().to_owned());
    rates::set(&world.worker, &world.clock, sender.provider(), 1).await.unwrap();
    for number in 0..10 {
        let mut browser = world.browser("klinekenpo");
        browser.get("/forgotten-password").await;
        let nobody = format!("daremo{number}");
        browser.post("/forgotten-password", &[("user_id", &nobody)]).await;
    }
    world.clock.advance(Duration::seconds(1));
    post_code_to(&world, "klinekenpo", TARO.email).await;
    assert_eq!(delivery::deliver(&world.worker, &world.clock, &sender).await.unwrap(), 1);
    let codes = "select count(*) from outbox where state = 'sent' and kind = 'email_code'";
    assert_eq!(world.count(codes).await, 1);
    let nobodys = "select count(*) from outbox where recipient = '' and state = 'expired'
                   and text_body = '' and html_body = ''";
    assert_eq!(world.count(nobodys).await, 10);
}

#[tokio::test]
async fn m2_a_person_with_many_mails_waits_for_those_with_few() {
    let world = World::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let sender = Sender::File(folder.path().to_owned());
    for _ in 0..20 {
        post_to(&world, "klinekenpo", TARO.email).await;
    }
    world.clock.advance(Duration::milliseconds(1));
    post_to(&world, "klinekenpo", GORO.email).await;
    delivery::deliver(&world.worker, &world.clock, &sender).await.unwrap();
    let sent = |address: &str| {
        format!("select count(*) from outbox where state = 'sent' and recipient = '{address}'")
    };
    assert_eq!(world.count(&sent(TARO.email)).await, 5, "a few at once");
    assert_eq!(world.count(&sent(GORO.email)).await, 1);
    world.clock.advance(Duration::minutes(1));
    delivery::deliver(&world.worker, &world.clock, &sender).await.unwrap();
    assert_eq!(world.count(&sent(TARO.email)).await, 20, "and none is lost");
}

#[tokio::test]
async fn f5_whether_an_address_is_free_is_not_told_for_ever() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let mut told = 0;
    for _ in 0..30 {
        taro.get("/profile/email").await;
        let page = taro.post("/profile/email", &[("email", GORO.email)]).await;
        if page.shows("他のアカウントで設定されているメールアドレスです。")
        {
            told += 1;
        } else {
            assert!(page.shows("確認が続いたため、しばらく時間をおいて"), "{}", page.text());
        }
    }
    assert_eq!(told, 20);
    let known = Person { email: "free@example.jp", ..TARO };
    let page = taro.post("/profile/email", &[("email", known.email)]).await;
    assert!(page.shows("確認が続いたため"), "free or taken, nothing is told: {}", page.text());
    world.clock.advance(Duration::minutes(2));
    taro.get("/profile/email").await;
    let page = taro.post("/profile/email", &[("email", GORO.email)]).await;
    assert!(page.shows("他のアカウントで設定されているメールアドレスです。"));
}
