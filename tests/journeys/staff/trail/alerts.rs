//! What is strange in the acts of staff waits for others to look at.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use kosmo::audit::{Action, alerts};
use kosmo::db::actor::Actor;

use super::pages::{UNION, about, named};
use crate::support::world::{World, tester};

/// A Tuesday at ten in the morning in Japan.
const TUESDAY: &str = "2026-11-24T01:00:00Z";

impl World {
    async fn is_tuesday(&self) {
        let tuesday: DateTime<Utc> = TUESDAY.parse().unwrap();
        self.clock.advance(tuesday - self.clock.now());
    }

    async fn alerts(&self) -> Vec<(String, Option<i32>)> {
        sqlx::query_as("select kind, people from audit_alerts order by kind, at")
            .fetch_all(&mut self.database.admin().await)
            .await
            .unwrap()
    }

    /// Makes members with numbers from 1 on, so many of them.
    async fn neighbours(&self, people: usize, step: usize) {
        let tenant = self.tenant(UNION);
        for statement in [
            "insert into households (tenant_id, code, insurer_number)
             select $1, 'N' || n, '06139927' from generate_series(1, $2) n",
            "insert into household_numbers (tenant_id, household_code, valid_from, symbol, number)
             select $1, 'N' || n, '2020-04-01', '777', (n * $3)::text from generate_series(1, $2) n",
            "insert into members (tenant_id, code, household_code, branch, name, kana, birthdate, relation, acquired_on)
             select $1, 'N' || n, 'N' || n, '00', 'テスト', 'テスト', '1980-01-01', 'insured', '2020-04-01'
             from generate_series(1, $2) n",
        ] {
            sqlx::query(sqlx::AssertSqlSafe(statement.replace("$3", &step.to_string())))
                .bind(tenant)
                .bind(i32::try_from(people).unwrap())
                .execute(&mut self.database.admin().await)
                .await
                .unwrap();
        }
    }

    async fn look_at(&self, actor: &Actor, people: usize) {
        for person in 1..=people {
            self.note(UNION, actor, &about(Action::PersonViewed, &format!("N{person}"))).await;
        }
    }
}

#[tokio::test]
async fn case29_whoever_looks_at_very_many_people_is_noticed() {
    let world = World::new().await;
    world.is_tuesday().await;
    world.neighbours(31, 7).await;
    let editor = named(&world.hire(UNION, &["editor"], &[]).await, "編集 花子");
    world.look_at(&editor, 30).await;
    world.seal(UNION).await;
    assert_eq!(world.alerts().await, [], "thirty are no more than there may be");
    world.note(UNION, &editor, &about(Action::PersonViewed, "N1")).await;
    world.note(UNION, &editor, &about(Action::PersonViewed, "N31")).await;
    world.seal(UNION).await;
    assert_eq!(world.alerts().await, [("many_people".to_owned(), Some(31))], "over two seals");
    world.look_at(&editor, 31).await;
    world.seal(UNION).await;
    assert_eq!(world.alerts().await.len(), 1, "one an hour");
}

#[tokio::test]
async fn case29_whoever_goes_through_the_numbers_is_noticed() {
    let world = World::new().await;
    world.is_tuesday().await;
    world.neighbours(6, 1).await;
    let editor = named(&world.hire(UNION, &["editor"], &[]).await, "編集 花子");
    world.look_at(&editor, 4).await;
    world.seal(UNION).await;
    assert_eq!(world.alerts().await, []);
    world.look_at(&editor, 5).await;
    world.seal(UNION).await;
    assert_eq!(world.alerts().await, [("number_sequence".to_owned(), Some(5))]);
}

