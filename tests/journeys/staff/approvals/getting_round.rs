//! Attempts to get round the second pair of eyes.

use axum::http::StatusCode;
use kosmo::base::ids::ApprovalId;

use super::{Asked, NO_RIGHT, OVER, UNION, grant, id};

impl Asked {
    async fn denied(&self, why: &str) -> i64 {
        let line = format!(
            "select count(*) from audit_events
             where action = 'authz.denied' and why = '{why}' and target_id = '{}'",
            self.request
        );
        self.world.count(&line).await
    }
}

#[tokio::test]
async fn case17_nobody_approves_what_they_asked_for_by_tab_form_or_new_right() {
    let mut asked = Asked::new().await;
    let mut tab = asked.authors.clone();
    let page = tab.get(&format!("/approvals/{}", asked.request)).await;
    assert!(!page.shows("承認して実行する") && page.shows("取り下げる"), "{}", page.text());
    asked.world.all_reauthenticate().await;
    let page = grant(&mut tab, asked.request).await;
    assert_eq!((page.status, page.shows(NO_RIGHT)), (StatusCode::FORBIDDEN, true));
    assert_eq!(asked.denied("own_request").await, 1);
    assert_eq!((asked.state().await.as_str(), asked.rights().await.len()), ("waiting", 2));
    let by_hand = format!(
        "update approvals set state = 'executed', decided_at = now(), decided_by = requested_by
         where id = '{}'",
        asked.request
    );
    let forced = sqlx::query(sqlx::AssertSqlSafe(by_hand))
        .execute(&mut asked.world.database.admin().await)
        .await;
    assert!(forced.is_err(), "the table itself refuses it");
    assert!(asked.granted().await.shows("承認し、実行しました"));
}

#[tokio::test]
async fn case17_neither_the_one_concerned_nor_somebody_without_the_right_approves() {
    let asked = Asked::new().await;
    let stranger = asked.world.hire(UNION, &["admin"], &[]).await;
    for (who, why) in [(&asked.colleague, "own_data"), (&stranger, "no_right")] {
        let mut browser = asked.world.seat(UNION, who).await;
        asked.world.all_reauthenticate().await;
        let page = grant(&mut browser, asked.request).await;
        assert_eq!((page.status, page.shows(NO_RIGHT)), (StatusCode::FORBIDDEN, true), "{why}");
        assert_eq!(asked.denied(why).await, 1, "{why}");
    }
    let mut browser = asked.world.seat(UNION, &stranger).await;
    let page = browser.get(&format!("/approvals/{}", asked.request)).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let list = browser.get("/approvals").await;
    assert!(!list.shows("職員の役割・権限の変更"), "{}", list.text());
    assert_eq!(asked.state().await, "waiting");
}

#[tokio::test]
async fn case17_a_replayed_grant_has_no_effect() {
    let mut asked = Asked::new().await;
    asked.granted().await;
    asked.world.execute("update staff set extra_rights = '{approve}'").await;
    assert!(grant(&mut asked.approvers, asked.request).await.shows(OVER));
    assert_eq!(asked.rights().await, ["viewer", "approve"]);
    let lines =
        "select count(*) from audit_events where action in ('staff.grant', 'approval.grant')";
    assert_eq!(asked.world.count(lines).await, 2);
}

#[tokio::test]
async fn case17_two_approvers_at_the_same_moment_are_one() {
    let mut asked = Asked::new().await;
    let second = asked.world.hire(UNION, &["editor"], &["approve"]).await;
    let mut seconds = asked.world.seat(UNION, &second).await;
    asked.world.all_reauthenticate().await;
    let request = asked.request;
    let (one, other) =
        tokio::join!(grant(&mut asked.approvers, request), grant(&mut seconds, request));
    let done = [&one, &other].map(|page| page.shows("承認し、実行しました"));
    let over = [&one, &other].map(|page| page.shows(OVER));
    assert!(done.contains(&true) && over.contains(&true), "{done:?} {over:?}");
    let lines = "select count(*) from audit_events where action = 'staff.grant'";
    assert_eq!(asked.world.count(lines).await, 1);
}

#[tokio::test]
async fn case17_parameters_swapped_after_the_request_make_it_void() {
    let mut asked = Asked::new().await;
    let swap = "update approvals
                set parameters = jsonb_set(parameters, '{to,roles}', '[\"admin\"]')";
    asked.world.execute(swap).await;
    assert!(asked.granted().await.shows(super::VOID));
    assert_eq!(asked.state().await, "void");
    assert_eq!(asked.rights().await, ["viewer", "approve"]);
}

#[tokio::test]
async fn case01_another_unions_request_is_as_unknown_as_none() {
    let asked = Asked::new().await;
    let theirs = asked.world.hire("jomkenpo", &["admin"], &["approve"]).await;
    let mut browser = asked.world.seat("jomkenpo", &theirs).await;
    assert!(!browser.get("/approvals").await.shows("職員の役割・権限の変更"));
    asked.world.all_reauthenticate().await;
    let nobodys = ApprovalId::new(&asked.world.clock);
    let address = |id: ApprovalId| format!("/approvals/{id}");
    let (one, none) =
        (browser.get(&address(asked.request)).await, browser.get(&address(nobodys)).await);
    assert_eq!((one.status, &one.body), (StatusCode::NOT_FOUND, &none.body));
    browser.get("/sign-out").await;
    for path in [address(asked.request), format!("{}/withdraw", address(asked.request))] {
        let page = browser.post(&path, &[("answer", "grant")]).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(asked.state().await, "waiting");
    let page = browser.get(&format!("/staff/{}", id(&asked.colleague))).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}
