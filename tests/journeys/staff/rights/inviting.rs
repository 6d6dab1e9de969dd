//! An invitation gives rights, so it waits for a second pair of eyes; then its mail goes out.

use axum::http::StatusCode;
use kosmo::db::actor::Actor;

use super::super::approvals::{UNION, grant, id};
use super::act;
use crate::support::browser::{Browser, Page};
use crate::support::world::World;

const SABURO: &str = "saburo@kenpo.example.jp";

async fn invite(browser: &mut Browser, more: &[(&str, &str)]) -> Page {
    browser.get("/staff/invite").await;
    let fields = [("name", "新人 三郎"), ("email", SABURO), ("reason", "採用")];
    let fields: Vec<_> = fields.into_iter().chain(more.iter().copied()).collect();
    let page = browser.post("/staff/invite", &fields).await;
    browser.follow(page).await
}

async fn approve(world: &World, approver: &Actor) -> Page {
    let mut browser = world.seat(UNION, approver).await;
    browser.get("/approvals").await;
    world.all_reauthenticate().await;
    let request = world.newest_request().await;
    grant(&mut browser, request).await
}

#[tokio::test]
async fn a1_an_invitation_goes_out_once_a_colleague_approves_it() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let approver = world.hire(UNION, &["viewer"], &["approve"]).await;
    let mut browser = world.seat(UNION, &admin).await;
    let page = invite(&mut browser, &[("role_editor", "on"), ("right_print", "on")]).await;
    assert!(page.shows("申請しました"), "{}", page.text());
    world.deliver().await;
    assert!(world.mails_to(SABURO).is_empty(), "nothing goes out before");
    assert!(approve(&world, &approver).await.shows("承認し、実行しました"));
    world.deliver().await;
    assert_eq!(world.mails_to(SABURO).len(), 1);
    let invited = format!(
        "select count(*) from staff where name = '新人 三郎' and roles = '{{editor}}'
            and extra_rights = '{{print}}' and accepted_at is null and invited_by = '{}'",
        id(&admin)
    );
    assert_eq!(world.count(&invited).await, 1);
    let line = "select count(*) from audit_events
                where action = 'staff.invite' and approval_id is not null and target_label = '新人 三郎'
                  and reason = '採用'";
    assert_eq!(world.count(line).await, 1);
    assert!(browser.get("/staff").await.shows("招待中"));
    let again = invite(&mut browser, &[("role_editor", "on")]).await;
    assert!(again.shows("登録済みか、招待中です"), "{}", again.text());
}

#[tokio::test]
async fn case05_case34_an_invitation_carries_no_field_but_its_own() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let approver = world.hire(UNION, &["viewer"], &["approve"]).await;
    let mut browser = world.seat(UNION, &admin).await;
    let (other, own) = (world.tenant("jomkenpo").to_string(), id(&admin));
    let more = [
        ("role_viewer", "on"),
        ("roles", "admin"),
        ("extra_rights", "medical"),
        ("role_admin", "off"),
        ("tenant_id", &other),
        ("realm", "subscriber"),
        ("login_id", &own),
        ("id", &own),
        ("invited_by", &own),
        ("accepted_at", "2026-01-01"),
        ("password", "Umikaze-2026"),
    ];
    assert!(invite(&mut browser, &more).await.shows("申請しました"));
    assert!(approve(&world, &approver).await.shows("承認し、実行しました"));
    let invited = "select count(*) from staff s join logins l on (l.tenant_id, l.id) = (s.tenant_id, s.login_id)
                   join tenants t on t.id = s.tenant_id
                   where s.name = '新人 三郎' and s.roles = '{viewer}' and s.extra_rights = '{}' and t.slug = 'klinekenpo'
                     and s.accepted_at is null and l.realm = 'staff' and l.password_hash is null";
    assert_eq!(world.count(invited).await, 1);
    assert_eq!(world.count("select count(*) from staff").await, 3);
}

#[tokio::test]
async fn a1_what_can_not_be_is_told_beside_its_field() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    world.give_address(&admin, "admin@kenpo.example.jp").await;
    let mut browser = world.seat(UNION, &admin).await;
    assert!(browser.get("/staff/invite").await.shows("システムの運用担当者に招待を依頼"));
    for (field, value, message) in [
        ("name", "\u{200b}", "氏名を100文字以内"),
        ("name", "新人\u{202e}", "氏名を100文字以内"),
        ("email", "no-address", "メールアドレスを正しく"),
        ("email", "admin@kenpo.example.jp", "登録済みか、招待中です"),
        ("reason", "", "理由を入力してください"),
        ("member", "K999", "この個人コードの加入者はいません"),
    ] {
        browser.get("/staff/invite").await;
        let fields: Vec<_> =
            [("name", "新人"), ("email", SABURO), ("reason", "採用"), ("member", "")]
                .into_iter()
                .map(|(name, usual)| (name, if name == field { value } else { usual }))
                .chain([("role_viewer", "on")])
                .collect();
        let page = browser.post("/staff/invite", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(page.shows(message), "{field}: {}", page.text());
    }
    let page = invite(&mut browser, &[("role_viewer", "on")]).await;
    assert!(page.shows("承認の権限を持つほかの職員がいない"), "{}", page.text());
}

#[tokio::test]
async fn a1_another_mail_kills_the_link_before() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let approver = world.hire(UNION, &["viewer"], &["approve"]).await;
    let mut browser = world.seat(UNION, &admin).await;
    invite(&mut browser, &[("role_viewer", "on")]).await;
    approve(&world, &approver).await;
    let hash = "select count(*) from staff_invitations where token_hash = ";
    let before: Vec<u8> = sqlx::query_scalar("select token_hash from staff_invitations")
        .fetch_one(&mut world.database.admin().await)
        .await
        .unwrap();
    let login: uuid::Uuid =
        sqlx::query_scalar("select login_id from staff where name = '新人 三郎'")
            .fetch_one(&mut world.database.admin().await)
            .await
            .unwrap();
    let invited = Actor { id: Some(login), ..admin.clone() };
    assert!(act(&mut browser, "resend", &invited).await.shows("送り直しました"));
    let before: String = before.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(world.count(&format!("{hash} decode('{before}', 'hex')")).await, 0);
    assert_eq!(world.count("select count(*) from staff_invitations").await, 1);
    let page = act(&mut browser, "resend", &approver).await;
    assert!(page.shows("現在の状態では実行できません"), "{}", page.text());
    assert!(act(&mut browser, "suspend", &invited).await.shows("停止しました"));
    assert_eq!(world.count("select count(*) from staff_invitations").await, 0);
}
