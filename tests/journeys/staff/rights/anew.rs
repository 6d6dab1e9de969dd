//! A colleague who lost password or factor is invited anew; nobody resets a part of a staff login.

use axum::http::StatusCode;

use super::super::approvals::{UNION, grant, id};
use super::act;
use crate::support::world::World;

const JIRO: &str = "jiro@kenpo.example.jp";

#[tokio::test]
async fn case15_nothing_of_before_opens_anything_after_a_new_invitation() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let viewer = world.hire(UNION, &["viewer"], &[]).await;
    world.give_address(&viewer, JIRO).await;
    let mut viewers = world.seat(UNION, &viewer).await;
    assert_eq!(viewers.get("/approvals").await.status, StatusCode::OK);
    let own = id(&viewer);
    for thing in [
        "insert into devices (tenant_id, realm, id, login_id, kind, name, created_at, credential_id, credential)
         select tenant_id, realm, gen_random_uuid(), id, 'passkey', '鍵', now(), '\\x01', '{}' from logins where id = 'own'",
        "insert into recovery_codes (tenant_id, realm, login_id, code_hash, created_at)
         select tenant_id, realm, id, '\\x01', now() from logins where id = 'own'",
        "insert into known_browsers (tenant_id, realm, login_id, token_hash, first_seen_at, last_seen_at)
         select tenant_id, realm, id, '\\x01', now(), now() from logins where id = 'own'",
        "insert into password_resets (tenant_id, realm, login_id, token_hash, sent_at, expires_at)
         select tenant_id, realm, id, '\\x01', now(), now() + interval '1 hour' from logins where id = 'own'",
        "update logins set user_id = 'jiro_v', second_factor = 'passkey', locked_at = now() where id = 'own'",
    ] {
        world.execute(&thing.replace("'own'", &format!("'{own}'"))).await;
    }
    let mut admins = world.seat(UNION, &admin).await;
    let page = act(&mut admins, "reinvite", &viewer).await;
    assert!(page.shows("招待のメールを送りました"), "{}", page.text());
    for table in ["devices", "recovery_codes", "known_browsers", "password_resets"] {
        let left = format!("select count(*) from {table} where login_id = '{own}'");
        assert_eq!(world.count(&left).await, 0, "{table}");
    }
    let login = format!(
        "select count(*) from logins where id = '{own}' and password_hash is null and user_id = id::text
            and second_factor is null and locked_at is null and email is null"
    );
    assert_eq!(world.count(&login).await, 1);
    assert_ne!(viewers.get("/approvals").await.status, StatusCode::OK, "the session");
    let invited = format!(
        "select count(*) from staff s join staff_invitations i on (i.tenant_id, i.login_id) = (s.tenant_id, s.login_id)
         where s.login_id = '{own}' and s.accepted_at is null and s.roles = '{{viewer}}' and i.email = '{JIRO}'"
    );
    assert_eq!(world.count(&invited).await, 1);
    world.deliver().await;
    let mails = world.mails_to(JIRO);
    assert!(mails.iter().any(|mail| mail.contains("/invitation?token=")), "{mails:?}");
    assert!(mails.iter().any(|mail| mail.contains("初期化")), "{mails:?}");
    let line = format!(
        "select count(*) from audit_events
         where action = 'staff.reinvite' and actor_id = '{}' and target_id = '{own}'",
        id(&admin)
    );
    assert_eq!(world.count(&line).await, 1);
    let again = act(&mut admins, "reinvite", &viewer).await;
    assert!(again.shows("現在の状態では実行できません"), "{}", again.text());
}

#[tokio::test]
async fn case07_an_admin_and_somebody_suspended_begin_anew_only_with_four_eyes() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let colleague = world.hire(UNION, &["admin"], &[]).await;
    let suspended = world.hire(UNION, &["viewer"], &[]).await;
    let approver = world.hire(UNION, &["viewer"], &["approve"]).await;
    world.give_address(&colleague, JIRO).await;
    world.give_address(&suspended, "goro@kenpo.example.jp").await;
    let mut admins = world.seat(UNION, &admin).await;
    assert!(act(&mut admins, "suspend", &suspended).await.shows("停止しました"));
    let mut approvers = world.seat(UNION, &approver).await;
    approvers.get("/approvals").await;
    for target in [&colleague, &suspended] {
        let page = act(&mut admins, "reinvite", target).await;
        assert!(page.shows("申請しました"), "{}", page.text());
        let intact = format!(
            "select count(*) from staff where login_id = '{}' and accepted_at is not null",
            id(target)
        );
        assert_eq!(world.count(&intact).await, 1, "nothing has happened yet");
        world.all_reauthenticate().await;
        let request = world.newest_request().await;
        let page = approvers.get(&format!("/approvals/{request}")).await;
        assert!(page.shows("招待メールの宛先"), "{}", page.text());
        assert!(grant(&mut approvers, request).await.shows("承認し、実行しました"));
        assert_eq!(world.count(&intact).await, 0);
    }
    assert_eq!(world.count("select count(*) from staff where suspended_at is not null").await, 0);
    assert_eq!(world.count("select count(*) from staff_invitations").await, 2);
}

#[tokio::test]
async fn case07_nobody_begins_anew_by_themselves() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    world.hire(UNION, &["viewer"], &["approve"]).await;
    world.give_address(&admin, JIRO).await;
    let mut browser = world.seat(UNION, &admin).await;
    for name in ["reinvite", "suspend", "resend"] {
        let page = act(&mut browser, name, &admin).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{name}: {}", page.text());
    }
    assert_eq!(world.count("select count(*) from approvals").await, 0);
    for act in ["staff.reinvite", "staff.suspend", "staff.invitation_resent"] {
        assert_eq!(world.count_denied(act).await, 1, "{act}");
    }
}

#[tokio::test]
async fn case38_the_link_goes_to_the_address_that_the_person_proved() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let viewer = world.hire(UNION, &["viewer"], &[]).await;
    world.give_address(&viewer, JIRO).await;
    let mut browser = world.seat(UNION, &admin).await;
    let address = format!("/staff/{}/reinvite", id(&viewer));
    browser.get(&address).await;
    let fields =
        [("reason", "紛失"), ("email", "admin@evil.example"), ("to", "admin@evil.example")];
    let page = browser.post(&address, &fields).await;
    assert!(browser.follow(page).await.shows("招待のメールを送りました"));
    world.deliver().await;
    assert!(world.mails_to("admin@evil.example").is_empty());
    assert_eq!(world.mails_to(JIRO).len(), 2);
    let fields = [("role_viewer", "on"), ("email", "admin@evil.example"), ("reason", "変更")];
    let rights = format!("/staff/{}/rights", id(&viewer));
    browser.get(&rights).await;
    let page = browser.post(&rights, &fields).await;
    assert!(page.shows("変更がありません"), "{}", page.text());
    assert_eq!(
        world.count("select count(*) from staff_invitations where email like '%evil%'").await,
        0
    );
}
