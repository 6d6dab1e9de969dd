//! Staff read the trail, and that they did is on it.

use axum::http::StatusCode;
use kosmo::audit::{self, ActOutcome, Action, AuditLine};
use kosmo::base::ids::LoginId;
use kosmo::db::actor::{Actor, Client};
use serde_json::json;

use crate::staff::approvals::NO_RIGHT;
use crate::support::people::TARO;
use crate::support::world::World;

pub const UNION: &str = "klinekenpo";

impl World {
    /// Writes a line of a staff member about a member.
    pub async fn note(&self, slug: &str, actor: &Actor, line: &AuditLine) {
        let mut tx = self.app.db.tenant(self.tenant(slug), actor).await.unwrap();
        audit::write(&mut tx, &self.clock, line, &[None]).await.unwrap();
        tx.commit().await.unwrap();
        self.clock.advance(chrono::Duration::seconds(1));
    }
}

/// Returns a line about a member.
pub fn about(action: Action, member: &str) -> AuditLine {
    AuditLine { member: Some(member.to_owned()), ..AuditLine::new(action, json!({})) }
}

/// Returns an actor with a name, as the desk would name them.
pub fn named(actor: &Actor, name: &str) -> Actor {
    Actor { label: Some(name.to_owned()), roles: vec!["editor".to_owned()], ..actor.clone() }
}

#[tokio::test]
async fn a8_a_line_is_a_sentence_and_reading_it_is_a_line() {
    let world = World::new().await;
    let editor = named(&world.hire(UNION, &["editor"], &[]).await, "編集 花子");
    let line = AuditLine {
        reason: Some("ご本人からのお電話".to_owned()),
        ..about(Action::Unlocked, "K1")
    };
    world.note(UNION, &editor, &line).await;
    let auditor = world.hire(UNION, &["auditor"], &[]).await;
    let mut console = world.seat(UNION, &auditor).await;
    let page = console.get("/trail?action=account.unlocked").await;
    assert_eq!((page.status, page.heading()), (StatusCode::OK, "操作履歴"));
    let sentence =
        "編集 花子さん（編集）が101-11-00 の方のロックを解除しました。理由：「ご本人からのお電話」";
    assert!(page.shows(sentence), "{}", page.text());
    assert!(!page.shows("テスト"), "no name of a person is there");
    let read = "select count(*) from audit_events
                where action = 'audit.read' and rows = 1 and actor_label = '管理 花子'
                  and detail = '{\"action\": \"account.unlocked\"}'";
    assert_eq!(world.count(read).await, 1);
    let page = console.get("/trail?member=K1").await;
    assert!(page.shows(sentence), "{}", page.text());
    let read =
        "select count(*) from audit_events where action = 'audit.read' and subject_member = 'K1'";
    assert_eq!(world.count(read).await, 1);
}

#[tokio::test]
async fn a8_filters_narrow_down_and_each_can_be_taken_off() {
    let world = World::new().await;
    let one = named(&world.hire(UNION, &["editor"], &[]).await, "編集 一郎");
    let two = named(&world.hire(UNION, &["editor"], &[]).await, "編集 二郎");
    world.note(UNION, &one, &about(Action::PersonViewed, "K1")).await;
    world.note(UNION, &two, &about(Action::PersonViewed, "K3")).await;
    let refused = AuditLine {
        outcome: ActOutcome::Refused,
        why: Some("no_right"),
        ..about(Action::MedicalDataViewed, "K1")
    };
    world.note(UNION, &two, &refused).await;
    let admin = world.hire(UNION, &["admin"], &[]).await;
    let mut console = world.seat(UNION, &admin).await;
    let id = one.id.unwrap();
    for (filters, shows_one, shows_two, shows_refusal) in [
        (format!("staff={id}"), true, false, false),
        ("member=K3".to_owned(), false, true, false),
        ("member=K1".to_owned(), true, false, true),
        ("outcome=refused".to_owned(), false, false, true),
        ("action=person".to_owned(), true, true, false),
        (format!("staff={id}&action=medical.view"), false, false, false),
        ("member=K1&outcome=ok&action=person.view".to_owned(), true, false, false),
        ("member=NOBODY".to_owned(), false, false, false),
        ("to=2026-11-20".to_owned(), false, false, false),
    ] {
        let page = console.get(&format!("/trail?{filters}")).await;
        assert_eq!(page.status, StatusCode::OK, "{filters}");
        let shown = [
            page.shows("編集 一郎さん（編集）が101-11-00 の方のページを開きました"),
            page.shows("編集 二郎さん（編集）が101-12-00 の方のページを開きました"),
            page.shows("「医療情報の閲覧」を試み、拒否されました（権限がないため）"),
        ];
        assert_eq!(shown, [shows_one, shows_two, shows_refusal], "{filters}: {}", page.text());
        assert!(page.body.contains("class=\"chips\""), "{filters}");
    }
    let page = console.get("/trail?member=K1&outcome=ok").await;
    assert!(page.body.contains("href=\"/trail?outcome=ok\""), "{}", page.body);
    assert!(page.body.contains("href=\"/trail?member=K1\""));
    let wrong = console.get("/trail?from=2026-11-02&to=2026-11-01").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.shows("終わりの日には") && !wrong.body.contains("<tbody"));
    for nothing in ["staff=x", "action=x", "outcome=x", "before=x"] {
        let page = console.get(&format!("/trail?{nothing}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{nothing}");
    }
}

