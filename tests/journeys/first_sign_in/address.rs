//! 「メールアドレスの設定」 and the link that it sends (F4–F7).

use axum::http::{Method, StatusCode};
use chrono::Duration;

use super::{AT_ONCE, BY_FORMULA, BY_LETTER};
use crate::support::people::TARO;
use crate::support::world::World;

const PAGE: &str = "/first-sign-in/email";
const SENT: &str = "/first-sign-in/email/sent";

#[tokio::test]
async fn f4_f5_the_known_address_stands_there_and_each_error_is_told_word_for_word() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    let page = world.walk_to(&mut browser, BY_LETTER, PAGE).await;
    assert!(page.body.contains("value=\"nana@example.jp\""), "F4");
    let invalid = "無効なメールアドレスです。入力したメールアドレスに誤りがないかご確認ください。";
    let long = format!("{}@example.jp", "x".repeat(245));
    for (typed, errors) in [
        ("", &["メールアドレスを入力してください。"] as &[&str]),
        ("nana?@", &[invalid]),
        ("nana.@example.jp", &[invalid]),
        ("<script>@example.jp", &[invalid]),
        ("nana@example.jp\r\nBcc: x@example.jp", &[invalid]),
        (&long, &[invalid, "設定可能なメールアドレスの最大文字数は255文字です。"]),
    ] {
        let page = browser.post(PAGE, &[("email", typed)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:.30}");
        for error in errors {
            assert_eq!(page.text().matches(error).count(), 2, "in the summary and at the field");
        }
    }
    let page = browser.post(PAGE, &[("email", &"x".repeat(100_000))]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(world.count("select count(*) from email_confirmations").await, 0);
}

#[tokio::test]
async fn f5_an_address_that_another_person_confirmed_is_taken_in_this_union_alone() {
    let world = World::new().await;
    // Taro's address is known at klinekenpo only, so it is free at nideckenpo.
    let mut browser = world.begin(BY_LETTER).await;
    world.walk_to(&mut browser, BY_LETTER, PAGE).await;
    assert_eq!(browser.post(PAGE, &[("email", TARO.email)]).await.location(), "/sign-in/continue");
    // Jiro's address is confirmed at jomkenpo.
    let mut browser = world.begin(BY_FORMULA).await;
    world.walk_to(&mut browser, BY_FORMULA, PAGE).await;
    let page = browser.post(PAGE, &[("email", "JIRO@example.jp")]).await;
    let taken =
        "他のアカウントで設定されているメールアドレスです。別のメールアドレスを入力してください。";
    assert_eq!(page.text().matches(taken).count(), 2, "{}", page.text());
}

#[tokio::test]
async fn f5_of_two_people_who_ask_for_one_address_only_one_gets_it() {
    let world = World::new().await;
    let mut browser = world.begin(BY_FORMULA).await;
    world.walk_to(&mut browser, BY_FORMULA, PAGE).await;
    browser.post(PAGE, &[("email", "both@example.jp")]).await;
    let link = world.mailed_link("both@example.jp").await;
    let given = "update logins set email = 'both@example.jp', email_confirmed_at = now()
                 where user_id = 'taro_k' and tenant_id = (select id from tenants where slug = 'jomkenpo')";
    sqlx::query(given).execute(&mut world.database.admin().await).await.unwrap();
    let mut elsewhere = world.browser("jomkenpo");
    elsewhere.get(&link).await;
    let page = elsewhere.post(&link, &[]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.shows("他のアカウントで設定されているメールアドレスです。"));
    assert_eq!(browser.get("/sign-in/continue").await.location(), SENT);
}

#[tokio::test]
async fn f6_scanners_may_open_the_link_as_often_as_they_like() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    world.walk_to(&mut browser, BY_LETTER, SENT).await;
    let link = world.mailed_link(BY_LETTER.person.email).await;
    for _ in 0..5 {
        let mut scanner = world.browser("nideckenpo");
        assert_eq!(scanner.get(&link).await.heading(), "メールアドレスの確認");
        let head = scanner.request(Method::HEAD, &link, String::new()).await;
        assert_eq!(head.status, StatusCode::OK);
    }
    let page = browser.get(&format!("{SENT}?refresh=1")).await;
    assert!(page.shows("メールアドレスの確認が終わっていません。"), "F7: {}", page.text());
    assert_eq!(browser.get("/first-sign-in/email/status").await.body, "{\"confirmed\":false}");

    let mut elsewhere = world.browser("nideckenpo");
    let page = elsewhere.get(&link).await;
    assert!(page.shows("n***@example.jp") && !page.shows("nana@"), "no address for strangers");
    for _ in 0..2 {
        let page = elsewhere.post(&link, &[]).await;
        assert_eq!(page.heading(), "メールアドレスの確認が完了しました", "twice is as good");
        assert!(page.shows("手続きを始めた端末に戻り、"), "{}", page.text());
        assert!(!page.body.contains("/sign-in/continue"), "{}", page.body);
    }
    let page = browser.get(&link).await;
    assert!(
        page.body.contains("href=\"/sign-in/continue\">次へ進む</a>"),
        "in the browser that waits"
    );
    assert_eq!(
        elsewhere.get("/sign-in/continue").await.location(),
        "/sign-in",
        "and signs nobody in"
    );
    assert_eq!(browser.get("/first-sign-in/email/status").await.body, "{\"confirmed\":true}");
    let page = browser.get(&format!("{SENT}?refresh=1")).await;
    assert_eq!(page.location(), "/first-sign-in/user-id", "F7: 「更新」 goes on");
}

