//! 初期化対応 (R4): a person who has lost every device registers anew.

use axum::http::StatusCode;
use chrono::Duration;

use super::{TAROS, done, send, send_anyway};
use crate::passkeys::KLINE;
use crate::support::authenticator::options;
use crate::support::people::{SABURO, TARO};
use crate::support::world::World;

#[tokio::test]
async fn r4_a_person_who_lost_every_device_calls_and_registers_anew() {
    let world = World::new().await;
    let (mut device, mut living) = world.with_passkey(TARO, KLINE).await;
    let mut half = world.browser("klinekenpo");
    world.give_password(&mut half, TARO).await;
    let proof = device.prove(options(&half.get("/sign-in/passkey").await));
    world
        .execute(
            "update logins set former_email = 'taro@work.example.jp',
                          email_confirmed_at = now() - interval '1 year'
                   where email = 'taro@example.jp'",
        )
        .await;

    let (mut staff, _) = world.at_desk("klinekenpo", &["editor"]).await;
    let path = format!("{TAROS}/reset");
    let page = staff.get(&path).await;
    assert_eq!(page.heading(), "認証方法を初期化しますか？");
    assert!(
        page.shows("パスキー1件") && page.shows("先に問い合わせ者の本人確認"),
        "{}",
        page.text()
    );
    world.know_taro(&mut staff).await;
    done(&send(&mut staff, &path, &[]).await);

    assert_eq!(living.get("/expenses").await.location(), "/sign-in", "at once");
    let page = half.post("/sign-in/passkey", &[("credential", &proof)]).await;
    assert_eq!(page.location(), "/sign-in", "the old device is dead");
    assert_eq!(
        world.count("select count(*) from known_browsers where realm = 'subscriber'").await,
        0
    );
    world.deliver().await;
    for address in [TARO.email, "taro@work.example.jp"] {
        let mails = world.mails_to(address);
        let told = mails.iter().filter(|mail| mail.contains("認証方法が初期化されました"));
        let told: Vec<_> = told.collect();
        assert_eq!(told.len(), 1, "{address}: {mails:?}");
        assert!(told[0].contains("/not-me?token=") && !told[0].contains("管理 花子"), "{told:?}");
    }
    let line = "select count(*) from audit_events
                where action = 'second_factors.reset' and actor_kind = 'staff' and subject_member = 'K1'
                  and caller_check = '{\"name\": true, \"symbol\": true, \"number\": true,
                                       \"birthdate\": true, \"branch\": true}'
                  and detail->>'passkeys' = '1' and detail->>'mails' = '2'";
    assert_eq!(world.count(line).await, 1);

    let mut anew = world.browser("klinekenpo");
    let answer = world.give_password(&mut anew, TARO).await;
    assert_eq!(answer.location(), "/sign-in/code", "a password alone registers nothing");
    let early = anew.get("/sign-in/passkey/set-up").await;
    assert_eq!(early.location(), "/sign-in/code");
    let code = world.mailed_code(TARO.email).await;
    anew.get("/sign-in/code").await;
    let answer = anew.post("/sign-in/code", &[("code", &code)]).await;
    let page = anew.follow(answer).await;
    assert_eq!(page.heading(), "セキュリティキーの登録", "{}", page.text());
    assert_ne!(anew.get("/expenses").await.status, StatusCode::OK, "not before it is set up");
    let resets = "select count(*) from logins where factors_reset_at is not null";
    assert_eq!(world.count(resets).await, 1);

    let again = staff.get(&path).await;
    assert!(again.shows("すでに初期化されています。"), "{}", again.text());
}

#[tokio::test]
async fn r4_a_set_up_ends_the_reset_and_later_sign_ins_ask_for_the_new_device() {
    let world = World::new().await;
    world.with_passkey(TARO, KLINE).await;
    let (mut staff, _) = world.at_desk("klinekenpo", &["editor"]).await;
    world
        .execute(
            "update logins set email_confirmed_at = now() - interval '1 year'
                   where email = 'taro@example.jp'",
        )
        .await;
    world.know_taro(&mut staff).await;
    done(&send(&mut staff, &format!("{TAROS}/reset"), &[]).await);
    // He chooses codes by mail instead of a device.
    let mut anew = world.browser("klinekenpo");
    world.give_password(&mut anew, TARO).await;
    let code = world.mailed_code(TARO.email).await;
    anew.get("/sign-in/code").await;
    anew.post("/sign-in/code", &[("code", &code)]).await;
    anew.get("/sign-in/method").await;
    // The newest mail is known by its time.
    world.clock.advance(Duration::minutes(1));
    let answer = anew.post("/sign-in/method", &[("method", "email_code")]).await;
    let page = anew.follow(answer).await;
    assert!(page.heading().contains("メール認証"), "{}", page.text());
    let code = world.mailed_code(TARO.email).await;
    let answer = anew.post("/sign-in/code", &[("code", &code)]).await;
    assert!(anew.follow(answer).await.heading().starts_with("ようこそ"));
    let resets = "select count(*) from logins where factors_reset_at is not null";
    assert_eq!(world.count(resets).await, 0);
    world.sign_in(TARO).await;
}

