//! Who is calling (§7).

use axum::http::StatusCode;
use chrono::Duration;

use super::{RIGHT, TAROS, ask, send, send_anyway};
use crate::support::browser::Page;
use crate::support::people::TARO;
use crate::support::world::World;

const CLOSED: &str = "電話では受け付けられません。郵送をご案内ください。";

/// Returns Taro's answers with one of them exchanged.
fn with<'w>(item: &'w str, words: &'w str) -> Vec<(&'w str, &'w str)> {
    RIGHT
        .into_iter()
        .map(|(name, right)| (name, if name == item { words } else { right }))
        .collect()
}

/// Returns the label of each item that is wrong.
fn wrong(page: &Page) -> Vec<&str> {
    let rows = page.body.split("<div><dt>").skip(1);
    let wrong = rows.filter(|row| row.contains("<dd>不一致</dd>"));
    wrong.filter_map(|row| row.split_once("</dt>").map(|(label, _)| label)).collect()
}

#[tokio::test]
async fn a3_each_answer_is_right_or_wrong_and_the_truth_is_not_shown() {
    let world = World::new().await;
    let (mut staff, actor) = world.at_desk("klinekenpo", &["editor"]).await;
    let page = staff.get(&format!("{TAROS}/caller")).await;
    for truth in ["太郎", "タロウ", "101", "1979", "2010", "t***@"] {
        assert!(!page.body.contains(truth), "{truth}: {}", page.text());
    }
    let page = ask(&mut staff, TAROS, &with("birthdate", "1979-08-23")).await;
    assert_eq!(wrong(&page), ["生年月日"]);
    for truth in ["太郎", "タロウ", "1979"] {
        assert!(!page.body.contains(truth), "{truth}: {}", page.text());
    }
    let other_family = [("further", "family_birthdate"), ("further_words", "S56.2.3")];
    let words: Vec<_> = RIGHT[..4].iter().copied().chain(other_family).collect();
    let page = ask(&mut staff, TAROS, &words).await;
    assert!(wrong(&page).is_empty() && page.shows("テスト 太郎"), "{}", page.text());

    let kept = "select count(*) from caller_checks
                where member_code = 'K1' and passed = (birthdate and further = 'family_birthdate')";
    assert_eq!(world.count(kept).await, 2);
    let staff_id = actor.id.unwrap();
    let line = format!(
        "select count(*) from audit_events
         where action = 'caller.checked' and actor_id = '{staff_id}' and subject_member = 'K1'
           and caller_check = '{{\"name\": true, \"symbol\": true, \"number\": true,
                                 \"birthdate\": false, \"branch\": true}}'"
    );
    assert_eq!(world.count(&line).await, 1);
    let words = "select count(*) from audit_events where detail::text || caller_check::text ~ '太郎|1979|S56'";
    assert_eq!(world.count(words).await, 0, "the words are on no trail");
}

#[tokio::test]
async fn a3_three_failures_by_any_staff_close_the_telephone_for_a_day() {
    let world = World::new().await;
    let (mut one, _) = world.at_desk("klinekenpo", &["editor"]).await;
    let (mut other, _) = world.at_desk("klinekenpo", &["admin"]).await;
    ask(&mut one, TAROS, &with("number", "12")).await;
    world.clock.advance(Duration::minutes(5));
    ask(&mut other, TAROS, &with("symbol", "")).await;
    world.know_taro(&mut other).await;
    let empty = ask(&mut one, TAROS, &[("name", ""), ("further", "branch")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY, "a slip is no try");
    let third = ask(&mut one, TAROS, &with("name", "テスト 次郎")).await;
    assert!(third.shows(CLOSED), "{}", third.text());
    assert_eq!(world.lines("caller.telephone_closed").await, 1);
    world.deliver().await;
    let mails = world.mails_to(TARO.email);
    assert!(mails.last().unwrap().contains("お電話での手続きの停止"), "{mails:?}");

    let more = send_anyway(&mut other, &format!("{TAROS}/caller"), &RIGHT).await;
    assert!(more.shows(CLOSED) && !more.shows("一致しました"), "{}", more.text());
    let reset = other.get(&format!("{TAROS}/reset")).await;
    assert!(reset.shows(CLOSED), "{}", reset.text());
    let sent = send_anyway(&mut other, &format!("{TAROS}/reset"), &[]).await;
    assert!(sent.shows(CLOSED), "also the check of before is of no use: {}", sent.text());
    assert_eq!(world.lines("second_factors.reset").await, 0);

    world.clock.advance(Duration::hours(23));
    let (mut one, _) = world.at_desk("klinekenpo", &["editor"]).await;
    assert!(one.get(&format!("{TAROS}/caller")).await.shows(CLOSED), "a whole day");
    world.clock.advance(Duration::hours(1) + Duration::minutes(1));
    let (mut one, _) = world.at_desk("klinekenpo", &["editor"]).await;
    world.know_taro(&mut one).await;
}

#[tokio::test]
async fn a3_fifty_tries_at_once_are_no_more_than_three() {
    let world = World::new().await;
    let (mut staff, _) = world.at_desk("klinekenpo", &["editor"]).await;
    staff.get(&format!("{TAROS}/caller")).await;
    let mut tries = tokio::task::JoinSet::new();
    for at in 0..50 {
        let mut browser = staff.clone();
        tries.spawn(async move {
            let number = (at + 100).to_string();
            browser.post(&format!("{TAROS}/caller"), &with("number", &number)).await.status
        });
    }
    while let Some(status) = tries.join_next().await {
        let status = status.unwrap();
        // So many at once may also have to wait for a connection.
        assert!(
            status.is_success()
                || status == StatusCode::SERVICE_UNAVAILABLE
                || status == StatusCode::TOO_MANY_REQUESTS,
            "{status}"
        );
    }
    assert_eq!(world.count("select count(*) from caller_checks").await, 3);
    assert_eq!(world.lines("caller.telephone_closed").await, 1);
    let mails = "select count(*) from outbox where kind = 'account_changed'";
    assert_eq!(world.count(mails).await, 1);
}

#[tokio::test]
async fn case23_a_check_is_good_for_one_staff_member_one_person_and_half_an_hour() {
    let world = World::new().await;
    let (mut one, _) = world.at_desk("klinekenpo", &["editor"]).await;
    let (mut other, _) = world.at_desk("klinekenpo", &["editor"]).await;
    world.know_taro(&mut one).await;
    let wanted = "先に「問い合わせ者の本人確認」が必要です。";
    assert!(send(&mut other, &format!("{TAROS}/reset"), &[]).await.shows(wanted));
    assert!(send(&mut one, "/people/K3/reset", &[]).await.shows(wanted));
    world.clock.advance(Duration::minutes(31));
    let mut one = {
        let (browser, _) = world.at_desk("klinekenpo", &["editor"]).await;
        browser
    };
    assert!(send(&mut one, &format!("{TAROS}/reset"), &[]).await.shows(wanted));
    assert_eq!(world.lines("second_factors.reset").await, 0);
}
