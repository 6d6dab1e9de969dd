//! Failures of things around the product.

use axum::http::StatusCode;
use kosmo::app;
use kosmo::base::clock::Clock;
use kosmo::db::local::LocalPostgres;
use kosmo::db::migrate::migrate;
use kosmo::db::{Db, DbRole};

use crate::support::browser::{Browser, Page};
use crate::support::people::TARO;
use crate::support::world::{World, apply, settings, union_file};

#[tokio::test]
async fn a_database_that_stops_and_starts_again_needs_no_restart_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let postgres = LocalPostgres::start(folder.path()).await.unwrap();
    migrate(&postgres.options()).await.unwrap();
    let operator = Db::new(postgres.options(), DbRole::Operator, 1);
    apply(&operator, &Clock::System, &union_file("jomkenpo")).await;
    operator.close().await;
    let app =
        app::build(&settings(folder.path()), postgres.options(), Clock::System).await.unwrap();
    let mut browser = Browser::new(app::router(app.clone()), "jomkenpo.localhost");
    let fields = [("user_id", "nobody"), ("password", "nothing")];
    browser.get("/sign-in").await;
    let refused = browser.post("/sign-in", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);

    postgres.stop();
    let page = browser.post("/sign-in", &fields).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.text());
    assert_eq!(page.headers["retry-after"], "5");
    assert_eq!(page.heading(), "ただいまサービスをご利用いただけません");
    assert_eq!(
        browser.get("/sign-in").await.status,
        StatusCode::OK,
        "pages without rows still come"
    );
    assert_eq!(browser.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(browser.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);

    let postgres = LocalPostgres::start(folder.path()).await.unwrap();
    browser.get("/sign-in").await;
    let page = browser.post("/sign-in", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text());
    assert_eq!(browser.get("/readyz").await.status, StatusCode::OK);
    app.db.close().await;
    postgres.stop();
    let _ = LocalPostgres::delete(folder.path());
}

#[tokio::test]
async fn m2_mail_that_can_not_go_out_waits_and_goes_out_later() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    world.give_password(&mut browser, TARO).await;
    let in_the_way = world.write("not-a-folder", "");
    world.deliver_into(in_the_way.join("mail")).await;
    assert_eq!(browser.get("/sign-in/code").await.status, StatusCode::OK);
    let waiting = "select count(*) from outbox where state = 'queued' and last_error is not null";
    assert_eq!(world.count(waiting).await, 1);
    world.deliver().await;
    assert_eq!(world.mails_to(TARO.email).len(), 0, "not before its pause is over");
    world.clock.advance(chrono::Duration::seconds(5));
    let code = world.mailed_code(TARO.email).await;
    assert_eq!(
        browser.post("/sign-in/code", &[("code", &code)]).await.location(),
        "/sign-in/continue"
    );
    let left =
        "select count(*) from outbox where state = 'sent' and text_body = '' and html_body = ''";
    assert_eq!(world.count(left).await, 1, "a sent mail's content does not linger");
}

#[tokio::test]
async fn m2_a_code_that_is_dead_is_never_sent() {
    let world = World::new().await;
    world.give_password(&mut world.browser("klinekenpo"), TARO).await;
    world.clock.advance(chrono::Duration::minutes(10));
    world.deliver().await;
    assert_eq!(world.mails_to(TARO.email).len(), 0);
    assert_eq!(world.count("select count(*) from outbox where state = 'expired'").await, 1);
}

#[tokio::test]
async fn m2_a_mail_taken_by_a_worker_that_died_goes_out_after_its_lease() {
    let world = World::new().await;
    world.give_password(&mut world.browser("klinekenpo"), TARO).await;
    let now = world.clock.now();
    sqlx::query("update outbox set attempts = 1, due_at = $1 + interval '60 seconds'")
        .bind(now)
        .execute(&mut world.database.admin().await)
        .await
        .unwrap();
    world.deliver().await;
    assert_eq!(world.mails_to(TARO.email).len(), 0);
    world.clock.advance(chrono::Duration::seconds(61));
    world.deliver().await;
    assert_eq!(world.mails_to(TARO.email).len(), 1);
}

#[tokio::test]
async fn l2_fifty_right_sign_ins_at_once_are_all_answered_and_twenty_begin() {
    let world = World::new().await;
    // Each counts as a try until its password proves right.
    world.change_policy("klinekenpo", |policy| policy.sign_in.lock_after = 100).await;
    let attempts = (0..50).map(|_| async {
        world.give_password(&mut world.browser("klinekenpo"), TARO).await.status
    });
    let mut answered = 0;
    for status in futures_util::future::join_all(attempts).await {
        let is_accepted = status == StatusCode::SEE_OTHER;
        // The queue has room for all of them, so none is answered with 503.
        assert!(is_accepted || status == StatusCode::TOO_MANY_REQUESTS, "{status}");
        answered += usize::from(is_accepted);
    }
    assert_eq!(answered, 20, "as many as a person may begin at once, and not one more");
    let living = "select count(*) from sessions where ended_at is null";
    assert!(world.count(living).await <= 3, "the newest unfinished ones go on");
    let codes = "select count(*) from outbox where state = 'queued' and kind = 'email_code'";
    assert!(world.count(codes).await <= 3, "each code that waits is of a sign-in that goes on");
    let sessions = world.count("select count(*) from sessions").await;
    assert_eq!(usize::try_from(sessions).unwrap(), answered, "one session an accepted sign-in");
}

#[tokio::test]
async fn what_nobody_expected_is_one_plain_page_with_a_number() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let break_it = "alter table expenses rename to elsewhere";
    sqlx::query(break_it).execute(&mut world.database.admin().await).await.unwrap();
    let page = browser.get("/expenses").await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(page.heading(), "エラーが発生しました");
    assert!(page.shows("お問い合わせ番号") && !page.shows("elsewhere") && !page.shows("expenses"));
    let (_, number) = page.body.split_once("<dd>").unwrap();
    let (number, _) = number.split_once("</dd>").unwrap();
    assert!(number.len() == 8 && !number.contains(['0', 'O', '1', 'I']), "{number}");
    says_nothing_of_the_account(&page);
    assert_eq!(browser.get("/").await.status, StatusCode::OK, "the rest goes on");
}

#[tokio::test]
async fn a_page_that_is_not_there_says_nothing_of_the_account() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let page = browser.get("/nowhere").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    says_nothing_of_the_account(&page);
    assert!(page.body.contains("href=\"/\""), "{}", page.text());
}

/// The error page needs no database, so it can't say whether a person is signed in.
fn says_nothing_of_the_account(page: &Page) {
    for word in ["ログイン", "ログアウト", "テスト"] {
        assert!(!page.shows(word), "{word}: {}", page.text());
    }
}
