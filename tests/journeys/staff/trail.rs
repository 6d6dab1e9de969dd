//! The trail: who acted, from where, in which request, on whose data.

pub mod alerts;
pub mod export;
pub mod pages;
pub mod sealing;
pub mod tampering;
pub mod who_looked;

use kosmo::audit::{self, Action};
use kosmo::db::{Db, DbRole};
use sqlx::Row as _;

use crate::support::people::{GORO, TARO};
use crate::support::world::{World, tester};

#[tokio::test]
async fn a_sign_in_is_the_persons_from_the_password_on() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    browser.headers.push(("user-agent", "Mozilla/5.0 (trail)".to_owned()));
    world.give_password(&mut browser, TARO).await;
    browser.get("/sign-in/code").await;
    let code = world.mailed_code(TARO.email).await;
    browser.post("/sign-in/code", &[("code", &code)]).await;
    let lines = sqlx::query(
        "select action, actor_kind, actor_id = subject_login as own, actor_label, request_id, user_agent,
                session_id = (select id from sessions) as in_it, outcome
         from audit_events where action like 'sign_in.%' order by action",
    )
    .fetch_all(&mut world.database.admin().await)
    .await
    .unwrap();
    let actions: Vec<String> = lines.iter().map(|line| line.get("action")).collect();
    assert_eq!(actions, ["sign_in.complete", "sign_in.password_accepted"]);
    for line in &lines {
        assert_eq!(line.get::<String, _>("actor_kind"), "subscriber");
        assert!(line.get::<bool, _>("own") && line.get::<bool, _>("in_it"));
        assert_eq!(line.get::<Option<String>, _>("actor_label"), None, "no name is kept for ever");
        assert_eq!(line.get::<String, _>("user_agent"), "Mozilla/5.0 (trail)");
        assert_eq!(line.get::<String, _>("outcome"), "ok");
    }
    let requests: Vec<uuid::Uuid> = lines.iter().map(|line| line.get("request_id")).collect();
    assert_ne!(requests[0], requests[1]);
}

#[tokio::test]
async fn a_wrong_password_leaves_the_actor_unknown() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    browser.headers.push(("user-agent", "x".repeat(5000)));
    let wrong = crate::support::people::Person { password: "chigau-2026", ..TARO };
    world.give_password(&mut browser, wrong).await;
    let lines = "select count(*) from audit_events
                 where action = 'sign_in.refused' and outcome = 'refused' and actor_kind = 'subscriber'
                   and actor_id is null and session_id is null and subject_login is not null
                   and length(user_agent) = 256";
    assert_eq!(world.count(lines).await, 1);
}

#[tokio::test]
async fn an_operators_line_names_the_operator() {
    let world = World::new().await;
    let lines = "select count(*) from audit_events
                 where action in ('members.imported', 'expenses.imported', 'expenses.published')
                   and (actor_kind, actor_label) = ('operator', 'test')";
    let all = "select count(*) from audit_events
               where action in ('members.imported', 'expenses.imported', 'expenses.published')";
    let count = world.count(lines).await;
    assert!(count > 5);
    assert_eq!(world.count(all).await, count);
    let batches = "select count(*) from audit_events e join import_batches b
                       on (b.tenant_id, b.id) = (e.tenant_id, e.batch_id)
                   where e.action = 'members.imported'";
    assert_eq!(world.count(batches).await, 5);
}

#[tokio::test]
async fn one_statement_writes_a_line_for_each_of_many() {
    let world = World::new().await;
    let tenant = world.tenant("klinekenpo");
    let mut tx = world.operator.tenant(tenant, &tester()).await.unwrap();
    let logins: Vec<_> = (0..500).map(|_| kosmo::base::ids::LoginId::new(&world.clock)).collect();
    let detail = serde_json::json!({ "why": "test" });
    let action = Action::AccountClosed;
    audit::record_each(&mut tx, &world.clock, action, &logins, detail).await.unwrap();
    audit::record_each(&mut tx, &world.clock, action, &[], serde_json::json!({})).await.unwrap();
    tx.commit().await.unwrap();
    let lines = "select count(distinct (id, subject_login)) from audit_events
                 where action = 'account.closed' and actor_label = 'test'";
    assert_eq!(world.count(lines).await, 500);
}

#[tokio::test]
async fn each_month_has_its_place_and_no_line_is_without() {
    let world = World::empty().await;
    let mut admin = world.database.admin().await;
    let months = "select count(*) from pg_inherits where inhparent = 'audit_events'::regclass";
    assert_eq!(world.count(months).await, 14, "this month, a year ahead, and the open one");
    let insert = "insert into audit_events
                      (tenant_id, at, id, actor_kind, actor_roles, action, outcome, detail)
                  select id, now() + interval '30 months', gen_random_uuid(), 'system', '{}', 'x', 'ok', '{}'
                  from tenants where slug = 'jomkenpo'";
    sqlx::query(insert).execute(&mut admin).await.unwrap();
    assert_eq!(world.count("select count(*) from audit_events_open").await, 1);
    // A month with lines in the default partition stays there; other months get their own.
    sqlx::query("call add_audit_months(current_date, 36)").execute(&mut admin).await.unwrap();
    assert_eq!(world.count(months).await, 14 + 24 - 1);
    assert_eq!(world.count("select count(*) from audit_events where action = 'x'").await, 1);
    sqlx::query("call add_audit_months(current_date, 36)").execute(&mut admin).await.unwrap();
    assert_eq!(world.count(months).await, 14 + 24 - 1, "again changes nothing");
}

#[tokio::test]
async fn t15_nobody_gets_round_the_guard_by_a_months_own_table() {
    let world = World::new().await;
    world.sign_in(GORO).await;
    let server = Db::new(world.database.options.clone(), DbRole::Server, 1);
    let mut tx = server.tenant(world.tenant("jomkenpo"), &tester()).await.unwrap();
    let read = sqlx::query("select * from audit_events_open").fetch_all(tx.conn()).await;
    assert!(read.unwrap_err().to_string().contains("permission denied"));
}
