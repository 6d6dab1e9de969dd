//! Two clicks, two staff, and people who change under an open page.

use axum::http::StatusCode;

use super::{TAROS, done, send, send_anyway};
use crate::passkeys::KLINE;
use crate::support::browser::Browser;
use crate::support::people::TARO;
use crate::support::world::World;

/// Sends the same form many times at once. Returns how many led to the person's page.
async fn at_once(browsers: Vec<Browser>, path: &str) -> usize {
    let mut clicks = tokio::task::JoinSet::new();
    for mut browser in browsers {
        let path = path.to_owned();
        clicks.spawn(async move { browser.post(&path, &[("reason", "依頼")]).await });
    }
    let mut led = 0;
    while let Some(page) = clicks.join_next().await {
        led += usize::from(page.unwrap().location() == TAROS);
    }
    led
}

#[tokio::test]
async fn a3_fifty_clicks_at_once_are_one_act_and_one_mail() {
    let world = World::new().await;
    world.with_passkey(TARO, KLINE).await;
    world.execute("update logins set email_confirmed_at = now() - interval '1 year'").await;
    let (mut one, _) = world.at_desk("klinekenpo", &["editor"]).await;
    let (mut other, _) = world.at_desk("klinekenpo", &["admin"]).await;
    world.know_taro(&mut one).await;
    world.know_taro(&mut other).await;
    let mails = "select count(*) from outbox where kind in ('factors_reset', 'account_changed')";
    let before = world.count(mails).await;
    for (act, action) in [
        ("reset", "second_factors.reset"),
        ("hold", "account.held"),
        ("release", "account.released"),
    ] {
        let path = format!("{TAROS}/{act}");
        one.get(&path).await;
        other.get(&path).await;
        let both = [&one, &other].into_iter().cycle().take(50).cloned();
        assert!(at_once(both.collect(), &path).await > 0, "{act}");
        assert_eq!(world.lines(action).await, 1, "{act}");
    }
    assert_eq!(world.count(mails).await, before + 3);
    assert_eq!(world.count("select count(*) from not_me_links").await, 3);
}

#[tokio::test]
async fn a3_a_user_id_is_corrected_under_the_unions_rules_and_once() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let (mut staff, _) = world.at_desk("klinekenpo", &["editor"]).await;
    let path = format!("{TAROS}/user-id");
    for (typed, error) in [
        ("ab", "3文字以上"),
        ("a+bc", "「+」は"),
        ("goro_k", "このユーザIDは使えません。"),
        ("", "入力してください。"),
    ] {
        let page = send(&mut staff, &path, &[("user_id", typed)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        assert!(page.shows(error), "{typed}: {}", page.text());
        assert!(page.body.contains("電話での依頼"), "the reason is kept");
    }
    done(&send(&mut staff, &path, &[("user_id", "Ｔａｒｏ_New")]).await);
    done(&send(&mut staff, &path, &[("user_id", "taro_new")]).await);
    assert_eq!(world.count("select count(*) from logins where user_id = 'taro_new'").await, 1);
    assert_eq!(world.lines("user_id.changed").await, 1);
    let told = "select count(*) from audit_events where detail::text like '%taro_%'";
    assert_eq!(world.count(told).await, 0, "neither ID is on the trail");
    assert_eq!(taro.get("/expenses").await.status, StatusCode::OK, "sessions go on");
    world.deliver().await;
    let mails = world.mails_to(TARO.email);
    let mail = mails.iter().find(|mail| mail.contains("ユーザIDの修正")).expect("a mail");
    assert!(!mail.contains("taro_new"), "{mail}");
}

#[tokio::test]
async fn a3_a_person_who_goes_or_changes_under_an_open_page_is_not_acted_on_by_mistake() {
    let world = World::new().await;
    let (mut staff, _) = world.at_desk("klinekenpo", &["editor"]).await;
    assert_eq!(staff.get("/people/K2/hold").await.status, StatusCode::OK);
    world.execute("delete from member_keys where member_code = 'K2'").await;
    world.execute("delete from expenses where member_code = 'K2'").await;
    world.execute("delete from members where code = 'K2'").await;
    let page = send_anyway(&mut staff, "/people/K2/hold", &[]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND, "{}", page.text());

    let path = format!("{TAROS}/reset");
    world.know_taro(&mut staff).await;
    staff.get(&path).await;
    world.execute("update logins set closed_at = now() where email = 'taro@example.jp'").await;
    let page = staff.post(&path, &[("reason", "依頼")]).await;
    assert!(page.shows("利用期間が終わっているため"), "{}", page.text());
    assert_eq!(world.lines("second_factors.reset").await, 0);
}
