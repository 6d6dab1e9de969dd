//! Who may act: each act asks for its right at the moment of the act, whatever the address and the method.

use axum::http::{Method, StatusCode};
use kosmo::base::realm::{Realm as _, Staff};

use super::{TAROS, send};
use crate::support::people::TARO;
use crate::support::world::World;

const ACTS: [&str; 9] = [
    "caller",
    "unlock",
    "reset",
    "user-id",
    "letter",
    "letter-returned",
    "sessions",
    "hold",
    "release",
];

#[tokio::test]
async fn case03_a_viewer_and_an_auditor_get_into_no_act_by_any_address_or_method() {
    let world = World::new().await;
    world.sign_in(TARO).await;
    for roles in [&["viewer"][..], &["auditor"]] {
        let (staff, actor) = world.at_desk("klinekenpo", roles).await;
        for act in ACTS {
            for path in [
                format!("{TAROS}/{act}"),
                format!("{TAROS}/{act}?reason=x"),
                format!("/people/K999/{act}"),
            ] {
                let page = staff.clone().get(&path).await;
                assert_eq!(page.status, StatusCode::FORBIDDEN, "{roles:?} opens {path}");
                assert!(!page.shows("太郎"), "{path}");
                // The token of a page that they may see serves for any form.
                let mut browser = staff.clone();
                browser.get("/sign-out").await;
                let page = browser
                    .post(&path, &[("reason", "x"), ("name", "x"), ("further", "branch")])
                    .await;
                assert_eq!(page.status, StatusCode::FORBIDDEN, "{roles:?} sends to {path}");
            }
            for method in [Method::PUT, Method::PATCH, Method::DELETE] {
                let path = format!("{TAROS}/{act}");
                let page = staff.clone().request(method, &path, String::new()).await;
                assert!(page.status.is_client_error(), "{path}: {}", page.status);
            }
        }
        let id = actor.id.unwrap();
        let denied = format!(
            "select count(*) from audit_events where action = 'authz.denied' and actor_id = '{id}'"
        );
        assert!(world.count(&denied).await >= 9 * 4, "each is on the trail");
    }
    let touched =
        "select count(*) from logins where held_at is not null or factors_reset_at is not null";
    assert_eq!(world.count(touched).await, 0);
    assert_eq!(world.count("select count(*) from caller_checks").await, 0);
}

#[tokio::test]
async fn case15_a_form_of_a_suspended_staff_member_does_nothing() {
    let world = World::new().await;
    let (mut staff, actor) = world.at_desk("klinekenpo", &["admin"]).await;
    let path = format!("{TAROS}/hold");
    staff.get(&path).await;
    let suspend =
        format!("update staff set suspended_at = now() where login_id = '{}'", actor.id.unwrap());
    world.execute(&suspend).await;
    let page = staff.post(&path, &[("reason", "依頼")]).await;
    assert_eq!(page.location(), "/sign-in", "{} {}", page.status, page.text());
    assert_eq!(world.lines("account.held").await, 0);
    assert_eq!(staff.get(&path).await.location(), "/sign-in");
}

#[tokio::test]
async fn case14_a_right_that_was_taken_away_is_gone_at_the_next_click() {
    let world = World::new().await;
    let (mut staff, actor) = world.at_desk("klinekenpo", &["editor"]).await;
    let path = format!("{TAROS}/hold");
    staff.get(&path).await;
    let demote =
        format!("update staff set roles = '{{viewer}}' where login_id = '{}'", actor.id.unwrap());
    world.execute(&demote).await;
    let page = staff.post(&path, &[("reason", "依頼")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.text());
    assert_eq!(world.lines("account.held").await, 0);
}

#[tokio::test]
async fn case07_case08_no_act_reaches_a_staff_members_login_or_ones_own_household() {
    let world = World::new().await;
    let (mut staff, actor) = world.at_desk("klinekenpo", &["admin"]).await;
    let (_, colleague) = world.at_desk("klinekenpo", &["viewer"]).await;
    // A staff login has no member, and so no address here.
    for id in [actor.id.unwrap(), colleague.id.unwrap()] {
        let page = staff.get(&format!("/people/{id}/reset")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
    }
    let own =
        format!("update staff set member_code = 'K2' where login_id = '{}'", actor.id.unwrap());
    world.execute(&own).await;
    for act in ["unlock", "sessions", "hold", "reset", "user-id"] {
        staff.get("/sign-out").await;
        let fields = [("reason", "依頼"), ("user_id", "taro_new")];
        let page = staff.post(&format!("{TAROS}/{act}"), &fields).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{act}: {}", page.text());
    }
    let denied =
        "select count(*) from audit_events where action = 'authz.denied' and why = 'own_data'";
    assert_eq!(world.count(denied).await, 5);

    let others =
        format!("update staff set member_code = 'K3' where login_id = '{}'", colleague.id.unwrap());
    world.execute(&others).await;
    staff.get("/sign-out").await;
    let page = staff.post("/people/K3/hold", &[("reason", "依頼")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "a colleague's: {}", page.text());
    let held = "select count(*) from logins where held_at is not null";
    assert_eq!(world.count(held).await, 0);
    assert_eq!(Staff::NAME, "staff");
}

#[tokio::test]
async fn case13_no_page_of_an_act_shows_a_hash_or_a_secret() {
    let world = World::new().await;
    world.sign_in(TARO).await;
    let (mut staff, _) = world.at_desk("klinekenpo", &["admin"]).await;
    for act in ACTS {
        let page = staff.get(&format!("{TAROS}/{act}")).await;
        assert_eq!(page.status, StatusCode::OK, "{act}");
        for secret in ["argon2", "token=", TARO.password, TARO.email] {
            assert!(!page.body.contains(secret), "{act} shows {secret}");
        }
    }
    send(&mut staff, &format!("{TAROS}/hold"), &[]).await;
    let secrets = "select count(*) from audit_events where detail::text || coalesce(reason, '') ~ 'argon2|token|@'";
    assert_eq!(world.count(secrets).await, 0);
}
