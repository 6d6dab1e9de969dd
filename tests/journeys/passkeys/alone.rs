//! 「パスキーでログイン」 without user ID and password (L6), if the union allows it.

use axum::http::StatusCode;
use chrono::Duration;
use sqlx::Connection as _;

use crate::passkeys::KLINE;
use crate::support::authenticator::{Device, options};
use crate::support::browser::{Browser, Page};
use crate::support::first_sign_in::hidden;
use crate::support::kills::until;
use crate::support::people::TARO;
use crate::support::world::World;

const ANSWER: &str = "/sign-in/with-passkey";
const REFUSED: &str = "パスキーを確認できませんでした。もう一度お試しください。";

/// Makes the five unions, of which klinekenpo allows it, and Taro's device.
async fn world() -> (World, Device) {
    let world = World::new().await;
    let (device, _) = world.with_passkey(TARO, KLINE).await;
    world.change_policy("klinekenpo", |policy| policy.sign_in.passkey_alone = true).await;
    (world, device)
}

/// A device's answer to the question of a sign-in page.
struct Answer {
    ticket: String,
    credential: String,
}

impl Answer {
    fn to(page: &Page, device: &mut Device) -> Self {
        Self { ticket: hidden(page, "ticket"), credential: device.prove(options(page)) }
    }

    async fn send(&self, browser: &mut Browser) -> Page {
        let fields = [("ticket", self.ticket.as_str()), ("credential", self.credential.as_str())];
        browser.post(ANSWER, &fields).await
    }
}

/// Counts the tries that places have spent. A token takes six seconds to come back.
async fn spent(world: &World) -> i64 {
    let spent = format!(
        "select round((max(full_at) - {}) / 6e6)::bigint from throttles
         where bucket = 'sign_in.address'",
        world.clock.now().timestamp_micros()
    );
    world.count(&spent).await
}

fn is_refused(page: &Page) -> bool {
    page.status == StatusCode::UNPROCESSABLE_ENTITY && page.shows(REFUSED)
}

#[tokio::test]
async fn l6_a_passkey_signs_in_without_user_id_and_password() {
    let (world, mut device) = world().await;
    let mut browser = world.browser("klinekenpo");
    let page = browser.get("/sign-in").await;
    assert!(page.shows("パスキーでログイン"));
    assert!(page.body.contains("autocomplete=\"username webauthn\""), "the autofill offer");
    let asked = options(&page);
    assert!(asked["allowCredentials"].as_array().is_none_or(Vec::is_empty), "nobody is named");
    assert_eq!(asked["userVerification"], "required");
    let answer = Answer::to(&page, &mut device).send(&mut browser).await;
    assert_eq!(answer.location(), "/");
    assert!(browser.get("/").await.heading().starts_with("ようこそ、テスト　太郎"));
    assert_eq!(browser.get("/profile").await.status, StatusCode::OK, "S4: it is both proofs");
    world.deliver().await;
    let told = world.mails_to(TARO.email);
    assert!(told.iter().any(|mail| mail.contains("新しい端末からのログイン")), "S9");
    let alone = "select count(*) from audit_events
                 where action = 'sign_in.complete' and detail ->> 'second_factor' = 'passkey'";
    assert_eq!(world.count(alone).await, 1);

    let mut kept = browser.reopened();
    let page = kept.get("/sign-in").await;
    let Answer { ticket, credential } = Answer::to(&page, &mut device);
    let fields = [("ticket", ticket.as_str()), ("credential", &credential), ("remember", "on")];
    kept.post(ANSWER, &fields).await;
    world.clock.advance(Duration::days(29));
    assert_eq!(kept.get("/expenses").await.status, StatusCode::OK, "L11");
}

