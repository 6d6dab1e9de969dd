//! An account that is held opens nothing, and nobody learns of it without the right password.

use axum::http::StatusCode;

use super::{TAROS, done, send};
use crate::passkeys::KLINE;
use crate::support::people::{NANA, Person, TARO};
use crate::support::world::World;

const HELD: &str = "アカウントの利用が止められています";

#[tokio::test]
async fn a3_a_held_account_opens_nothing_until_it_is_released() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let (mut staff, _) = world.at_desk("klinekenpo", &["editor"]).await;
    let path = format!("{TAROS}/hold");
    assert!(staff.get(&format!("{TAROS}/release")).await.shows("利用は止められていません。"));
    done(&send(&mut staff, &path, &[]).await);
    assert_eq!(taro.get("/expenses").await.location(), "/sign-in", "at once");

    let mut browser = world.browser("klinekenpo");
    let page = world.give_password(&mut browser, TARO).await;
    assert_eq!((page.status, page.heading()), (StatusCode::FORBIDDEN, HELD), "{}", page.text());
    assert!(page.shows("お問い合わせ先"), "T7");
    let sessions = "select count(*) from sessions where realm = 'subscriber' and ended_at is null";
    assert_eq!(world.count(sessions).await, 0, "the right password began none");
    let wrong = Person { password: "Chigau-2026", ..TARO };
    let page = world.give_password(&mut browser, wrong).await;
    assert!(page.shows("無効な") && !page.shows(HELD), "{}", page.text());

    let mut forgetful = world.browser("klinekenpo");
    forgetful.get("/forgotten-password").await;
    forgetful.post("/forgotten-password", &[("user_id", TARO.user_id)]).await;
    let to_taro = "select count(*) from outbox
                   where kind in ('password_reset', 'user_id') and recipient <> ''";
    assert_eq!(world.count(to_taro).await, 0);

    assert!(staff.get(&path).await.shows("すでに利用が止められています。"));
    done(&send(&mut staff, &format!("{TAROS}/release"), &[]).await);
    world.sign_in(TARO).await;
    assert_eq!((world.lines("account.held").await, world.lines("account.released").await), (1, 1));
    let mails = "select count(*) from outbox where kind = 'account_changed'";
    assert_eq!(world.count(mails).await, 2);
}

#[tokio::test]
async fn a3_a_session_that_lived_on_would_be_nobodys() {
    let world = World::new().await;
    let (_, mut taro) = world.with_passkey(TARO, KLINE).await;
    assert_eq!(taro.get("/expenses").await.status, StatusCode::OK);
    world
        .execute("update logins set held_at = now(), held_cause = 'staff' where email = 'taro@example.jp'")
        .await;
    assert_eq!(taro.get("/expenses").await.location(), "/sign-in", "its session has not ended");
}

#[tokio::test]
async fn a3_a_held_account_with_a_letter_opens_nothing_either() {
    let world = World::new().await;
    let (mut staff, _) = world.at_desk("nideckenpo", &["editor"]).await;
    send(&mut staff, "/people/N1/hold", &[]).await;
    let mut nana = world.browser("nideckenpo");
    let page = world.give_password(&mut nana, NANA).await;
    assert_eq!(page.heading(), HELD, "{}", page.text());
    send(&mut staff, "/people/N1/release", &[]).await;
    let page = world.give_password(&mut nana, NANA).await;
    assert!(page.location().starts_with("/first-sign-in/"), "{}", page.text());
}

#[tokio::test]
async fn a3_the_link_of_a_mail_names_its_act_and_is_kept_as_a_hash() {
    let world = World::new().await;
    world.sign_in(TARO).await;
    let (mut staff, _) = world.at_desk("klinekenpo", &["editor"]).await;
    send(&mut staff, &format!("{TAROS}/sessions"), &[]).await;
    let link = world.not_me_link(TARO.email).await;
    let kept = "select count(*) from not_me_links
                where act = 'sessions.ended' and length(token_hash) = 32 and used_at is null";
    assert_eq!(world.count(kept).await, 1);
    let mut taro = world.browser("klinekenpo");
    taro.get(&link).await;
    taro.post(&link, &[]).await;
    let line = "select count(*) from audit_events
                where action = 'account.not_me' and detail->>'act' = 'sessions.ended'";
    assert_eq!(world.count(line).await, 1);
    let page = staff.get(&format!("{TAROS}/release")).await;
    assert!(page.shows("ご本人（メールの「心当たりがない」）"), "{}", page.text());
    let tampered = link.replace("token=", "token=x");
    assert_eq!(taro.get(&tampered).await.status, StatusCode::GONE);
}
