//! Passkeys (L6, S5): which answers of a device are accepted, and which are not.

use axum::http::StatusCode;
use chrono::Duration;

use super::{ADD, KLINE};
use crate::support::authenticator::{Device, options};
use crate::support::browser::{Browser, Page};
use crate::support::people::{GORO, JIRO, Person, TARO};
use crate::support::world::World;

const PROVE: &str = "/sign-in/passkey";
const REFUSED: &str = "パスキーを確認できませんでした。もう一度お試しください。";
const NOT_ADDED: &str = "お使いの端末からの応答を確認できませんでした。";

impl World {
    /// Opens another browser and gives the right password in it.
    async fn half(&self, person: Person) -> Browser {
        let mut browser = self.browser(person.union);
        let page = self.give_password(&mut browser, person).await;
        assert_eq!(page.location(), PROVE, "{}", page.text());
        browser
    }
}

/// Counts the refusals that count towards the lock.
const COUNTED: &str = "select count(*) from audit_events
                       where action = 'passkey.refused' and detail ? 'failures'";

impl World {
    /// Counts the answers refused for this reason that counted towards nothing.
    pub(crate) async fn refused_for(&self, reason: &str) -> i64 {
        let refused = format!(
            "select count(*) from audit_events
             where action = 'passkey.refused' and detail ->> 'reason' = '{reason}'"
        );
        self.count(&refused).await
    }
}

async fn answer(browser: &mut Browser, credential: &str) -> Page {
    browser.post(PROVE, &[("credential", credential)]).await
}

fn is_refused(page: &Page) -> bool {
    page.status == StatusCode::UNPROCESSABLE_ENTITY && page.shows(REFUSED)
}

#[tokio::test]
async fn l6_a_proof_signs_in_once_and_only_in_the_session_that_asked() {
    let world = World::new().await;
    let (mut device, _) = world.with_passkey(TARO, KLINE).await;
    let (mut one, mut two) = (world.half(TARO).await, world.half(TARO).await);
    let (first, second) = (options(&one.get(PROVE).await), options(&two.get(PROVE).await));
    assert_ne!(first["challenge"], second["challenge"]);
    let challenge = first["challenge"].as_str().expect("a challenge");
    assert!(challenge.len() >= 43, "32 bytes: {challenge}");
    let proof = device.prove(first);
    assert!(is_refused(&answer(&mut two, &proof).await), "another session's challenge");
    assert_eq!(answer(&mut one, &proof).await.location(), "/sign-in/continue");
    assert!(one.get("/").await.heading().starts_with("ようこそ"));

    let mut again = world.half(TARO).await;
    again.get(PROVE).await;
    assert!(is_refused(&answer(&mut again, &proof).await), "replayed");
    for nonsense in ["", "{}", "null", "<b>", &"[".repeat(5_000)] {
        again.get(PROVE).await;
        assert!(is_refused(&answer(&mut again, nonsense).await), "{nonsense:.10}");
    }
    let proof = device.prove(options(&again.get(PROVE).await));
    world.clock.advance(Duration::minutes(10));
    assert!(is_refused(&answer(&mut again, &proof).await), "too late");
}

#[tokio::test]
async fn l6_twenty_answers_at_once_sign_in_once() {
    let world = World::new().await;
    let (mut device, _) = world.with_passkey(TARO, KLINE).await;
    let mut browser = world.half(TARO).await;
    let proof = device.prove(options(&browser.get(PROVE).await));
    let clicks = (0..20).map(|_| {
        let (mut browser, proof) = (browser.clone(), proof.clone());
        async move { answer(&mut browser, &proof).await }
    });
    let answers = futures_util::future::join_all(clicks).await;
    let done = answers.iter().filter(|page| page.headers.contains_key("set-cookie")).count();
    assert_eq!(done, 1);
    assert!(!answers.iter().any(is_refused), "a double click is no failure");
}