#[tokio::test]
async fn l6_an_answer_counts_once_for_the_page_that_asked() {
    let (world, mut device) = world().await;
    let (mut browser, mut other) = (world.browser("klinekenpo"), world.browser("klinekenpo"));
    let answer = Answer::to(&browser.get("/sign-in").await, &mut device);
    other.get("/sign-in").await;
    assert!(is_refused(&answer.send(&mut other).await), "another visit's ticket");
    let clicks = (0..12).map(|_| {
        let (mut browser, answer) = (browser.clone(), &answer);
        async move { answer.send(&mut browser).await }
    });
    let answers = futures_util::future::join_all(clicks).await;
    assert_eq!(answers.iter().filter(|page| page.location() == "/").count(), 1, "of twelve, one");
    browser.get("/sign-in").await;
    assert!(is_refused(&answer.send(&mut browser).await), "replayed");

    let late = Answer::to(&browser.get("/sign-in").await, &mut device);
    world.clock.advance(Duration::minutes(59));
    let in_time = Answer::to(&browser.get("/sign-in").await, &mut device);
    world.clock.advance(Duration::minutes(1));
    assert!(is_refused(&late.send(&mut browser).await), "an hour later");
    assert_eq!(in_time.send(&mut browser).await.location(), "/");
    let swapped = Answer::to(&browser.reopened().get("/sign-in").await, &mut device);
    for (ticket, credential) in
        [("", swapped.credential.as_str()), (&swapped.ticket, "{}"), ("x.y", "x"), ("あ", "あ")]
    {
        let mut browser = world.browser("klinekenpo");
        browser.get("/sign-in").await;
        let answer = Answer { ticket: ticket.to_owned(), credential: credential.to_owned() };
        assert!(is_refused(&answer.send(&mut browser).await), "{ticket:.9} {credential:.9}");
    }
    world.clock.advance(Duration::hours(2));
    Answer::to(&browser.reopened().get("/sign-in").await, &mut device);
    let mut last = world.browser("klinekenpo");
    Answer::to(&last.get("/sign-in").await, &mut device).send(&mut last).await;
    let kept = "select count(*) from passkey_answers";
    assert_eq!(world.count(kept).await, 1, "what is too old to be answered again is forgotten");
}

#[tokio::test]
async fn l6_copies_strangers_and_locked_people_stay_outside() {
    let (world, mut device) = world().await;
    let mut browser = world.browser("klinekenpo");
    let early = Answer::to(&browser.get("/sign-in").await, &mut device);
    let mut other = world.browser("klinekenpo");
    Answer::to(&other.get("/sign-in").await, &mut device).send(&mut other).await;
    assert!(is_refused(&early.send(&mut browser).await), "a counter that goes back");
    device.verifies = false;
    let unverified = Answer::to(&browser.get("/sign-in").await, &mut device);
    assert!(is_refused(&unverified.send(&mut browser).await), "UV off");
    device.verifies = true;
    device.origin = "http://jomkenpo.localhost:8080".to_owned();
    let foreign = Answer::to(&browser.get("/sign-in").await, &mut device);
    assert!(is_refused(&foreign.send(&mut browser).await), "another origin");
    device.origin = KLINE.to_owned();
    for reason in ["counter", "unverified", "origin"] {
        assert_eq!(world.refused_for(reason).await, 1, "{reason}");
    }

    for lock in ["locked_at", "second_factor_locked_at"] {
        world.execute(&format!("update logins set {lock} = now()")).await;
        let locked = Answer::to(&browser.get("/sign-in").await, &mut device);
        assert!(is_refused(&locked.send(&mut browser).await), "{lock}");
        world.execute(&format!("update logins set {lock} = null")).await;
    }
    // Strangers' wrong passwords lock strangers out, but the passkey belongs to its owner.
    world.guess_often(TARO, 11).await;
    assert_eq!(world.count("select count(*) from logins where locked_at is not null").await, 1);
    let mut own = world.browser("klinekenpo");
    let spared = Answer::to(&own.get("/sign-in").await, &mut device);
    assert_eq!(spared.send(&mut own).await.location(), "/");
    world.execute("delete from devices where kind = 'passkey'").await;
    let deleted = Answer::to(&browser.get("/sign-in").await, &mut device);
    assert!(is_refused(&deleted.send(&mut browser).await), "deleted");
}