#[tokio::test]
async fn r4_t11_where_nothing_can_be_reset_the_page_says_why() {
    let world = World::new().await;
    let (mut staff, _) = world.at_desk("jrckenpo", &["editor"]).await;
    let page = staff.get("/people/R1/reset").await;
    assert!(page.shows("二要素認証を使わないため"), "{}: {}", SABURO.user_id, page.text());
    let (mut staff, _) = world.at_desk("klinekenpo", &["editor"]).await;
    let page = staff.get("/people/K2/reset").await;
    assert!(page.shows("アカウントがないため"), "{}", page.text());
    world
        .change_policy("klinekenpo", |policy| {
            policy.lost_device.reset_by = kosmo::tenant::policy::FactorReset::ForgottenPassword;
        })
        .await;
    let page = staff.get(&format!("{TAROS}/reset")).await;
    assert!(page.shows("パスワードを忘れた方はこちら"), "{}", page.text());
    let sent = send_anyway(&mut staff, &format!("{TAROS}/reset"), &[]).await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", sent.text());
    assert_eq!(world.lines("second_factors.reset").await, 0);
}

#[tokio::test]
async fn case23_a_reset_soon_after_a_change_of_address_waits_for_a_second_pair_of_eyes() {
    let world = World::new().await;
    world.with_passkey(TARO, KLINE).await;
    world
        .execute(
            "update logins set former_email = 'old@example.jp' where email = 'taro@example.jp'",
        )
        .await;
    let (mut staff, actor) = world.at_desk("klinekenpo", &["editor"]).await;
    world.know_taro(&mut staff).await;
    let path = format!("{TAROS}/reset");
    let alone = send(&mut staff, &path, &[]).await;
    assert!(alone.shows("承認できるほかの職員がいません"), "{}", alone.text());

    let approver = world.hire("klinekenpo", &["admin"], &["approve"]).await;
    done(&send(&mut staff, &path, &[]).await);
    done(&send(&mut staff, &path, &[]).await);
    assert_eq!(world.lines("second_factors.reset").await, 0, "nothing is done yet");
    let waits = "select count(*) from approvals where kind = 'factors.reset' and state = 'waiting'";
    assert_eq!(world.count(waits).await, 1, "asked for once");
    assert_eq!(world.count("select count(*) from devices where kind = 'passkey'").await, 1);

    let mut superior = world.desk_of("klinekenpo", &approver).await;
    let list = superior.get("/approvals").await;
    let id = list.body.split("/approvals/").nth(1).expect("a request")[..36].to_owned();
    let page = superior.get(&format!("/approvals/{id}")).await;
    assert!(page.shows("30日以内にメールアドレスが変わっています"), "{}", page.text());
    assert!(page.shows("101-11-00") && page.shows("パスキー 1件"), "{}", page.text());
    superior.post(&format!("/approvals/{id}"), &[("answer", "grant")]).await;
    assert_eq!(world.count("select count(*) from devices where kind = 'passkey'").await, 0);
    let line = format!(
        "select count(*) from audit_events
         where action = 'second_factors.reset' and approval_id = '{id}' and caller_check is not null"
    );
    assert_eq!(world.count(&line).await, 1);
    let told = "select count(*) from outbox where kind = 'factors_reset'";
    assert_eq!(world.count(told).await, 2, "both of his addresses");
    assert_ne!(actor.id, approver.id);
}

#[tokio::test]
async fn case40_a_mail_scanner_that_opens_the_link_fires_nothing() {
    let world = World::new().await;
    world.execute("update logins set email_confirmed_at = now() - interval '1 year'").await;
    let (mut staff, _) = world.at_desk("klinekenpo", &["editor"]).await;
    let mut taro = world.sign_in(TARO).await;
    world.know_taro(&mut staff).await;
    done(&send(&mut staff, &format!("{TAROS}/reset"), &[]).await);
    let link = world.not_me_link(TARO.email).await;
    let mut scanner = world.browser("klinekenpo");
    for _ in 0..3 {
        let page = scanner.get(&link).await;
        assert_eq!(page.heading(), "お心当たりのない手続きですか？", "{}", page.text());
    }
    let held = "select count(*) from logins where held_at is not null";
    assert_eq!(world.count(held).await, 0);
    assert_eq!(world.lines("account.not_me").await, 0);

    let page = scanner.post(&link, &[]).await;
    assert_eq!(page.heading(), "アカウントの利用を止めました", "{}", page.text());
    let cause = "select count(*) from logins where held_cause = 'not_me'";
    assert_eq!(world.count(cause).await, 1);
    scanner.post(&link, &[]).await;
    assert_eq!(world.lines("account.not_me").await, 1, "twice is once");
    let stopped = "select count(*) from outbox where kind = 'account_changed'";
    assert_eq!(world.count(stopped).await, 1);
    assert_eq!(taro.get("/expenses").await.location(), "/sign-in");

    // It is of one union, and for seven days.
    assert_eq!(world.browser("jomkenpo").get(&link).await.status, StatusCode::GONE);
    world.clock.advance(Duration::seconds(1));
    done(&send(&mut staff, &format!("{TAROS}/release"), &[]).await);
    let second = world.not_me_link(TARO.email).await;
    world.clock.advance(Duration::days(7));
    assert_eq!(world.browser("klinekenpo").get(&second).await.status, StatusCode::GONE);
}
