//! Numbers of people, in which no group is too small to be shown.

use axum::http::StatusCode;
use axum::http::header::CONTENT_DISPOSITION;

use super::approvals::{NO_RIGHT, UNION};
use crate::support::world::World;

#[tokio::test]
async fn a_union_of_few_people_is_told_no_numbers_of_them() {
    let world = World::new().await;
    let actor = world.hire(UNION, &["viewer"], &[]).await;
    let mut browser = world.seat(UNION, &actor).await;
    let page = browser.get("/reports").await;
    assert_eq!(page.status, StatusCode::OK);
    let rows = page.table();
    assert_eq!(rows[0][..7], ["101", "10未満", "10未満", "－", "10未満", "非表示", "非表示"]);
    assert!(page.shows("記号ごとに集計しています"), "{}", page.text());
}

#[tokio::test]
async fn groups_are_counted_and_the_small_ones_can_not_be_worked_out() {
    let world = World::new().await;
    for (symbol, people) in [("=900", 40), ("901", 30), ("902", 60)] {
        world.populate(UNION, symbol, people).await;
    }
    let (few, many) =
        ("split_part(user_id, '-', 2)::int <= 4", "split_part(user_id, '-', 2)::int <= 20");
    for change in [
        // Four of one group are not registered, and 20 of another.
        format!(
            "update logins set password_hash = null, password_set_at = null, registered_at = null
                 where user_id like '901-%' and {few}"
        ),
        format!(
            "update logins set password_hash = null, password_set_at = null, registered_at = null
                 where user_id like '902-%' and {many}"
        ),
        format!("update logins set locked_at = now() where user_id like '=900-%' and {many}"),
        format!(
            "insert into email_failures (tenant_id, email, kind, at, detail)
                 select tenant_id, email, 'bounce', now(), 'x' from logins
                 where user_id like '902-%' and {many}"
        ),
        "update members set lost_on = '2026-11-01' where code like '=900-%' and code like '%0'"
            .to_owned(),
    ] {
        world.execute(&change).await;
    }
    let actor = world.hire(UNION, &["viewer"], &[]).await;
    let mut browser = world.seat(UNION, &actor).await;
    let page = browser.get("/reports").await;
    let rows = page.table();
    let row = |symbol: &str| rows.iter().find(|row| row[0] == symbol).unwrap();
    // 101 has three people, one of whom is not registered. So one group more is withheld, and as five people who are not
    // registered are few themselves, another one's too.
    assert_eq!(row("101")[..7], ["101", "10未満", "10未満", "－", "10未満", "非表示", "非表示"]);
    assert_eq!(row("901")[..7], ["901", "非表示", "非表示", "－", "10未満", "0", "0"]);
    assert_eq!(row("902")[..7], ["902", "60", "非表示", "－", "非表示", "0", "20"]);
    assert_eq!(row("=900")[..7], ["=900", "36", "36", "100.0%", "0", "18", "0"]);
    assert_eq!(row("2026年11月2日から")[1], "非表示", "Taro and Goro came later");

    let file = browser.get("/reports.csv").await;
    assert_eq!(file.status, StatusCode::OK);
    let name = file.headers[CONTENT_DISPOSITION].to_str().unwrap();
    assert!(name.contains("registration-2026-11-21.csv"), "{name}");
    for line in [
        "記号,'=900,36,36,100.0,0,18,0",
        "記号,101,10未満,10未満,,10未満,非表示,非表示",
        "記号,902,60,非表示,,非表示,0,20",
    ] {
        assert!(file.body.contains(line), "{line}: {}", file.body);
    }
    let lines = "select count(*) from audit_events where actor_kind = 'staff' and action =";
    for action in ["report.view", "report.export"] {
        assert_eq!(world.count(&format!("{lines} '{action}'")).await, 1, "{action}");
    }
}

#[tokio::test]
async fn an_auditor_and_another_unions_staff_read_no_numbers_of_this_one() {
    let world = World::new().await;
    world.populate(UNION, "900", 40).await;
    let auditor = world.hire(UNION, &["auditor"], &[]).await;
    let mut browser = world.seat(UNION, &auditor).await;
    for address in ["/reports", "/reports.csv"] {
        assert!(browser.get(address).await.shows(NO_RIGHT), "{address}");
    }
    let other = world.hire("jomkenpo", &["admin"], &[]).await;
    let page = world.seat("jomkenpo", &other).await.get("/reports").await;
    assert!(page.shows("800") && !page.shows("900"), "{}", page.text());
}