#[tokio::test]
async fn l6_wrong_origins_unverified_people_and_copied_devices_are_refused() {
    let world = World::new().await;
    let (mut device, _) = world.with_passkey(TARO, KLINE).await;
    let mut browser = world.half(TARO).await;
    for origin in
        ["http://jomkenpo.localhost:8080", "https://evil.example", "http://localhost:8080"]
    {
        device.origin = origin.to_owned();
        let proof = device.prove(options(&browser.get(PROVE).await));
        assert!(is_refused(&answer(&mut browser, &proof).await), "{origin}");
    }
    device.origin = KLINE.to_owned();
    let mut elsewhere = options(&browser.get(PROVE).await);
    elsewhere["rpId"] = "jomkenpo.localhost".into();
    let proof = device.prove(elsewhere);
    assert!(is_refused(&answer(&mut browser, &proof).await), "another relying party");
    device.verifies = false;
    let proof = device.prove(options(&browser.get(PROVE).await));
    assert!(is_refused(&answer(&mut browser, &proof).await), "UV off");
    device.verifies = true;

    // One device makes two proofs, and the later one comes first: a copied device's counter looks
    // like that.
    let mut other = world.half(TARO).await;
    let early = device.prove(options(&browser.get(PROVE).await));
    let late = device.prove(options(&other.get(PROVE).await));
    assert_eq!(answer(&mut other, &late).await.location(), "/sign-in/continue");
    assert!(is_refused(&answer(&mut browser, &early).await), "a counter that goes back");
    for reason in ["origin", "relying_party", "unverified", "counter"] {
        let expected = if reason == "origin" { 3 } else { 1 };
        assert_eq!(world.refused_for(reason).await, expected, "{reason}");
    }
    assert_eq!(world.count(COUNTED).await, 0, "L2: the device is the person's, and nobody guessed");
}

#[tokio::test]
async fn l6_what_the_passkey_did_not_sign_counts_and_a_stale_challenge_does_not() {
    let world = World::new().await;
    let (mut device, _) = world.with_passkey(TARO, KLINE).await;
    let mut browser = world.half(TARO).await;
    let stale = device.prove(options(&browser.get(PROVE).await));
    world.clock.advance(Duration::minutes(2));
    let newer = browser.get(PROVE).await;
    assert!(is_refused(&answer(&mut browser, &stale).await), "the page of another tab");
    assert!(is_refused(&answer(&mut browser, &device.prove(options(&newer))).await), "used up");
    assert_eq!(world.refused_for("challenge").await, 2);
    assert_eq!(world.count(COUNTED).await, 0);
    device.forges = true;
    for (eligible, origin) in [(false, KLINE), (true, KLINE), (false, "https://evil.example")] {
        (device.eligible, device.origin) = (eligible, origin.to_owned());
        let proof = device.prove(options(&browser.get(PROVE).await));
        assert!(is_refused(&answer(&mut browser, &proof).await), "{eligible} {origin}");
    }
    assert_eq!(world.count(COUNTED).await, 3, "L2");
    let lasting =
        "select count(*) from devices where credential -> 'cred' ->> 'backup_eligible' = 'false'";
    assert_eq!(world.count(lasting).await, 1, "nobody else changes what is stored");
}

#[tokio::test]
async fn l6_a_passkey_that_is_backed_up_later_signs_in_and_its_flags_are_kept() {
    let world = World::new().await;
    let (mut device, _) = world.with_passkey(TARO, KLINE).await;
    let kept = |eligible: bool, backed_up: bool| {
        format!(
            "select count(*) from devices
             where credential -> 'cred' @> '{{\"backup_eligible\": {eligible}, \"backup_state\": {backed_up}}}'"
        )
    };
    assert_eq!(world.count(&kept(false, false)).await, 1);
    let mut browser = world.half(TARO).await;
    device.backed_up = true;
    let proof = device.prove(options(&browser.get(PROVE).await));
    assert!(is_refused(&answer(&mut browser, &proof).await), "what may not be backed up is");
    for (eligible, backed_up) in [(true, true), (true, false), (true, true)] {
        (device.eligible, device.backed_up) = (eligible, backed_up);
        let proof = device.prove(options(&browser.get(PROVE).await));
        assert_eq!(answer(&mut browser, &proof).await.location(), "/sign-in/continue");
        assert!(browser.get("/").await.heading().starts_with("ようこそ"));
        assert_eq!(world.count(&kept(eligible, backed_up)).await, 1, "{eligible} {backed_up}");
        browser = world.half(TARO).await;
    }
    (device.eligible, device.backed_up) = (false, false);
    let proof = device.prove(options(&browser.get(PROVE).await));
    assert!(is_refused(&answer(&mut browser, &proof).await), "bound to a device again");
    assert_eq!(world.refused_for("backup").await, 2);
    assert_eq!(world.count(COUNTED).await, 0);
}

