//! Staff take parts of the trail away as files.

use axum::http::StatusCode;
use kosmo::audit::{self, Action, AuditLine};
use kosmo::base::ids::LoginId;
use kosmo::db::actor::Actor;
use serde_json::json;

use super::pages::{UNION, about, named};
use crate::staff::approvals::REASON;
use crate::support::browser::Page;
use crate::support::world::World;

/// Returns the address of the button that takes an approved part away.
fn button(page: &Page) -> String {
    let address = page.body.split("action=\"").find(|form| form.starts_with("/trail/exports/"));
    address.and_then(|form| form.split('"').next()).unwrap_or_default().to_owned()
}

impl World {
    async fn write_many(&self, lines: usize) {
        let mut tx = self.operator.tenant(self.tenant(UNION), &Actor::operator("t")).await.unwrap();
        let logins: Vec<_> = (0..lines).map(|_| LoginId::new(&self.clock)).collect();
        let action = Action::AccountReopened;
        audit::record_each(&mut tx, &self.clock, action, &logins, json!({})).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn case28_a_small_part_is_a_file_that_a_spreadsheet_does_not_run() {
    let world = World::new().await;
    let editor = named(&world.hire(UNION, &["editor"], &[]).await, "=1+1");
    let reason = Some("=HYPERLINK(\"http://x\",\"押す\")\r\n偽,の,行".to_owned());
    world.note(UNION, &editor, &AuditLine { reason, ..about(Action::Unlocked, "K1") }).await;
    let auditor = world.hire(UNION, &["auditor"], &[]).await;
    let mut console = world.seat(UNION, &auditor).await;
    let file = console.get("/trail.csv?action=account.unlocked").await;
    assert_eq!(file.status, StatusCode::OK);
    assert!(file.body.starts_with("\u{feff}日時,"), "{}", file.body);
    assert_eq!(file.body.trim_end().lines().count(), 2, "{}", file.body);
    assert!(file.body.contains("'=1+1,") && file.body.contains("'=HYPERLINK"), "{}", file.body);
    assert!(file.body.contains("101-11-00 の方"), "{}", file.body);
    let line = "select count(*) from audit_events where action = 'audit.export' and rows = 1";
    assert_eq!(world.count(line).await, 1);
}

#[tokio::test]
async fn a8_a_large_part_is_taken_away_once_by_the_one_who_was_let() {
    let world = World::new().await;
    world.write_many(150).await;
    world.clock.advance(chrono::Duration::days(1));
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let colleague = world.hire(UNION, &["admin"], &[]).await;
    let approver = world.hire(UNION, &["admin"], &["approve"]).await;
    let mut console = world.seat(UNION, &admin).await;
    let many = "action=account.reopened";
    let turned = console.get(&format!("/trail.csv?{many}")).await;
    assert_eq!(turned.location(), format!("/trail/export?{many}"));
    let exported = "select count(*) from audit_events where action = 'audit.export'";
    assert_eq!(world.count(exported).await, 0, "nothing was taken, and no line says so");
    let page = console.get(turned.location()).await;
    assert!(page.shows("150件") && page.shows("2026-11-21"), "{}", page.text());
    let ask = format!("/trail/export?{many}&from=2025-10-23&to=2026-11-21");
    let unreasoned = console.post(&ask, &[("reason", " ")]).await;
    assert!(unreasoned.shows("理由を入力してください"), "{}", unreasoned.text());
    let asked = console.post(&ask, &[REASON]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text());
    let page = console.get("/trail?outcome=failed").await;
    assert_eq!(button(&page), "", "nobody has let it yet");

    let mut other = world.seat(UNION, &approver).await;
    world.all_reauthenticate().await;
    let request = world.newest_request().await;
    let page = other.get(&format!("/approvals/{request}")).await;
    assert!(page.shows("150件"), "{}", page.text());
    other.post(&format!("/approvals/{request}"), &[("answer", "grant")]).await;
    assert_eq!(world.request_state(request).await, "executed");

    let take = button(&console.get("/trail?outcome=failed").await);
    assert!(!take.is_empty());
    let mut third = world.seat(UNION, &colleague).await;
    assert_eq!(button(&third.get("/trail?outcome=failed").await), "");
    third.get("/sign-out").await;
    assert_eq!(third.post(&take, &[]).await.status, StatusCode::NOT_FOUND, "a colleague's");
    console.get("/trail?outcome=failed").await;
    let file = console.post(&take, &[]).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    assert_eq!(file.body.trim_end().lines().count(), 151);
    assert_eq!(console.post(&take, &[]).await.status, StatusCode::NOT_FOUND, "once");
    let line = "select count(*) from audit_events
                where action = 'audit.export' and rows = 150 and approval_id is not null";
    assert_eq!(world.count(line).await, 1);
}

#[tokio::test]
async fn a8_leave_to_take_a_part_away_ends_after_a_day() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let tenant = world.tenant(UNION);
    sqlx::query(
        "insert into audit_exports (tenant_id, id, approval_id, staff_id, filters, expires_at)
         values ($1, gen_random_uuid(), gen_random_uuid(), $2, '{\"to\": \"2026-11-20\"}', $3)",
    )
    .bind(tenant)
    .bind(admin.id)
    .bind(world.clock.now() + chrono::Duration::hours(24))
    .execute(&mut world.database.admin().await)
    .await
    .unwrap();
    let mut console = world.seat(UNION, &admin).await;
    let take = button(&console.get("/trail").await);
    assert!(!take.is_empty());
    world.clock.advance(chrono::Duration::hours(24));
    let mut console = world.seat(UNION, &admin).await;
    assert_eq!(button(&console.get("/trail").await), "");
    console.get("/sign-out").await;
    assert_eq!(console.post(&take, &[]).await.status, StatusCode::NOT_FOUND);
    world.clock.advance(chrono::Duration::hours(25));
    let mut tx = world.worker.tenant(tenant, &Actor::system("test")).await.unwrap();
    assert!(!audit::exports::sweep(&mut tx, &world.clock).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(world.count("select count(*) from audit_exports").await, 0);
}
