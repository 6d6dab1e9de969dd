//! What is taken away is gone at once, and two 管理者 always remain.

use axum::Router;
use axum::http::StatusCode;
use kosmo::auth::staff::desk::DeskError;
use kosmo::auth::staff::manage::ManageError;
use kosmo::auth::staff::manage::change::{ChangeOfStanding, Standing, take_away};
use kosmo::auth::staff::manage::suspending::suspend;
use kosmo::auth::staff::reason::Reason;
use kosmo::base::ids::LoginId;
use kosmo::db::actor::Actor;

use super::super::approvals::{NO_RIGHT, UNION, ask, id};
use super::act;
use crate::support::browser::Browser;
use crate::support::world::World;

fn standing(roles: &[&str]) -> Standing {
    let roles: Vec<_> = roles.iter().map(|&role| role.to_owned()).collect();
    Standing::new(&roles, &[], None, None)
}

fn demotion(actor: &Actor) -> ChangeOfStanding {
    ChangeOfStanding {
        login: LoginId::from_uuid(actor.id.unwrap()),
        from: standing(&["viewer", "admin"]),
        to: standing(&["viewer"]),
    }
}

fn on(router: &Router, browser: &Browser) -> Browser {
    let mut other = Browser::new(router.clone(), &browser.host);
    other.cookies.clone_from(&browser.cookies);
    other
}

const ADMINS: &str =
    "select count(*) from staff where 'admin' = any(roles) and suspended_at is null";

#[tokio::test]
async fn case14_a_right_taken_away_is_gone_at_the_next_click_on_every_server() {
    let mut world = World::new().await;
    for _ in 0..2 {
        world.hire(UNION, &["admin"], &[]).await;
    }
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let colleague = world.hire(UNION, &["viewer", "admin"], &[]).await;
    let mut colleagues = world.seat(UNION, &colleague).await;
    assert_eq!(colleagues.get("/staff").await.status, StatusCode::OK);
    let first = world.router.clone();
    world.restart(|_| ()).await;
    let mut elsewhere = on(&world.router, &world.seat(UNION, &admin).await);
    let page = ask(&mut elsewhere, &colleague, &["role_viewer"]).await;
    assert!(page.shows("変更しました"), "{}", page.text());
    for router in [first, world.router.clone()] {
        let page = on(&router, &colleagues).get("/staff").await;
        assert_eq!((page.status, page.shows(NO_RIGHT)), (StatusCode::FORBIDDEN, true));
    }
    let line = format!(
        "select count(*) from audit_events
         where action = 'staff.revoke' and target_id = '{}' and approval_id is null
           and changed -> 'roles' = '[[\"viewer\", \"admin\"], [\"viewer\"]]'",
        id(&colleague)
    );
    assert_eq!(world.count(&line).await, 1);
}

#[tokio::test]
async fn case14_a_form_that_was_open_does_nothing_after_a_suspension() {
    let world = World::new().await;
    let (admin, other) =
        (world.hire(UNION, &["admin"], &[]).await, world.hire(UNION, &["admin"], &[]).await);
    world.hire(UNION, &["admin"], &[]).await;
    let viewer = world.hire(UNION, &["viewer"], &[]).await;
    let mut others = world.seat(UNION, &other).await;
    others.get(&format!("/staff/{}/suspend", id(&viewer))).await;
    let mut admins = world.seat(UNION, &admin).await;
    assert!(act(&mut admins, "suspend", &other).await.shows("停止しました"));
    let page =
        others.post(&format!("/staff/{}/suspend", id(&viewer)), &[("reason", "仕返し")]).await;
    assert!(page.status != StatusCode::SEE_OTHER || page.location() != "/staff", "{}", page.status);
    let still = format!(
        "select count(*) from staff where login_id = '{}' and suspended_at is null",
        id(&viewer)
    );
    assert_eq!(world.count(&still).await, 1);
    let line = "select count(*) from audit_events
                where action = 'staff.suspend' and reason = '担当の変更のため' and (detail->>'admins_left')::int = 2";
    assert_eq!(world.count(line).await, 1);
}

#[tokio::test]
async fn case18_two_admins_who_demote_each_other_at_the_same_moment_are_one() {
    let world = World::new().await;
    world.hire(UNION, &["admin"], &[]).await;
    let one = world.hire(UNION, &["viewer", "admin"], &[]).await;
    let other = world.hire(UNION, &["viewer", "admin"], &[]).await;
    let reason = Reason::parse("同時").unwrap();
    let (demote_other, demote_one) = (demotion(&other), demotion(&one));
    let (first, second) = tokio::join!(
        take_away(world.clerk(UNION, &one), &demote_other, &reason),
        take_away(world.clerk(UNION, &other), &demote_one, &reason)
    );
    let won = [first.is_ok(), second.is_ok()];
    assert!(won.contains(&true) && won.contains(&false), "{first:?} {second:?}");
    assert_eq!(world.count(ADMINS).await, 2);
    let lost = if first.is_ok() { second } else { first };
    assert!(matches!(lost, Err(ManageError::Desk(DeskError::Denied(_)))), "{lost:?}");
    assert_eq!(world.count_denied("staff.revoke").await, 1);
}

#[tokio::test]
async fn case18_no_act_leaves_fewer_than_two_admins() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let second = world.hire(UNION, &["viewer", "admin"], &[]).await;
    let mut browser = world.seat(UNION, &admin).await;
    for page in [
        ask(&mut browser, &second, &["role_viewer"]).await,
        act(&mut browser, "suspend", &second).await,
    ] {
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.shows("管理者が2人未満"), "{}", page.text());
    }
    assert_eq!(world.count(ADMINS).await, 2);
    let lines =
        "select count(*) from audit_events where action in ('staff.revoke', 'staff.suspend')";
    assert_eq!(world.count(lines).await, 0);
    let third = world.hire(UNION, &["admin"], &[]).await;
    // Two of three at the same moment: one wins.
    let reason = Reason::parse("同時").unwrap();
    let login = |actor: &Actor| LoginId::from_uuid(actor.id.unwrap());
    let clerk = world.clerk(UNION, &admin);
    let (one, other) = tokio::join!(
        suspend(clerk, login(&second), &reason),
        suspend(clerk, login(&third), &reason)
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert_eq!(world.count(ADMINS).await, 2);
}

#[tokio::test]
async fn a1_a_union_with_one_admin_may_do_all_that_takes_no_admin_away() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let viewer = world.hire(UNION, &["viewer", "editor"], &[]).await;
    let mut browser = world.seat(UNION, &admin).await;
    assert!(browser.get("/staff").await.shows("管理者が2人未満"));
    assert!(ask(&mut browser, &viewer, &["role_viewer"]).await.shows("変更しました"));
    assert!(act(&mut browser, "suspend", &viewer).await.shows("停止しました"));
    let again = act(&mut browser, "suspend", &viewer).await;
    assert!(again.shows("現在の状態では実行できません"), "{}", again.text());
}
