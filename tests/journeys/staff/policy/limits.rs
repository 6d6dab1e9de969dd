//! What nobody at the console can change, whatever they send.

use axum::http::StatusCode;
use kosmo::tenant::policy::opened::SETTINGS;

use super::Office;
use crate::staff::approvals::{NO_RIGHT, UNION};

#[tokio::test]
async fn a7_a_setting_that_is_not_opened_is_refused_by_its_name() {
    let mut office = Office::new().await;
    let page = office.admins.get("/policy").await;
    assert!(!page.shows("パスワードの誤りの回数"), "{}", page.text());
    for (setting, value) in [
        ("sign_in.lock_after", "50"),
        ("hosts.canonical", "evil"),
        ("console.open_to_union", "slug"),
        ("slug", "evil"),
        ("sign_in.second_factors", ""),
    ] {
        for step in ["look", "confirm"] {
            let page = office.send(step, &[("sign_in.idle_minutes", "20"), (setting, value)]).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{setting} {step}");
            let named = page.shows(setting) || page.shows("パスワードの誤りの回数：");
            assert!(named && page.title().starts_with("エラー"), "{setting}: {}", page.text());
        }
    }
    assert_eq!(office.requests().await, 0);
}

#[tokio::test]
async fn a7_a_value_beyond_its_limits_is_refused_beside_its_field() {
    let mut office = Office::new().await;
    office
        .world
        .change_policy(UNION, |policy| {
            let all = SETTINGS.iter().map(|setting| setting.path.to_owned());
            policy.console.open_to_union = all.collect();
        })
        .await;
    for (setting, value, told) in [
        ("sign_in.lock_after", "101", "101 は範囲外です（3〜100）"),
        ("sign_in.session_hours", "0", "0 は範囲外です（1〜72）"),
        ("console.idle_minutes", "61", "61 は範囲外です（5〜60）"),
        ("password.min_length", "7", "7 は範囲外です（8〜64）"),
        ("lost_device.reset_by", "anybody", "選択肢から選んでください"),
        ("contact.mail", "nobody", "メールアドレスではありません"),
        ("contact.text", " ", "空にはできません"),
        ("contact.note", "a\u{202e}b", "制御文字や見えない文字は使えません"),
    ] {
        let page = office.send("confirm", &[(setting, value)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{setting}");
        assert!(page.shows(told), "{setting}: {}", page.text());
        assert!(page.body.contains(&format!("href=\"#{setting}\"")), "{setting}");
    }
    assert_eq!(office.requests().await, 0);
    let page = office.send("look", &[("sign_in.lock_after", "5")]).await;
    assert!(page.shows("11回") && page.shows("5回"), "{}", page.text());
}

#[tokio::test]
async fn a7_an_admin_alone_sees_and_changes_the_settings() {
    let mut office = Office::new().await;
    for role in ["viewer", "editor", "auditor"] {
        let actor = office.world.hire(UNION, &[role], &[]).await;
        let mut browser = office.world.seat(UNION, &actor).await;
        for address in ["/policy", "/policy/versions/1"] {
            assert!(browser.get(address).await.shows(NO_RIGHT), "{role}");
        }
        browser.get("/sign-out").await;
        let fields =
            [("step", "confirm"), ("version", "1"), super::REASON, ("sign_in.idle_minutes", "20")];
        let page = browser.post("/policy", &fields).await;
        assert!(page.shows(NO_RIGHT), "{role}: {}", page.text());
    }
    assert_eq!(office.requests().await, 0);
    let denied = "select count(*) from audit_events
                  where action = 'authz.denied' and detail ->> 'act' = 'policy.view'";
    assert_eq!(office.world.count(denied).await, 9);
    let page = office.send("confirm", &[("sign_in.idle_minutes", "30")]).await;
    assert!(page.shows("変更がありません"), "{}", page.text());
}

/// A server adds versions for the union of its transaction alone.
#[tokio::test]
async fn a7_the_database_keeps_a_servers_version_from_another_union() {
    let office = Office::new().await;
    let world = &office.world;
    let actor = crate::support::world::tester();
    for (table, insert) in [
        ("tenant_policies",
         "insert into tenant_policies (tenant_id, version, config, created_at, created_by, note)
          select tenant_id, version + 1, config, now(), 'x', '' from tenant_policies where tenant_id = $1"),
        ("tenant_terms",
         "insert into tenant_terms (tenant_id, id, effective_at, body, published_at, published_by)
          values ($1, gen_random_uuid(), now(), 'x', now(), 'x')"),
    ] {
        for (slug, may) in [("jomkenpo", false), (UNION, true)] {
            let mut tx = world.app.db.tenant(world.tenant(UNION), &actor).await.unwrap();
            let inserted = sqlx::query(insert).bind(world.tenant(slug)).execute(tx.conn()).await;
            assert_eq!(inserted.is_ok(), may, "{table} of {slug}: {inserted:?}");
        }
        let update = format!("update {table} set tenant_id = tenant_id");
        let mut tx = world.app.db.tenant(world.tenant(UNION), &actor).await.unwrap();
        let updated = sqlx::query(sqlx::AssertSqlSafe(update)).execute(tx.conn()).await;
        assert!(updated.is_err(), "{table}: versions never change");
    }
}
