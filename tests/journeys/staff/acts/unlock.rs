//! A locked person tries again (L2), and a person is signed out everywhere.

use axum::http::StatusCode;

use super::{TAROS, done, send, send_anyway};
use crate::support::people::{Person, TARO};
use crate::support::world::World;

#[tokio::test]
async fn l2_the_page_says_what_locked_and_what_an_unlock_leaves() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let mut stranger = world.browser("klinekenpo");
    for _ in 0..11 {
        world.give_password(&mut stranger, Person { password: "Chigau-2026", ..TARO }).await;
    }
    assert_eq!(world.count("select count(*) from logins where locked_at is not null").await, 1);
    world.deliver().await;

    let (mut staff, _) = world.at_desk("klinekenpo", &["editor"]).await;
    let path = format!("{TAROS}/unlock");
    let page = staff.get(&path).await;
    assert_eq!(page.heading(), "ロックを解除しますか？");
    for words in ["テスト 太郎", "101-11-00", "1979年8月22日（昭和54年8月22日）"] {
        assert!(page.shows(words), "{words}: {}", page.text());
    }
    assert!(page.shows("二要素認証のロックなし"), "{}", page.text());
    assert!(page.shows("パスワード、認証方法、登録した端末は変わりません。"));
    assert!(page.shows("t***@example.jp") && !page.shows(TARO.email));

    let nothing = staff.post(&path, &[("reason", " ")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nothing.shows("理由を入力してください。"));
    let answer = send(&mut staff, &path, &[]).await;
    done(&answer);
    let told = staff.follow(answer).await;
    assert!(told.shows("ロックを解除しました。") && told.shows("テスト 太郎"), "{}", told.text());

    assert_eq!(world.count("select count(*) from logins where locked_at is not null").await, 0);
    assert_eq!(taro.get("/expenses").await.status, StatusCode::OK, "his session goes on");
    world.sign_in(TARO).await;
    let line = "select count(*) from audit_events
                where action = 'account.unlocked' and actor_kind = 'staff' and subject_member = 'K1'
                  and reason = '電話での依頼' and detail = '{\"password\": true, \"second_factor\": false}'";
    assert_eq!(world.count(line).await, 1);
    let mail = world.mails_to(TARO.email).into_iter().find(|mail| mail.contains("ロックの解除"));
    let mail = mail.expect("a mail");
    assert!(mail.contains("/not-me?token=") && !mail.contains("管理 花子"), "{mail}");

    let again = staff.get(&path).await;
    assert!(again.shows("ロックされていません。何も変更していません。"));
    assert!(!again.body.contains("<form method=\"post\" action=\"/people"), "nothing to send");
}

#[tokio::test]
async fn a3_an_end_of_sessions_leaves_password_and_factors() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let mut other = world.sign_in(TARO).await;
    let (mut staff, _) = world.at_desk("klinekenpo", &["admin"]).await;
    let path = format!("{TAROS}/sessions");
    let page = staff.get(&path).await;
    assert!(page.shows("ログイン中の端末2台"), "{}", page.text());
    done(&send(&mut staff, &path, &[]).await);
    for browser in [&mut taro, &mut other] {
        assert_eq!(browser.get("/expenses").await.location(), "/sign-in");
    }
    assert_eq!(world.lines("sessions.ended").await, 1, "one act is one line");
    done(&send_anyway(&mut staff, &path, &[]).await);
    assert_eq!(world.lines("sessions.ended").await, 1);
    let mails = "select count(*) from outbox where kind = 'account_changed'";
    assert_eq!(world.count(mails).await, 1);
    world.sign_in(TARO).await;
}

#[tokio::test]
async fn a3_a_person_without_an_account_and_one_of_nobodys_are_told_apart_by_nobody_else() {
    let world = World::new().await;
    let (mut staff, _) = world.at_desk("klinekenpo", &["editor"]).await;
    let hanako = staff.get("/people/K2/unlock").await;
    assert!(hanako.shows("アカウントがないため、この手続きはできません。"), "{}", hanako.text());
    let nobody = staff.get("/people/K999/unlock").await;
    // One of another union's.
    let theirs = staff.get("/people/J1/unlock").await;
    assert_eq!((nobody.status, theirs.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    assert_eq!(nobody.body, theirs.body);
    for odd in ["/people/%00/unlock", "/people/K1%0A/unlock", "/people/%F0%9F%98%80/hold"] {
        assert_eq!(staff.get(odd).await.status, StatusCode::NOT_FOUND, "{odd}");
    }
    let lines = "select count(*) from audit_events where subject_member in ('K999', 'J1')";
    assert_eq!(world.count(lines).await, 0, "a code of nobody's is not on the trail");
}