#[tokio::test]
async fn l6_a_passkey_that_is_backed_up_later_signs_in_alone() {
    let (world, mut device) = world().await;
    let mut browser = world.browser("klinekenpo");
    device.backed_up = true;
    let odd = Answer::to(&browser.get("/sign-in").await, &mut device);
    assert!(is_refused(&odd.send(&mut browser).await), "what may not be backed up is");
    assert_eq!(world.refused_for("backup").await, 1);
    device.eligible = true;
    let moved = Answer::to(&browser.get("/sign-in").await, &mut device);
    assert_eq!(moved.send(&mut browser).await.location(), "/");
    // What was signed once may be sent again and again: it counts towards no lock, yet its place runs dry.
    assert_eq!(spent(&world).await, 1, "a right one gives its try back");
    device.forges = true;
    let mut other = world.browser("klinekenpo");
    let forged = Answer::to(&other.get("/sign-in").await, &mut device);
    assert!(is_refused(&forged.send(&mut other).await), "another key's");
    assert_eq!(spent(&world).await, 2);
}

#[tokio::test]
async fn t4_without_the_policys_word_there_is_no_such_way_in() {
    let (world, mut device) = world().await;
    let mut browser = world.browser("klinekenpo");
    let answer = Answer::to(&browser.get("/sign-in").await, &mut device);
    for slug in ["jomkenpo", "kddikenpo"] {
        let mut elsewhere = world.browser(slug);
        assert!(!elsewhere.get("/sign-in").await.shows("パスキーでログイン"));
        assert_eq!(answer.send(&mut elsewhere).await.status, StatusCode::NOT_FOUND, "{slug}");
    }
    world.change_policy("jomkenpo", |policy| policy.sign_in.passkey_alone = true).await;
    let mut elsewhere = world.browser("jomkenpo");
    elsewhere.get("/sign-in").await;
    assert!(is_refused(&answer.send(&mut elsewhere).await), "klinekenpo's ticket at jomkenpo");
    let theirs = elsewhere.get("/sign-in").await;
    assert!(is_refused(&Answer::to(&theirs, &mut device).send(&mut elsewhere).await));
}

#[tokio::test]
async fn l6_an_answer_that_nobody_checks_or_waits_for_costs_its_place_nothing() {
    let (world, mut device) = world().await;
    let mut browser = world.browser("klinekenpo");
    let fails = Answer::to(&browser.get("/sign-in").await, &mut device);
    world.execute("alter table audit_events rename to elsewhere").await;
    let page = fails.send(&mut browser).await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", page.text());
    world.execute("alter table elsewhere rename to audit_events").await;
    assert_eq!(spent(&world).await, 0, "it could not be noted");

    let mut holder = world.database.admin().await;
    let lock = "begin; lock table passkey_answers in access exclusive mode";
    sqlx::raw_sql(lock).execute(&mut holder).await.unwrap();
    let hung_up = Answer::to(&browser.get("/sign-in").await, &mut device);
    let mut hangs_up = browser.clone();
    let asking = tokio::spawn(async move { hung_up.send(&mut hangs_up).await });
    let waits = "select count(*) from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock'";
    until(&world, waits, 1).await;
    assert_eq!(spent(&world).await, 1);
    asking.abort();
    assert!(asking.await.is_err_and(|error| error.is_cancelled()));
    holder.close().await.unwrap();
    let begun = "select count(*) from audit_events
                 where action = 'sign_in.complete' and detail ->> 'second_factor' = 'passkey'";
    until(&world, begun, 1).await;
    assert_eq!(spent(&world).await, 0, "it was right, although nobody waits for the answer");
}