#[tokio::test]
async fn a8_every_line_stands_on_exactly_one_page() {
    let world = World::new().await;
    let tenant = world.tenant(UNION);
    let mut tx = world.operator.tenant(tenant, &Actor::operator("test")).await.unwrap();
    let logins: Vec<_> = (0..120).map(|_| LoginId::new(&world.clock)).collect();
    // One statement writes all at one moment, so only the ids tell them apart.
    audit::record_each(&mut tx, &world.clock, Action::AccountReopened, &logins, json!({}))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let auditor = world.hire(UNION, &["auditor"], &[]).await;
    let mut console = world.seat(UNION, &auditor).await;
    let (mut address, mut ids) = ("/trail?action=account.reopened".to_owned(), Vec::new());
    for lines in [50, 50, 20] {
        let page = console.get(&address).await;
        let found: Vec<_> = page.body.split("<dt>記録番号</dt><dd>").skip(1).collect();
        assert_eq!(found.len(), lines, "{address}");
        ids.extend(found.iter().map(|id| id[..36].to_owned()));
        let older =
            page.body.split("<a class=\"link\" href=\"").find(|link| link.contains("さらに古い"));
        address = older
            .map_or_else(String::new, |link| link.split('"').next().unwrap().replace("&amp;", "&"));
    }
    assert_eq!(address, "", "the last page leads to no other");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 120);
}

#[tokio::test]
async fn case10_staff_without_the_right_learn_nothing_from_the_trail() {
    let world = World::new().await;
    let viewer = world.hire(UNION, &["viewer", "editor"], &["medical", "approve"]).await;
    let mut console = world.seat(UNION, &viewer).await;
    for address in ["/trail", "/trail?member=K1", "/trail.csv", "/trail/export", "/trail/alerts"] {
        let page = console.get(address).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{address}");
        assert!(page.shows(NO_RIGHT) && !page.shows("件数"), "{address}");
    }
    let denied = "select count(*) from audit_events
                  where action = 'authz.denied' and why = 'no_right' and outcome = 'refused'";
    assert_eq!(world.count(denied).await, 5);
}

#[tokio::test]
async fn case01_a_trail_is_its_own_unions() {
    let world = World::new().await;
    world.sign_in(TARO).await;
    let other = world.hire("jomkenpo", &["auditor"], &[]).await;
    let mut console = world.seat("jomkenpo", &other).await;
    let page = console.get("/trail?member=K1").await;
    assert!(page.shows("条件に合う操作履歴はありません"), "{}", page.text());
    let page = console.get("/trail").await;
    assert!(!page.shows("101-11-00"), "{}", page.text());
}

#[tokio::test]
async fn case27_what_others_typed_is_text_and_one_line() {
    let world = World::new().await;
    let hired = world.hire(UNION, &["editor"], &[]).await;
    let client = Client { address: None, user_agent: Some("<script>alert(1)</script>".to_owned()) };
    let editor = Actor { client, ..named(&hired, "<script>alert('名前')</script>") };
    let line = AuditLine {
        reason: Some("<img src=x onerror=alert(1)>\n2026年11月21日 偽の行".to_owned()),
        changed: Some(json!({ "<b>": { "before": "<i>", "after": "\"'><u>" } })),
        ..about(Action::Unlocked, "K1")
    };
    world.note(UNION, &editor, &line).await;
    let auditor = world.hire(UNION, &["auditor"], &[]).await;
    let mut console = world.seat(UNION, &auditor).await;
    let page = console.get("/trail?action=account.unlocked").await;
    for markup in ["<script>alert", "<img src=x", "<b>", "<i>", "<u>"] {
        assert!(!page.body.contains(markup), "{markup}");
    }
    assert!(page.body.contains("&lt;img src=x"), "{}", page.body);
    assert_eq!(page.body.matches("<th scope=\"row\">").count(), 1, "a line is one row");
}

#[tokio::test]
async fn case31_a_browser_that_calls_itself_ten_kilobytes_fills_no_trail() {
    let world = World::new().await;
    let mut browser = world.browser(UNION);
    browser.headers.push(("user-agent", "x".repeat(10_000)));
    world.give_password(&mut browser, TARO).await;
    let longest = "select max(length(user_agent))::bigint from audit_events";
    assert_eq!(world.count(longest).await, 256);
}

#[tokio::test]
async fn a8_lines_about_a_member_without_an_account_are_found_by_the_code() {
    let world = World::new().await;
    let editor = named(&world.hire(UNION, &["editor"], &[]).await, "編集 花子");
    world.note(UNION, &editor, &about(Action::PersonViewed, "K2")).await;
    let auditor = world.hire(UNION, &["auditor"], &[]).await;
    let mut console = world.desk_of(UNION, &auditor).await;
    let page = console.get("/trail?member=K2").await;
    assert!(page.shows("編集 花子さん"), "{}", page.text());
    let page = console.get("/trail?member=K3").await;
    assert!(!page.shows("編集 花子さん"), "{}", page.text());
}