#[tokio::test]
async fn l6_nobody_signs_in_with_another_persons_or_unions_passkey() {
    let world = World::new().await;
    let (mut taros, _) = world.with_passkey(TARO, KLINE).await;
    let (mut goros, _) = world.with_passkey(GORO, KLINE).await;
    let (mut jiros, _) = world.with_passkey(JIRO, "http://jomkenpo.localhost:8080").await;
    let mut browser = world.half(TARO).await;
    for (device, whose) in [(&mut goros, "Goro's"), (&mut jiros, "jomkenpo's")] {
        device.origin = KLINE.to_owned();
        let asked = options(&browser.get(PROVE).await);
        assert_eq!(asked["allowCredentials"].as_array().map(Vec::len), Some(1), "Taro's alone");
        let proof = device.prove(asked);
        assert!(is_refused(&answer(&mut browser, &proof).await), "{whose}");
    }
    let mut elsewhere = world.browser("jomkenpo");
    world.give_password(&mut elsewhere, JIRO).await;
    let proof = taros.prove(options(&elsewhere.get(PROVE).await));
    assert!(is_refused(&answer(&mut elsewhere, &proof).await), "Taro's at jomkenpo");
    let kept = "select count(*) from devices d join tenants t on t.id = d.tenant_id
                where t.slug = 'jomkenpo'";
    assert_eq!(world.count(kept).await, 1);
}

