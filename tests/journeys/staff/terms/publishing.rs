//! A draft becomes a version when two people let it.

use axum::http::StatusCode;
use chrono::Duration;
use kosmo::base::clock::midnight;

use super::{DAY, Drafted, TEXT, ask, write};
use crate::staff::approvals::{NO_RIGHT, OVER, REASON, UNION, VOID, grant, id};
use crate::support::first_sign_in::hidden;

#[tokio::test]
async fn a5_what_an_editor_drafts_and_an_admin_asks_for_is_in_force_once_a_colleague_lets_it() {
    let mut drafted = Drafted::new().await;
    let page = drafted.editors.get(&drafted.draft).await;
    assert!(page.shows("公開の申請は、管理者が行います"), "{}", page.text());
    let refused = drafted.editors.post(&drafted.draft, &[("seen", "1"), REASON]).await;
    assert!(refused.shows(NO_RIGHT), "{}", refused.text());

    let page = drafted.admins.get(&drafted.draft).await;
    for shown in ["2人（登録済みの方に", "2027年4月1日", "追加第2条 範囲", "共通の規約"]
    {
        assert!(page.shows(shown), "{shown}: {}", page.text());
    }
    assert!(page.body.contains("<h2>独自の規約</h2>"), "as people will see it");
    let page = ask(&mut drafted.admins, &drafted.draft).await;
    assert!(page.shows("申請しました"), "{}", page.text());
    ask(&mut drafted.admins, &drafted.draft).await;
    let world = &drafted.world;
    let requests = "select count(*) from approvals where kind = 'terms.publish'";
    assert_eq!(world.count(requests).await, 1, "a double click");
    assert_eq!(drafted.published().await, 0);

    let request = world.newest_request().await;
    let page = drafted.approvers.get(&format!("/approvals/{request}")).await;
    for fact in ["利用規約の公開", "2027年4月1日", "第2条 範囲", "2人（登録済みの方）"]
    {
        assert!(page.shows(fact), "{fact}: {}", page.text());
    }
    world.all_reauthenticate().await;
    let done = grant(&mut drafted.approvers, request).await;
    assert!(done.shows("承認し、実行しました"), "{}", done.text());
    let again = grant(&mut drafted.approvers, request).await;
    assert!(again.shows(OVER), "{}", again.text());
    let own = format!(
        "select count(*) from tenant_terms where published_by = 'staff:{}' and tenant_id = '{}'",
        id(&drafted.admin),
        world.tenant(UNION)
    );
    assert_eq!((world.count(&own).await, drafted.published().await), (1, 1));
    assert_eq!(world.count("select count(*) from terms_drafts").await, 0);
    let lines = format!(
        "select count(*) from audit_events
         where action = 'terms.publish' and approval_id = '{request}' and target_label = '2027年4月1日施行'"
    );
    assert_eq!(world.count(&lines).await, 1);

    world.app.directory.refresh(&world.app.db).await.unwrap();
    let terms = &world.union(UNION).terms;
    let from = midnight(DAY.parse().unwrap());
    assert_eq!(terms.in_force(from).body, TEXT);
    assert_ne!(terms.in_force(from - Duration::seconds(1)).body, TEXT);
    assert_ne!(world.union("jomkenpo").terms.in_force(from).body, TEXT, "its own alone");
    let page = drafted.admins.get("/terms").await;
    for shown in ["施行前", "管理 花子", "施行中", "運用担当者"] {
        assert!(page.shows(shown), "{shown}: {}", page.text());
    }
    let gone = drafted.admins.get(&drafted.draft).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a5_a_draft_that_changed_since_the_request_is_not_published() {
    let mut drafted = Drafted::new().await;
    ask(&mut drafted.admins, &drafted.draft).await;
    let request = drafted.world.newest_request().await;
    drafted.world.clock.advance(Duration::seconds(1));
    let edit = format!("{}/edit", drafted.draft);
    let page = drafted.editors.get(&edit).await;
    let seen = hidden(&page, "seen");
    let fields = [("seen", seen.as_str()), ("effective_on", DAY), ("body", "すり替えた本文")];
    assert_eq!(drafted.editors.post(&edit, &fields).await.location(), drafted.draft);
    drafted.world.all_reauthenticate().await;
    let done = grant(&mut drafted.approvers, request).await;
    assert!(done.shows(VOID), "{}", done.text());
    assert_eq!(drafted.published().await, 0);
    assert_eq!(drafted.world.request_state(request).await, "void");
}

#[tokio::test]
async fn a5_a_page_that_shows_another_state_of_the_draft_asks_for_nothing() {
    let mut drafted = Drafted::new().await;
    let page = drafted.admins.get(&drafted.draft).await;
    let seen = hidden(&page, "seen");
    drafted.world.execute("update terms_drafts set written_at = written_at + interval '1 s'").await;
    let page = drafted.admins.post(&drafted.draft, &[("seen", &seen), REASON]).await;
    assert!(page.shows("表示された後に内容が変わりました"), "{}", page.text());
    assert_eq!(drafted.world.count("select count(*) from approvals").await, 0);
}

#[tokio::test]
async fn a5_no_version_begins_before_tomorrow_nor_twice_on_a_day() {
    let mut drafted = Drafted::new().await;
    let today = drafted.world.clock.today();
    for day in [today.to_string(), "2020-01-01".to_owned(), "いつか".to_owned(), String::new()] {
        drafted.editors.get("/terms/new").await;
        let fields = [("effective_on", day.as_str()), ("body", TEXT)];
        let page = drafted.editors.post("/terms/new", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{day}");
        assert!(page.shows("第2条 範囲"), "what was typed is kept: {}", page.text());
    }
    // A request that waits until the day has come is void.
    let tomorrow = today.succ_opt().unwrap().to_string();
    let draft = write(&mut drafted.editors, &tomorrow, TEXT).await;
    ask(&mut drafted.admins, &draft).await;
    let request = drafted.world.newest_request().await;
    drafted.world.execute("update terms_drafts set effective_on = effective_on - 1").await;
    drafted.world.all_reauthenticate().await;
    assert!(grant(&mut drafted.approvers, request).await.shows(VOID));

    drafted.world.execute("update terms_drafts set effective_on = '2027-04-01'").await;
    let (one, other) = (drafted.draft.clone(), draft);
    ask(&mut drafted.admins, &one).await;
    let request = drafted.world.newest_request().await;
    drafted.world.all_reauthenticate().await;
    grant(&mut drafted.approvers, request).await;
    assert_eq!(drafted.published().await, 1);
    let page = drafted.admins.get(&other).await;
    assert!(page.shows("同じ施行日の版がすでにあります"), "{}", page.text());
}
