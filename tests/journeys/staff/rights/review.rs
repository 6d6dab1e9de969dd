//! 棚卸し: accounts are confirmed every quarter, and unused ones end.

use axum::http::StatusCode;
use chrono::Duration;
use kosmo::auth::staff::manage::unused::suspend_unused;

use super::super::approvals::{UNION, id};
use crate::support::world::{World, tester};

fn fields<'f>(staff: &'f str, rights: &'f str) -> [(&'static str, &'f str); 2] {
    [("staff", staff), ("rights", rights)]
}

#[tokio::test]
async fn a1_every_quarter_a_colleague_confirms_an_account_as_it_was_shown() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let viewer = world.hire(UNION, &["viewer"], &["medical"]).await;
    let mut browser = world.seat(UNION, &admin).await;
    let page = browser.get("/staff/review").await;
    assert!(page.shows("2026年10月1日から") && page.shows("2件です"), "{}", page.text());
    assert!(page.shows("閲覧、医療情報閲覧") && page.shows("ほかの管理者が確認します"));
    let (staff, own) = (id(&viewer), id(&admin));
    let page = browser.post("/staff/review", &fields(&staff, "閲覧")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.shows("内容が変わりました"), "{}", page.text());
    for _ in 0..2 {
        let page = browser.post("/staff/review", &fields(&staff, "閲覧、医療情報閲覧")).await;
        let page = browser.follow(page).await;
        assert!(page.shows("確認済み（管理 花子、2026年11月21日"), "{}", page.text());
    }
    assert_eq!(world.count("select count(*) from staff_reviews").await, 1, "once");
    let page = browser.post("/staff/review", &fields(&own, "管理者")).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "not the own account");
    world.clock.advance(Duration::days(60));
    let mut browser = world.seat(UNION, &admin).await;
    let page = browser.get("/staff/review").await;
    assert!(page.shows("2027年1月1日から") && page.shows("2件です"), "{}", page.text());
}

#[tokio::test]
async fn a1_accounts_unused_for_90_days_end_but_two_admins_remain() {
    let world = World::new().await;
    for roles in [["admin"], ["admin"], ["admin"], ["viewer"]] {
        world.hire(UNION, &roles, &[]).await;
    }
    let sweep = async || {
        let mut tx = world.worker.tenant(world.tenant(UNION), &tester()).await.unwrap();
        let suspended = suspend_unused(&mut tx, &world.clock).await.unwrap();
        tx.commit().await.unwrap();
        suspended
    };
    world.clock.advance(Duration::days(89));
    assert_eq!(sweep().await, 0);
    world.hire(UNION, &["viewer"], &[]).await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    world.clock.advance(Duration::days(1));
    let mut browser = world.seat(UNION, &admin).await;
    assert!(browser.get("/staff").await.shows("90日以上利用なし"));
    assert_eq!(sweep().await, 3, "two of three admins, and the viewer");
    assert_eq!(sweep().await, 0);
    let left = "select count(*) from staff where 'admin' = any(roles) and suspended_at is null";
    assert_eq!(world.count(left).await, 2);
    let lines = "select count(*) from audit_events
                 where action = 'staff.suspend' and (detail->>'unused_days')::int = 90";
    assert_eq!(world.count(lines).await, 3);
}
