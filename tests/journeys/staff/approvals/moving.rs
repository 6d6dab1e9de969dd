//! Requests while the world moves on.

use axum::http::StatusCode;

use super::{Asked, NO_RIGHT, VOID, id};

#[tokio::test]
async fn case09_a_request_of_somebody_who_left_or_was_demoted_is_void() {
    for change in [
        "roles = '{viewer}'",
        "suspended_at = now()",
        "leaves_on = '2026-11-20'",
        "accepted_at = null",
    ] {
        let mut asked = Asked::new().await;
        let demote = format!("update staff set {change} where login_id = '{}'", id(&asked.author));
        asked.world.execute(&demote).await;
        let page = asked.granted().await;
        assert!(page.shows(VOID), "{change}: {}", page.text());
        assert_eq!(asked.state().await, "void", "{change}");
        assert_eq!(asked.rights().await, ["viewer", "approve"], "{change}");
        let lines = "select count(*) from audit_events
                     where action = 'approval.void' and why in ('author_has_no_right', 'author_not_in_office')";
        assert_eq!(asked.world.count(lines).await, 1, "{change}");
        let granted = "select count(*) from audit_events where action like '%.grant'";
        assert_eq!(asked.world.count(granted).await, 0, "{change}");
    }
}

#[tokio::test]
async fn case18_a_request_is_void_once_its_data_have_changed() {
    let mut asked = Asked::new().await;
    let change = format!(
        "update staff set roles = '{{editor}}' where login_id = '{}'",
        id(&asked.colleague)
    );
    let address = format!("/approvals/{}", asked.request);
    let page = asked.approvers.get(&address).await;
    assert!(page.shows("承認して実行する"));
    asked.world.execute(&change).await;
    let page = asked.approvers.get(&address).await;
    assert!(page.shows("承認できません") && !page.shows("承認して実行する"), "{}", page.text());
    assert!(asked.granted().await.shows(VOID));
    assert_eq!(asked.rights().await, ["editor", "approve"]);
    let own = asked.authors.get(&address).await;
    assert!(own.shows("無効"), "{}", own.text());
}

#[tokio::test]
async fn a_right_to_approve_that_is_gone_approves_nothing() {
    let mut asked = Asked::new().await;
    asked.approvers.get(&format!("/approvals/{}", asked.request)).await;
    asked.world.all_reauthenticate().await;
    let take = format!(
        "update staff set extra_rights = '{{}}' where login_id = '{}'",
        id(&asked.approver)
    );
    asked.world.execute(&take).await;
    let page = super::grant(&mut asked.approvers, asked.request).await;
    assert_eq!((page.status, page.shows(NO_RIGHT)), (StatusCode::FORBIDDEN, true));
    assert_eq!(asked.state().await, "waiting");
}