#[tokio::test]
async fn a_night_or_a_weekend_is_noticed_once() {
    let world = World::new().await;
    let editor = named(&world.hire(UNION, &["editor"], &[]).await, "編集 花子");
    for _ in 0..3 {
        world.note(UNION, &editor, &about(Action::PersonViewed, "K1")).await;
    }
    world.seal(UNION).await;
    assert_eq!(world.alerts().await, [("off_hours".to_owned(), None)], "it is Saturday");
    world.is_tuesday().await;
    world.note(UNION, &editor, &about(Action::PersonViewed, "K1")).await;
    world.seal(UNION).await;
    assert_eq!(world.alerts().await.len(), 1);
    world.clock.advance(chrono::Duration::hours(12));
    world.note(UNION, &editor, &about(Action::PersonViewed, "K1")).await;
    world.seal(UNION).await;
    assert_eq!(world.alerts().await.len(), 2, "it is ten at night");
}

#[tokio::test]
async fn case08_a_look_at_the_own_household_is_noticed() {
    let world = World::new().await;
    world.is_tuesday().await;
    let editor = named(&world.hire(UNION, &["editor"], &[]).await, "編集 花子");
    let own = "update staff set member_code = 'K2' where login_id";
    world.execute(&format!("{own} = '{}'", editor.id.unwrap())).await;
    world.note(UNION, &editor, &about(Action::PersonViewed, "K3")).await;
    world.seal(UNION).await;
    assert_eq!(world.alerts().await, []);
    world.note(UNION, &editor, &about(Action::PersonViewed, "K1")).await;
    world.seal(UNION).await;
    assert_eq!(world.alerts().await, [("own_household".to_owned(), Some(1))]);
}

#[tokio::test]
async fn another_puts_their_name_under_an_alert_and_nobody_under_their_own() {
    let world = World::new().await;
    let admin = named(&world.hire(UNION, &["admin"], &[]).await, "管理 太郎");
    world.note(UNION, &admin, &about(Action::PersonViewed, "K1")).await;
    world.seal(UNION).await;
    let mut own = world.seat(UNION, &admin).await;
    let page = own.get("/trail/alerts").await;
    assert!(
        page.shows("管理 太郎") && page.shows("夜間または土曜日・日曜日に操作しました"),
        "{}",
        page.text()
    );
    assert!(page.shows("ほかの職員の確認が必要です"), "{}", page.text());
    let id: uuid::Uuid = sqlx::query_scalar("select id from audit_alerts")
        .fetch_one(&mut world.database.admin().await)
        .await
        .unwrap();
    let seen = format!("/trail/alerts/{id}/seen");
    own.get("/sign-out").await;
    assert_eq!(own.post(&seen, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.count("select count(*) from audit_alerts where seen_at is not null").await, 0);

    let other = world.hire(UNION, &["auditor"], &[]).await;
    let mut auditor = world.seat(UNION, &other).await;
    auditor.get("/trail/alerts").await;
    for _ in 0..2 {
        let page = auditor.post(&seen, &[]).await;
        assert_eq!(page.location(), "/trail/alerts");
    }
    let page = auditor.get("/trail/alerts").await;
    assert!(page.shows("確認済み 管理 花子"), "{}", page.text());
    let line = "select count(*) from audit_events where action = 'audit.alert_seen'";
    assert_eq!(world.count(line).await, 2, "each click is an act; the first one's name stays");
    let foreign = world.hire("jomkenpo", &["auditor"], &[]).await;
    let mut foreign = world.seat("jomkenpo", &foreign).await;
    foreign.get("/sign-out").await;
    assert_eq!(foreign.post(&seen, &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn alerts_go_after_thirteen_months() {
    let world = World::new().await;
    let editor = named(&world.hire(UNION, &["editor"], &[]).await, "編集 花子");
    world.note(UNION, &editor, &about(Action::PersonViewed, "K1")).await;
    world.seal(UNION).await;
    for (days, left) in [(390, 1), (10, 0)] {
        world.clock.advance(chrono::Duration::days(days));
        let mut tx = world.worker.tenant(world.tenant(UNION), &tester()).await.unwrap();
        assert!(!alerts::sweep(&mut tx, &world.clock).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.count("select count(*) from audit_alerts").await, left);
    }
}
