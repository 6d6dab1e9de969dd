//! The usual course: a colleague looks at a request, and grants or refuses it.

use axum::http::StatusCode;
use chrono::Duration;
use kosmo::auth::staff::approval::housekeeping;

use super::{Asked, OVER, REASON, UNION, ask, grant};
use crate::support::world::tester;

#[tokio::test]
async fn a1_a_grant_happens_when_a_colleague_lets_it_and_the_trail_tells_both() {
    let mut asked = Asked::new().await;
    assert_eq!(asked.rights().await, ["viewer", "approve"], "nothing has changed yet");
    let list = asked.approvers.get("/approvals").await;
    assert!(list.shows("職員の役割・権限の変更"), "{}", list.text());
    let address = format!("/approvals/{}", asked.request);
    let page = asked.approvers.get(&address).await;
    for fact in ["閲覧、承認", "閲覧、医療情報閲覧、承認", "担当の変更のため", "管理 花子"]
    {
        assert!(page.shows(fact), "{fact}: {}", page.text());
    }
    let unproved = asked.approvers.post(&address, &[("answer", "grant")]).await;
    assert!(unproved.location().starts_with("/reauthenticate"), "{}", unproved.location());
    assert_eq!(asked.state().await, "waiting");

    asked.world.all_reauthenticate().await;
    let done = grant(&mut asked.approvers, asked.request).await;
    assert!(done.shows("承認し、実行しました"), "{}", done.text());
    assert_eq!(asked.rights().await, ["viewer", "medical", "approve"]);
    assert_eq!(asked.state().await, "executed");
    for (action, actor) in [
        ("approval.request", &asked.author),
        ("approval.view", &asked.approver),
        ("approval.grant", &asked.approver),
        ("staff.grant", &asked.approver),
    ] {
        let line = format!(
            "select count(*) from audit_events
             where action = '{action}' and actor_id = '{}' and outcome = 'ok' and actor_roles <> '{{}}'
               and ('{action}' = 'approval.view' or approval_id = '{}')",
            super::id(actor),
            asked.request
        );
        assert_eq!(asked.world.count(&line).await, 1, "{action}");
    }
    let told = format!(
        "select count(*) from audit_events
         where action = 'staff.grant' and reason = '担当の変更のため' and target_id = '{}'
           and changed -> 'roles' = '[[\"viewer\", \"approve\"], [\"viewer\", \"medical\", \"approve\"]]'",
        super::id(&asked.colleague)
    );
    assert_eq!(asked.world.count(&told).await, 1);
}

#[tokio::test]
async fn a1_a_refusal_needs_a_reason_which_the_author_reads() {
    let mut asked = Asked::new().await;
    let address = format!("/approvals/{}", asked.request);
    asked.approvers.get(&address).await;
    asked.world.all_reauthenticate().await;
    let page = asked.approvers.post(&address, &[("answer", "refuse"), ("reason", " ")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.shows("理由を入力してください") && page.title().starts_with("エラー"));
    assert!(page.shows("医療情報閲覧"), "the facts stand there still: {}", page.text());
    assert_eq!(asked.state().await, "waiting");
    let fields = [("answer", "refuse"), ("reason", "担当ではない")];
    let done = asked.approvers.post(&address, &fields).await;
    assert!(asked.approvers.follow(done).await.shows("却下しました"));
    assert_eq!(asked.state().await, "refused");
    assert_eq!(asked.rights().await, ["viewer", "approve"]);
    let own = asked.authors.get(&address).await;
    assert!(own.shows("担当ではない"), "{}", own.text());
    let late = grant(&mut asked.approvers, asked.request).await;
    assert!(late.shows(OVER), "{}", late.text());
    assert_eq!(asked.rights().await, ["viewer", "approve"]);
}

#[tokio::test]
async fn a1_a_request_that_nobody_answers_in_a_day_is_refused() {
    let mut asked = Asked::new().await;
    asked.world.clock.advance(Duration::hours(24));
    asked.approvers = asked.world.seat(UNION, &asked.approver).await;
    let list = asked.approvers.get("/approvals").await;
    assert!(list.shows("期限切れ"), "before the worker comes by: {}", list.text());
    assert!(asked.granted().await.shows(OVER));
    assert_eq!(asked.rights().await, ["viewer", "approve"]);
    let sweep = async || {
        let tenant = asked.world.tenant(UNION);
        let mut tx = asked.world.worker.tenant(tenant, &tester()).await.unwrap();
        assert!(!housekeeping::sweep(&mut tx, &asked.world.clock).await.unwrap());
        tx.commit().await.unwrap();
    };
    sweep().await;
    assert_eq!(asked.state().await, "expired");
    let lines = "select count(*) from audit_events where action = 'approval.expire'";
    assert_eq!(asked.world.count(lines).await, 1);
    sweep().await;
    assert_eq!(asked.world.count(lines).await, 1, "once");
    asked.world.clock.advance(Duration::days(91));
    sweep().await;
    assert_eq!(asked.world.count("select count(*) from approvals").await, 0);
}

#[tokio::test]
async fn a1_an_author_takes_a_request_back_and_a_double_click_asks_once() {
    let mut asked = Asked::new().await;
    let boxes = ["role_viewer", "right_approve", "right_medical"];
    let again = ask(&mut asked.authors, &asked.colleague, &boxes).await;
    assert!(again.shows("申請しました"), "{}", again.text());
    assert_eq!(asked.world.count("select count(*) from approvals").await, 1);

    let withdraw = format!("/approvals/{}/withdraw", asked.request);
    let other = asked.approvers.post(&withdraw, &[]).await;
    assert_ne!(other.status, StatusCode::SEE_OTHER, "it is not theirs");
    asked.authors.get(&format!("/approvals/{}", asked.request)).await;
    let done = asked.authors.post(&withdraw, &[]).await;
    assert!(asked.authors.follow(done).await.shows("取り下げました"));
    assert_eq!(asked.state().await, "withdrawn");
    assert!(asked.granted().await.shows(OVER));
    assert_eq!(asked.rights().await, ["viewer", "approve"]);
    let page = ask(&mut asked.authors, &asked.colleague, &boxes).await;
    assert!(page.shows("申請しました"), "it can be asked for again");
    assert_eq!(asked.world.count("select count(*) from approvals").await, 2);
}

#[tokio::test]
async fn a1_what_nobody_else_could_approve_is_not_asked_for() {
    let asked = Asked::new().await;
    let retire = format!(
        "update staff set extra_rights = '{{}}' where login_id <> '{}'",
        super::id(&asked.author)
    );
    asked.world.execute(&retire).await;
    let Asked { mut authors, colleague, world, .. } = asked;
    let page = ask(&mut authors, &colleague, &["role_viewer", "right_print"]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.shows("承認の権限を持つほかの職員がいない"), "{}", page.text());
    assert!(page.body.contains(REASON.1), "what was typed stays");
    assert_eq!(world.count("select count(*) from approvals").await, 1);
}
