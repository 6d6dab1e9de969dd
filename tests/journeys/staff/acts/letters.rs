//! Letters with first credentials: another one, and one that came back (T9).

use axum::http::StatusCode;
use chrono::Duration;

use super::{ask, send};
use crate::support::kills::until;
use crate::support::people::NANA;
use crate::support::world::World;

const NANAS: &str = "/people/N1";
const WORDS: [(&str, &str); 6] = [
    ("name", "ハグルマ ナナ"),
    ("symbol", "200"),
    ("number", "9"),
    ("birthdate", "平成11年9月9日"),
    ("further", "acquired_on"),
    ("further_words", "令和8年4月1日"),
];

async fn state_of_letter(world: &World, state: &str) -> bool {
    let (mut staff, _) = world.at_desk("nideckenpo", &["editor"]).await;
    staff.get(&format!("{NANAS}/letter")).await.shows(state)
}

#[tokio::test]
async fn t9_a_letter_is_ordered_once_and_kills_the_one_before() {
    let world = World::new().await;
    world
        .execute(
            "update subscribers set initial_issued_at = initial_issued_at - interval '30 days'",
        )
        .await;
    let (mut staff, _) = world.at_desk("nideckenpo", &["editor"]).await;
    let path = format!("{NANAS}/letter");
    let page = staff.get(&path).await;
    assert!(page.shows("先に問い合わせ者の本人確認"), "{}", page.text());
    let unknown = send(&mut staff, &path, &[]).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.count("select count(*) from jobs where kind = 'letters.issue'").await, 0);

    ask(&mut staff, NANAS, &WORDS).await;
    let page = send(&mut staff, &path, &[]).await;
    assert_eq!(page.location(), NANAS, "{}", page.text());
    let page = send(&mut staff, &path, &[]).await;
    assert_eq!(page.location(), NANAS, "{}", page.text());
    let jobs =
        "select count(*) from jobs where kind = 'letters.issue' and asked_by->>'kind' = 'staff'";
    assert_eq!(world.count(jobs).await, 1, "ordered once");
    assert_eq!(world.lines("letter.ordered").await, 1);
    assert!(state_of_letter(&world, "作成待ち").await);
    let old = world.give_password(&mut world.browser("nideckenpo"), NANA).await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY, "dead at once: {}", old.text());

    world.start_worker();
    let made = "select count(*) from letters where member_code = 'N1' and password is not null";
    until(&world, made, 1).await;
    assert_eq!(world.count(made).await, 1, "the worker has made it");
    assert!(state_of_letter(&world, "印刷待ち").await);
    let (mut staff, _) = world.at_desk("nideckenpo", &["admin"]).await;
    let page = staff.get(&path).await;
    assert!(page.shows("システムの運営者"), "{}", page.text());
    let hash = "select count(*) from subscribers where member_code = 'N1' and initial_password_hash is not null";
    assert_eq!(world.count(hash).await, 1);
    let mails = "select count(*) from outbox where kind = 'account_changed' and recipient = 'nana@example.jp'";
    assert_eq!(world.count(mails).await, 1);
}

#[tokio::test]
async fn t9_a_letter_that_came_back_opens_nothing() {
    let world = World::new().await;
    let mut nana = world.browser("nideckenpo");
    assert!(world.give_password(&mut nana, NANA).await.location().starts_with("/first-sign-in/"));
    let (mut staff, _) = world.at_desk("nideckenpo", &["editor"]).await;
    let path = format!("{NANAS}/letter-returned");
    assert_eq!(send(&mut staff, &path, &[]).await.location(), NANAS);
    assert_eq!(
        nana.get("/first-sign-in/birthdate").await.location(),
        "/sign-in",
        "what was begun is over"
    );
    let again = world.give_password(&mut world.browser("nideckenpo"), NANA).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", again.text());
    assert_eq!(send(&mut staff, &path, &[]).await.location(), NANAS);
    assert_eq!(world.lines("letter.returned").await, 1);
}

#[tokio::test]
async fn case23_a_letter_soon_after_a_letter_of_the_same_week_is_no_takeover_but_one_after_a_reset_is()
 {
    let world = World::new().await;
    world.hire("nideckenpo", &["admin"], &["approve"]).await;
    let (mut staff, _) = world.at_desk("nideckenpo", &["editor"]).await;
    ask(&mut staff, NANAS, &WORDS).await;
    let reset = format!(
        "insert into audit_events (tenant_id, id, at, actor_kind, actor_roles, action, subject_login, outcome, detail)
         select tenant_id, gen_random_uuid(), '{}', 'operator', '{{}}', 'second_factors.reset', login_id, 'ok', '{{}}'
         from subscribers where member_code = 'N1'",
        world.clock.now() - Duration::days(6)
    );
    world.execute(&reset).await;
    let page = send(&mut staff, &format!("{NANAS}/letter"), &[]).await;
    assert_eq!(page.location(), NANAS, "{}", page.text());
    assert_eq!(world.count("select count(*) from jobs where kind = 'letters.issue'").await, 0);
    let waits = "select count(*) from approvals where kind = 'letter.order' and state = 'waiting'";
    assert_eq!(world.count(waits).await, 1);
}

#[tokio::test]
async fn t9_the_server_orders_letters_in_the_name_of_staff_and_no_other_job() {
    let world = World::new().await;
    let tenant = world.tenant("nideckenpo").0;
    for (kind, by, may) in [
        ("letters.issue", "staff", true),
        ("letters.issue", "operator", false),
        ("members.import", "staff", false),
    ] {
        let actor = kosmo::db::actor::Actor::system("test");
        let mut tx = world.app.db.tenant(world.tenant("nideckenpo"), &actor).await.unwrap();
        let put = sqlx::query(
            "insert into jobs (tenant_id, id, kind, payload, asked_by, created_at, due_at)
             values ($1, gen_random_uuid(), $2, '{}', jsonb_build_object('kind', $3::text), now(), now())",
        )
        .bind(tenant)
        .bind(kind)
        .bind(by)
        .execute(tx.conn())
        .await;
        assert_eq!(put.is_ok(), may, "{kind} by {by}: {put:?}");
    }
}
