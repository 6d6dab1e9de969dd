//! Nobody gives rights alone, and nobody to themselves.

use axum::http::StatusCode;

use super::super::approvals::{NO_RIGHT, UNION, ask, grant, id};
use crate::support::world::World;

#[tokio::test]
async fn case06_nobody_gives_themselves_anything_even_with_four_eyes() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    world.hire(UNION, &["viewer"], &["approve"]).await;
    let mut browser = world.seat(UNION, &admin).await;
    for boxes in [&["role_admin", "right_approve"][..], &["role_viewer"], &["role_admin"]] {
        let page = ask(&mut browser, &admin, boxes).await;
        let refused = page.status == StatusCode::FORBIDDEN || page.shows("変更がありません");
        assert!(refused, "{boxes:?}: {}", page.text());
    }
    assert_eq!(world.count("select count(*) from approvals").await, 0);
    let denied =
        "select count(*) from audit_events where action = 'authz.denied' and why = 'own_data'";
    assert_eq!(world.count(denied).await, 2, "giving and taking");
    let page = browser.get(&format!("/staff/{}", id(&admin))).await;
    assert!(
        !page.body.contains("/rights\"") && page.shows("ほかの管理者に依頼"),
        "{}",
        page.text()
    );
    let still = "select count(*) from staff where roles = '{admin}' and extra_rights = '{}'";
    assert_eq!(world.count(still).await, 1);
}

#[tokio::test]
async fn case06_whoever_manages_no_staff_sees_and_gives_nothing() {
    let world = World::new().await;
    let colleague = world.hire(UNION, &["viewer"], &[]).await;
    world.hire(UNION, &["viewer"], &["approve"]).await;
    for (roles, extra) in [
        (&["viewer"][..], &["approve"][..]),
        (&["editor"], &["approve", "import"]),
        (&["auditor"], &[]),
    ] {
        let actor = world.hire(UNION, roles, extra).await;
        let mut browser = world.seat(UNION, &actor).await;
        let member = format!("/staff/{}", id(&colleague));
        let pages = ["", "/rights", "/suspend", "/reinvite", "/resend"];
        let pages = pages.map(|page| format!("{member}{page}"));
        let others = ["/staff", "/staff/invite", "/staff/review"].map(str::to_owned);
        for address in pages.iter().chain(&others) {
            let page = browser.get(address).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{roles:?} {address}");
            let fields = [
                ("role_admin", "on"),
                ("reason", "理由"),
                ("name", "別人"),
                ("email", "x@example.jp"),
                ("staff", &id(&colleague)),
                ("rights", "閲覧"),
            ];
            let page = browser.post(address, &fields).await;
            let refused = [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
            assert!(refused.contains(&page.status), "{roles:?} {address}: {}", page.status);
            assert!(!page.shows("閲覧、"), "{roles:?} {address}");
        }
    }
    for table in ["approvals", "staff_reviews", "staff_invitations"] {
        assert_eq!(world.count(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
    let unchanged = format!(
        "select count(*) from staff where login_id = '{}' and roles = '{{viewer}}' and suspended_at is null",
        id(&colleague)
    );
    assert_eq!(world.count(&unchanged).await, 1);
    assert!(world.count_denied("staff.view").await >= 12);
}

#[tokio::test]
async fn case06_the_auditor_stands_alone_through_the_form_too() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let colleague = world.hire(UNION, &["viewer"], &[]).await;
    world.hire(UNION, &["viewer"], &["approve"]).await;
    let mut browser = world.seat(UNION, &admin).await;
    for (boxes, message) in [
        (&["role_auditor", "role_viewer"][..], "監査は、ほかの役割"),
        (&["role_auditor", "right_medical"], "監査は、ほかの役割"),
        (&[], "役割を1つ以上"),
        (&["role_root", "right_all"], "役割を1つ以上"),
    ] {
        let page = ask(&mut browser, &colleague, boxes).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{boxes:?}");
        assert!(page.shows(message) && !page.shows(NO_RIGHT), "{boxes:?}: {}", page.text());
    }
    assert_eq!(world.count("select count(*) from approvals").await, 0);
}

#[tokio::test]
async fn a1_a_later_end_needs_four_eyes_and_an_earlier_one_does_not() {
    let world = World::new().await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let colleague = world.hire(UNION, &["viewer"], &[]).await;
    let approver = world.hire(UNION, &["viewer"], &["approve"]).await;
    let mut browser = world.seat(UNION, &admin).await;
    let address = format!("/staff/{}/rights", id(&colleague));
    let mut until = async |day: &str| {
        browser.get(&address).await;
        let fields = [("role_viewer", "on"), ("leaves_on", day), ("reason", "異動")];
        let page = browser.post(&address, &fields).await;
        browser.follow(page).await
    };
    let leaves = |day: &str| {
        format!(
            "select count(*) from staff where login_id = '{}' and leaves_on = '{day}'",
            id(&colleague)
        )
    };
    assert!(until("2026-11-20").await.shows("今日以降の日付"));
    assert!(until("いつか").await.shows("日付を"));
    assert!(until("令和8年12月31日").await.shows("変更しました"));
    assert_eq!(world.count(&leaves("2026-12-31")).await, 1);
    assert!(until("2027-03-31").await.shows("申請しました"));
    assert_eq!(world.count(&leaves("2026-12-31")).await, 1, "it waits");
    let mut approvers = world.seat(UNION, &approver).await;
    approvers.get("/approvals").await;
    world.all_reauthenticate().await;
    let request = world.newest_request().await;
    assert!(grant(&mut approvers, request).await.shows("承認し、実行しました"));
    assert_eq!(world.count(&leaves("2027-03-31")).await, 1);
}
