//! A change is looked at, asked for, let, and taken back.

use axum::http::StatusCode;

use super::Office;
use crate::staff::approvals::{OVER, UNION, VOID, grant};
use crate::support::world::union_file;

const IDLE: &str = "sign_in.idle_minutes";

#[tokio::test]
async fn a7_a_change_tells_whom_it_touches_and_is_a_version_once_a_colleague_lets_it() {
    let mut office = Office::new().await;
    let page = office.admins.get("/policy").await;
    assert!(page.shows("5〜1440分") && page.shows("（現在）"), "{}", page.text());
    let page = office.send("look", &[(IDLE, "20"), ("contact.note", "8月は休みます。")]).await;
    for shown in
        ["設定を変更しますか", "30分", "20分", "「8月は休みます。」", "画面の表示が変わる人", "2人"]
    {
        assert!(page.shows(shown), "{shown}: {}", page.text());
    }
    assert_eq!(office.requests().await, 0, "nothing is asked for yet");
    let change = [(IDLE, "20")];
    for _ in 0..2 {
        let page = office.send("confirm", &change).await;
        assert!(page.shows("申請しました"), "{}", page.text());
    }
    assert_eq!((office.requests().await, office.versions().await), (1, 1), "a double click");

    let request = office.world.newest_request().await;
    let page = office.approvers.get(&format!("/approvals/{request}")).await;
    for fact in ["組合の設定の変更", "1 → 2", "30分 → 20分", "窓口の案内に合わせるため"]
    {
        assert!(page.shows(fact), "{fact}: {}", page.text());
    }
    office.world.all_reauthenticate().await;
    let done = grant(&mut office.approvers, request).await;
    assert!(done.shows("承認し、実行しました"), "{}", done.text());
    assert!(grant(&mut office.approvers, request).await.shows(OVER));
    let world = &office.world;
    world.app.directory.refresh(&world.app.db).await.unwrap();
    let union = world.union(UNION);
    let mut expected = union_file(UNION);
    expected.sign_in.idle_minutes = 20;
    assert_eq!((union.version, &union.config), (2, &expected), "and nothing else");
    let stored = "select count(*) from tenant_policies
                  where version = 2 and created_by like 'staff:%' and note = '窓口の案内に合わせるため'";
    assert_eq!(world.count(stored).await, 1);
    let line = format!(
        "select count(*) from audit_events
         where action = 'policy.change' and approval_id = '{request}'
           and changed = '{{\"sign_in.idle_minutes\": [30, 20]}}'"
    );
    assert_eq!(world.count(&line).await, 1);
    assert_eq!(world.count("select count(*) from tenant_policies where version > 1").await, 1);
    let page = office.admins.get("/policy").await;
    assert!(page.shows("管理 花子") && page.shows("版1の値に戻す"), "{}", page.text());
}

#[tokio::test]
async fn a7_a_policy_that_moved_since_the_request_voids_it() {
    let mut office = Office::new().await;
    office.send("confirm", &[(IDLE, "20")]).await;
    let request = office.world.newest_request().await;
    office.world.change_policy(UNION, |policy| policy.sign_in.lock_after = 5).await;
    office.world.all_reauthenticate().await;
    let done = grant(&mut office.approvers, request).await;
    assert!(done.shows(VOID), "{}", done.text());
    assert_eq!(office.versions().await, 2, "the operator's alone");

    let old = [("step", "confirm"), ("version", "1"), super::REASON, (IDLE, "20")];
    let page = office.admins.post("/policy", &old).await;
    assert!(page.shows("表示された後に内容が変わりました"), "{}", page.text());
    assert_eq!(office.requests().await, 1);
}

#[tokio::test]
async fn a7_a_setting_that_is_closed_before_the_grant_is_not_changed() {
    let mut office = Office::new().await;
    office.send("confirm", &[(IDLE, "20")]).await;
    let request = office.world.newest_request().await;
    // Even if the version did not tell.
    office
        .world
        .execute(
            "update tenant_policies
             set config = config || '{\"console\": {\"open_to_union\": [\"contact.text\"]}}'",
        )
        .await;
    office.world.all_reauthenticate().await;
    let done = grant(&mut office.approvers, request).await;
    assert!(done.shows(VOID), "{}", done.text());
    assert_eq!(office.versions().await, 1);
}

#[tokio::test]
async fn a7_going_back_is_a_change_like_any_other() {
    let mut office = Office::new().await;
    office
        .world
        .change_policy(UNION, |policy| {
            policy.sign_in.idle_minutes = 10;
            policy.sign_in.lock_after = 5;
        })
        .await;
    let page = office.admins.get("/policy/versions/1").await;
    for shown in ["版1の値に戻しますか", "10分", "30分"] {
        assert!(page.shows(shown), "{shown}: {}", page.text());
    }
    assert!(!page.shows("パスワードの誤り"), "the operator's: {}", page.text());
    office.send("confirm", &[(IDLE, "30")]).await;
    let request = office.world.newest_request().await;
    office.world.all_reauthenticate().await;
    grant(&mut office.approvers, request).await;
    let world = &office.world;
    world.app.directory.refresh(&world.app.db).await.unwrap();
    let rules = &world.union(UNION).config.sign_in;
    assert_eq!((rules.idle_minutes, rules.lock_after), (30, 5));
    for nobodys in ["99", "0", "-1", "x", "2147483648"] {
        let page = office.admins.get(&format!("/policy/versions/{nobodys}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{nobodys}");
    }
    let same = office.admins.get("/policy/versions/3").await;
    assert!(same.shows("変わる設定はありません"), "{}", same.text());
}
