//! 「職員による閲覧」: people see what staff did with their data.

use axum::http::StatusCode;
use kosmo::audit::{ActOutcome, Action, AuditLine};

use super::pages::{UNION, about, named};
use crate::support::people::{GORO, TARO};
use crate::support::world::World;

const NOBODY: &str = "職員があなたの情報を見た記録はありません";

#[tokio::test]
async fn a_person_learns_the_role_and_the_day_and_not_the_name() {
    let world = World::new().await;
    let editor = named(&world.hire(UNION, &["editor"], &[]).await, "編集 花子");
    let line = AuditLine { reason: Some("内緒".to_owned()), ..about(Action::Unlocked, "K1") };
    world.note(UNION, &editor, &line).await;
    let refused = AuditLine {
        outcome: ActOutcome::Refused,
        why: Some("no_right"),
        ..about(Action::MedicalDataViewed, "K1")
    };
    world.note(UNION, &editor, &refused).await;
    let mut taro = world.sign_in(TARO).await;
    let page = taro.get("/sessions").await;
    assert!(page.body.contains("href=\"/who-looked\""));
    let page = taro.get("/who-looked").await;
    assert_eq!((page.status, page.heading()), (StatusCode::OK, "職員による閲覧"));
    assert!(page.shows("2026年11月21日"), "{}", page.text());
    assert!(page.shows("職員（編集）があなたのロックを解除しました。"), "{}", page.text());
    for hidden in ["花子", "内緒", "医療情報の閲覧", "10:00"] {
        assert!(!page.shows(hidden), "{hidden}: {}", page.text());
    }
    let mut goro = world.sign_in(GORO).await;
    assert!(goro.get("/who-looked").await.shows(NOBODY));
    assert_eq!(goro.get("/who-looked?before=x").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn older_acts_are_on_the_next_page_and_end_after_thirteen_months() {
    let world = World::new().await;
    let editor = named(&world.hire(UNION, &["editor"], &[]).await, "編集 花子");
    for _ in 0..35 {
        world.note(UNION, &editor, &about(Action::PersonViewed, "K1")).await;
    }
    let mut taro = world.sign_in(TARO).await;
    let page = taro.get("/who-looked").await;
    assert_eq!(page.body.matches("<th scope=\"row\">").count(), 30);
    let older = page.body.split("href=\"").find(|link| link.starts_with("/who-looked?before="));
    let older = older.and_then(|link| link.split('"').next()).unwrap().to_owned();
    let page = taro.get(&older).await;
    assert_eq!(page.body.matches("<th scope=\"row\">").count(), 5);
    assert!(!page.shows("さらに古い記録") && page.shows("最新の記録"));
    world.clock.advance(chrono::Duration::days(400));
    let mut taro = world.sign_in(TARO).await;
    assert!(taro.get("/who-looked").await.shows(NOBODY));
}
