//! Who writes drafts, and whose they are.

use axum::http::StatusCode;

use super::{DAY, Drafted, TEXT, write};
use crate::staff::approvals::{NO_RIGHT, UNION};
use crate::support::first_sign_in::hidden;
use crate::support::world::World;

#[tokio::test]
async fn a5_viewers_read_and_auditors_do_not_and_neither_writes() {
    let world = World::new().await;
    for (role, reads, writes) in [
        ("viewer", true, false),
        ("editor", true, true),
        ("admin", true, true),
        ("auditor", false, false),
    ] {
        let actor = world.hire(UNION, &[role], &[]).await;
        let mut browser = world.seat(UNION, &actor).await;
        let page = browser.get("/terms").await;
        assert_eq!(page.status == StatusCode::OK, reads, "{role}: {}", page.text());
        assert_eq!(page.shows(NO_RIGHT), !reads, "{role}");
        assert_eq!(browser.get("/terms/new").await.status == StatusCode::OK, writes, "{role}");
        browser.get("/sign-out").await;
        let page = browser.post("/terms/new", &[("effective_on", DAY), ("body", TEXT)]).await;
        assert_eq!(page.location().starts_with("/terms/drafts/"), writes, "{role}");
    }
    let denied = "select count(*) from audit_events
                  where action = 'authz.denied' and detail ->> 'act' = 'terms.draft'";
    assert_eq!(world.count(denied).await, 2);
}

#[tokio::test]
async fn a5_another_unions_draft_is_not_there() {
    let mut drafted = Drafted::new().await;
    let edit = format!("{}/edit", drafted.draft);
    assert_eq!(drafted.editors.get(&edit).await.status, StatusCode::OK);
    let other = drafted.world.hire("jomkenpo", &["admin"], &["approve"]).await;
    let mut others = drafted.world.seat("jomkenpo", &other).await;
    let nobodys = "/terms/drafts/01890a5d-ac96-774b-bcce-b302099a8057";
    for address in [drafted.draft.as_str(), &edit] {
        let page = others.get(address).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{address}");
    }
    let seen = "select extract(epoch from written_at)::bigint * 1000000 from terms_drafts";
    let seen = drafted.world.count(seen).await.to_string();
    for address in [&edit, &format!("{nobodys}/edit")] {
        for what in ["", "delete"] {
            others.get("/sign-out").await;
            let fields =
                [("what", what), ("seen", &seen), ("effective_on", DAY), ("body", "乗っ取り")];
            let page = others.post(address, &fields).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{address} {what}");
        }
    }
    let own = format!("select count(*) from terms_drafts where body = '{TEXT}'");
    assert_eq!(drafted.world.count(&own).await, 1);
}

#[tokio::test]
async fn a5_two_writers_do_not_lose_each_others_words_unseen() {
    let mut drafted = Drafted::new().await;
    let edit = format!("{}/edit", drafted.draft);
    let page = drafted.admins.get(&edit).await;
    let seen = hidden(&page, "seen");
    drafted.world.execute("update terms_drafts set written_at = written_at + interval '1 s'").await;
    let fields = [("seen", seen.as_str()), ("effective_on", DAY), ("body", "別の本文")];
    let page = drafted.admins.post(&edit, &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.shows("別の本文") && page.shows("表示された後に"), "{}", page.text());
    let page = drafted.admins.post(&edit, &[("what", "delete")]).await;
    assert!(drafted.admins.follow(page).await.shows("下書きを削除しました"));
    assert_eq!(drafted.world.count("select count(*) from terms_drafts").await, 0);
}

#[tokio::test]
async fn a5_a_long_text_can_be_sent_and_nothing_in_it_is_active() {
    let mut drafted = Drafted::new().await;
    let text = format!("<script>alert(1)</script>\n\n{}", "規".repeat(49_900));
    let draft = write(&mut drafted.editors, DAY, &text).await;
    let page = drafted.editors.get(&draft).await;
    assert!(!page.body.contains("<script>alert") && page.body.contains("&lt;script&gt;alert"));
    let longer = "規".repeat(50_001);
    let fields = [("effective_on", DAY), ("body", longer.as_str())];
    let page = drafted.editors.post("/terms/new", &fields).await;
    assert!(page.shows("50000文字以内"), "{}", page.status);
    let mut stranger = drafted.world.at_console(UNION);
    stranger.get("/sign-in").await;
    let page = stranger.post("/sign-in", &[("user_id", &text), ("password", "x")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "for strangers a form is small");
}