#[tokio::test]
async fn s5_a_set_up_takes_what_the_union_asked_for_and_names_are_the_persons_own() {
    let world = World::new().await;
    let (mut device, mut browser) = world.with_passkey(TARO, KLINE).await;
    let asked = options(&browser.get(ADD).await);
    assert_eq!(asked["excludeCredentials"].as_array().map(Vec::len), Some(1), "no device twice");
    let mut second = Device::at(KLINE);
    second.verifies = false;
    let unverified = second.make(asked);
    let page = browser.post(ADD, &[("credential", &unverified), ("name", "鍵")]).await;
    assert!(page.shows(NOT_ADDED), "UV off");
    second.verifies = true;
    second.origin = "http://jomkenpo.localhost:8080".to_owned();
    let foreign = second.make(options(&browser.get(ADD).await));
    let page = browser.post(ADD, &[("credential", &foreign), ("name", "鍵")]).await;
    assert!(page.shows(NOT_ADDED), "another origin");
    second.origin = KLINE.to_owned();
    let proof = device.prove(options(&browser.get(ADD).await));
    let page = browser.post(ADD, &[("credential", &proof), ("name", "鍵")]).await;
    assert!(page.shows(NOT_ADDED), "a proof is no set-up");

    let credential = second.make(options(&browser.get(ADD).await));
    for name in ["あ".repeat(300), String::new(), "  ".to_owned(), "iPhone".to_owned()] {
        let page = browser.post(ADD, &[("credential", &credential), ("name", &name)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name:.9}");
        assert!(page.shows("名前"), "{}", page.text());
    }
    let markup = "<script>alert(1)</script>";
    let added = browser.post(ADD, &[("credential", &credential), ("name", markup)]).await;
    assert_eq!(added.location(), "/sign-in-methods", "the same answer, under a good name");
    let page = browser.get("/sign-in-methods").await;
    assert!(page.body.contains("&lt;script&gt;alert(1)") && !page.body.contains(markup));
    let page = browser.post(ADD, &[("credential", &credential), ("name", "また")]).await;
    assert!(page.shows(NOT_ADDED), "replayed");
}

#[tokio::test]
async fn s5_ten_passkeys_are_enough_for_anybody() {
    let world = World::new().await;
    let (_, mut browser) = world.with_passkey(TARO, KLINE).await;
    for number in 2..=11 {
        let credential = Device::at(KLINE).make(options(&browser.get(ADD).await));
        let name = format!("鍵{number}");
        let page = browser.post(ADD, &[("credential", &credential), ("name", &name)]).await;
        let added = page.status.is_redirection();
        assert_eq!(added, number <= 10, "{number}: {}", page.text());
        assert_eq!(page.shows("登録できるのは10台までです。"), number > 10);
    }
}

#[tokio::test]
async fn s5_two_tabs_set_up_at_once_and_one_answer_counts() {
    let world = World::new().await;
    let (_, browser) = world.with_passkey(TARO, KLINE).await;
    let (mut left, mut right) = (browser.clone(), browser);
    let (mut phone, mut tablet) = (Device::at(KLINE), Device::at(KLINE));
    let (one, two) = (options(&left.get(ADD).await), options(&right.get(ADD).await));
    assert_eq!(one["challenge"], two["challenge"], "a second tab asks the same");
    let (one, two) = (phone.make(one), tablet.make(two));
    let added = left.post(ADD, &[("credential", &one), ("name", "電話")]).await;
    assert_eq!(added.location(), "/sign-in-methods");
    right.cookies.clone_from(&left.cookies);
    let page = right.post(ADD, &[("credential", &two), ("name", "タブレット")]).await;
    assert!(page.shows(NOT_ADDED), "its challenge is used up");
    let again = tablet.make(options(&page));
    let added = right.post(ADD, &[("credential", &again), ("name", "タブレット")]).await;
    assert_eq!(added.location(), "/sign-in-methods", "the page asks anew");
    assert_eq!(world.count("select count(*) from devices where kind = 'passkey'").await, 3);
}

#[tokio::test]
async fn s5_a_passkey_that_is_deleted_meanwhile_signs_nobody_in_and_a_code_is_mailed() {
    let world = World::new().await;
    let (mut device, mut settings) = world.with_passkey(TARO, KLINE).await;
    let mut half = world.half(TARO).await;
    let proof = device.prove(options(&half.get(PROVE).await));
    let page = settings.get("/sign-in-methods").await;
    let delete = page.body.split('"').find(|path| path.ends_with("/delete")).expect("a link");
    assert!(settings.get(delete).await.shows("メール認証でログインします"));
    assert_eq!(settings.post(delete, &[]).await.location(), "/sign-in-methods");
    assert_eq!(answer(&mut half, &proof).await.location(), "/sign-in/code");
    assert!(half.get("/sign-in/code").await.heading().contains("メール認証"));
    let code = world.mailed_code(TARO.email).await;
    half.post("/sign-in/code", &[("code", &code)]).await;
    assert!(half.get("/").await.heading().starts_with("ようこそ"));
}

#[tokio::test]
async fn l6_s5_a_passkey_waits_for_another_name_as_long_as_finding_one_takes() {
    let world = World::new().await;
    let (mut device, mut browser) = world.with_passkey(TARO, KLINE).await;
    world.clock.advance(Duration::minutes(1));
    let answer = device.make(options(&browser.get(ADD).await));
    world.clock.advance(Duration::minutes(2));
    let taken = browser.post(ADD, &[("credential", &answer), ("name", "iPhone")]).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(taken.body.contains(&format!("value=\"{}\"", answer.replace('"', "&quot;"))));
    world.clock.advance(Duration::minutes(1));
    let added = browser.post(ADD, &[("credential", &answer), ("name", "iPad")]).await;
    assert_eq!(added.location(), "/sign-in-methods", "{}", added.text());
}