#[tokio::test]
async fn f6_the_link_works_at_29_59_and_not_at_30_01() {
    let world = World::new().await;
    for (answers, seconds, heading) in [
        (BY_LETTER, 29 * 60 + 59, "メールアドレスの確認が完了しました"),
        (AT_ONCE, 30 * 60 + 1, "リンクの有効期限が切れています"),
    ] {
        let mut browser = world.begin(answers).await;
        world.walk_to(&mut browser, answers, SENT).await;
        let link = world.mailed_link(answers.person.email).await;
        let mut elsewhere = world.browser(answers.person.union);
        elsewhere.get(&link).await;
        world.clock.advance(Duration::seconds(seconds));
        assert_eq!(elsewhere.post(&link, &[]).await.heading(), heading);
        assert_eq!(elsewhere.get(&link).await.heading(), heading);
    }
    let confirmed = "select count(*) from logins where user_id = 'rokuro_d'
                     and email_confirmed_at is not null";
    assert_eq!(world.count(confirmed).await, 0);
    // Half an hour is also the idle time of a session: Rokuro signs in again and asks for another
    // mail.
    let mut browser = world.begin(AT_ONCE).await;
    let page = browser.get(SENT).await;
    assert!(page.shows("有効期限が切れています"), "{}", page.text());
    let page = browser.post("/first-sign-in/email/resend", &[]).await;
    assert!(page.shows("メールをもう一度送信しました。"), "{}", page.text());
    let page = world.open_link(AT_ONCE.person, AT_ONCE.person.email).await;
    assert_eq!(page.heading(), "メールアドレスの確認が完了しました");
}

#[tokio::test]
async fn f7_only_the_newest_link_counts_and_mails_have_a_pause() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    world.walk_to(&mut browser, BY_LETTER, SENT).await;
    let first = world.mailed_link(BY_LETTER.person.email).await;
    let page = browser.post("/first-sign-in/email/resend", &[]).await;
    assert!(page.shows("30秒後にもう一度お試しください。"), "{}", page.text());
    world.clock.advance(Duration::seconds(30));
    browser.post("/first-sign-in/email/resend", &[]).await;
    let second = world.mailed_link(BY_LETTER.person.email).await;
    assert_ne!(first, second);

    // After a change of the address, the newest link belongs to the new one.
    let page = browser.get(PAGE).await;
    assert!(page.body.contains("value=\"nana@example.jp\""));
    browser.post(PAGE, &[("email", "nana2@example.jp")]).await;
    let third = world.mailed_link("nana2@example.jp").await;
    let mut elsewhere = world.browser("nideckenpo");
    for dead in [&first, &second] {
        assert_eq!(elsewhere.get(dead).await.heading(), "このリンクは使用できません");
        elsewhere.get("/sign-in").await;
        assert_eq!(elsewhere.post(dead, &[]).await.status, StatusCode::GONE);
    }
    elsewhere.get(&third).await;
    elsewhere.post(&third, &[]).await;
    world.walk_to(&mut browser, BY_LETTER, "/sign-in/code").await;
    world.deliver().await;
    for address in ["nana@example.jp", "nana2@example.jp"] {
        let told = world.mails_to(address);
        let told = told.iter().any(|mail| mail.starts_with("【KOSMOWeb】初回ログインのお知らせ"));
        assert!(told, "F11: to the address the union knew, too: {address}");
    }
}

#[tokio::test]
async fn f4_nobody_can_have_strangers_mailed_without_end() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    world.walk_to(&mut browser, BY_LETTER, PAGE).await;
    for number in 0..10 {
        let address = format!("stranger{number}@example.jp");
        assert_eq!(
            browser.post(PAGE, &[("email", &address)]).await.location(),
            "/sign-in/continue"
        );
    }
    let one_more = browser.post(PAGE, &[("email", "stranger10@example.jp")]).await;
    assert_eq!(one_more.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(one_more.shows("分後にもう一度お試しください。"), "{}", one_more.text());
    let mails = "select count(*) from outbox where kind = 'email_confirmation'";
    assert_eq!(world.count(mails).await, 10);
    world.clock.advance(Duration::hours(1));
    let mut browser = world.begin(BY_LETTER).await;
    browser.get(PAGE).await;
    browser.post(PAGE, &[("email", "nana@example.jp")]).await;
    assert_eq!(world.count(mails).await, 11, "an hour later there is room again");
}

#[tokio::test]
async fn t15_a_link_of_one_union_is_unknown_to_another() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    world.walk_to(&mut browser, BY_LETTER, SENT).await;
    let link = world.mailed_link(BY_LETTER.person.email).await;
    let mut jom = world.browser("jomkenpo");
    assert_eq!(jom.get(&link).await.heading(), "このリンクは使用できません");
    jom.get("/sign-in").await;
    assert_eq!(jom.post(&link, &[]).await.status, StatusCode::GONE);
    for bad in ["", "?token=", "?token=x", &format!("?token={}", "A".repeat(43))] {
        let page = jom.get(&format!("/confirm-email{bad}")).await;
        assert_eq!(page.heading(), "このリンクは使用できません", "{bad}");
    }
    let forged = jom.request(Method::POST, &link, "csrf=forged".to_owned()).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn f4_a_double_click_sends_one_mail() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    world.walk_to(&mut browser, BY_LETTER, PAGE).await;
    let clicks = (0..8).map(|_| {
        let mut browser = browser.clone();
        async move { browser.post(PAGE, &[("email", "nana@example.jp")]).await }
    });
    for answer in futures_util::future::join_all(clicks).await {
        assert_eq!(answer.location(), "/sign-in/continue", "{}", answer.text());
    }
    let mails = "select count(*) from outbox where kind = 'email_confirmation'";
    assert_eq!(world.count(mails).await, 1);
}
