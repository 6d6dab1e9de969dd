//! After losing eligibility (T12), and during maintenance (T13).

use axum::http::StatusCode;
use chrono::{Duration, NaiveDate};
use kosmo::auth::housekeeping::tidy;

use crate::operator::said;
use crate::support::people::{self, EXPENSE_HEADINGS, GORO, HANAKO, TARO, file};
use crate::support::world::{World, tester};

impl World {
    async fn lose(&self, member: &str, day: &str) {
        self.execute(&format!("update members set lost_on = '{day}' where code = '{member}'"))
            .await;
    }
}

#[tokio::test]
async fn t12_a_person_who_lost_eligibility_sees_the_months_before_and_until_when() {
    let world = World::new().await;
    world.lose("K1", "2026-08-01").await;
    let mut browser = world.sign_in(TARO).await;
    let page = browser.get("/").await;
    assert!(page.shows("2026年8月1日に資格を喪失されています。"), "{}", page.text());
    assert!(page.shows("2028年7月31日まで確認できます。"));
    // Treatment in July, the last month, is shown; treatment in August is not.
    let history = browser.get("/expenses/history").await;
    assert!(history.shows("2026年9月") && !history.shows("2026年10月"), "{}", history.text());
    let month = browser.get("/expenses/months/2026-10").await;
    assert!(!month.shows("1,500"), "{}", month.text());
    let year = browser.get("/expenses/years/2026").await;
    assert!(year.shows("3,000") && !year.shows("1,500"), "{}", year.text());
    let mut goro = world.sign_in(GORO).await;
    assert!(!goro.get("/").await.shows("資格を喪失"), "his own household's alone");
}

#[tokio::test]
async fn t12_a_dependent_who_lost_it_alone_reads_their_own_and_nobody_elses() {
    let world = World::new().await;
    world.import_members("klinekenpo", &people::family()).await.unwrap();
    world.register(HANAKO).await;
    world.lose("K2", "2026-08-01").await;
    let row = "N1,K2,2026-11,2026-08,あとの歯科,歯科,1,1000,700,0,310,";
    world.import_expenses("klinekenpo", &file(EXPENSE_HEADINGS, &[row])).await.unwrap();
    let mut hanako = world.sign_in(HANAKO).await;
    for (path, own) in [
        ("/expenses", "3,000円"),
        ("/expenses/history", "2025年3月"),
        ("/expenses/months/2025-03", "3,420円"),
        ("/expenses/months/2026-09", "みなと歯科"),
        ("/expenses/search", "6,420円"),
        ("/expenses/graph", "¥3,000"),
    ] {
        let page = hanako.get(path).await;
        assert!(page.shows(own), "{path}, {own}: {}", page.text());
        for other in ["タロウ", "薬局", "12,960", "1,500", "あとの歯科"] {
            assert!(!page.shows(other), "{path} shows {other}: {}", page.text());
        }
    }
    // The family still reads her expenses.
    let mut taro = world.sign_in(TARO).await;
    assert!(taro.get("/expenses/months/2025-03").await.shows("3,720円"));
    assert!(taro.get("/expenses/months/2026-09").await.shows("みなと歯科"));
}

#[tokio::test]
async fn t12_e7_the_insured_who_lost_it_reads_of_dependents_what_these_share() {
    let world = World::new().await;
    world.import_members("klinekenpo", &people::family()).await.unwrap();
    let private = "insert into record_privacy (tenant_id, kind, member_code, since)
                   select tenant_id, 'expenses', code, now() from members where code = 'K4'";
    let rows = [
        "N1,K4,2026-11,2026-07,ひみつ病院,通院,1,1000,700,0,310,",
        "N2,K5,2026-11,2026-07,こども病院,通院,1,1000,700,0,320,",
    ];
    world.import_expenses("klinekenpo", &file(EXPENSE_HEADINGS, &rows)).await.unwrap();
    world.execute(private).await;
    for member in ["K1", "K2", "K4", "K5"] {
        world.lose(member, "2026-08-01").await;
    }
    let page = world.sign_in(TARO).await.get("/expenses/months/2026-11").await;
    assert!(page.shows("こども病院") && page.shows("320円"), "{}", page.text());
    assert!(!page.shows("ひみつ病院"), "{}", page.text());
    assert!(page.shows("家族への公開を望まない方の医療費は"), "{}", page.text());
}

#[tokio::test]
async fn t12_after_two_years_a_page_says_that_it_is_over_and_the_worker_closes_the_account() {
    let world = World::new().await;
    world.lose("K1", "2024-11-22").await;
    let mut browser = world.sign_in(TARO).await;
    world.clock.advance(Duration::hours(14));
    assert_eq!(
        browser.get("/expenses").await.status,
        StatusCode::UNAUTHORIZED,
        "midnight in Japan"
    );
    let page = world.give_password(&mut world.browser("klinekenpo"), TARO).await;
    assert_eq!(page.heading(), "ご利用期間が終了しました");
    assert!(page.shows("2024年11月22日") && page.shows("2026年11月21日"), "{}", page.text());
    let wrong = crate::support::people::Person { password: "chigau-2026", ..TARO };
    let page = world.give_password(&mut world.browser("klinekenpo"), wrong).await;
    assert_eq!(page.heading(), "ログイン", "nobody else learns it");

    let tenant = world.union("klinekenpo");
    let close = async || {
        let mut tx = world.worker.tenant(tenant.id, &tester()).await.unwrap();
        let closed = tidy(&mut tx, &world.clock, &tenant.config).await.unwrap();
        tx.commit().await.unwrap();
        closed
    };
    assert_eq!((close().await, close().await), (1, 0));
    let closed = "select count(*) from logins where closed_at is not null";
    assert_eq!(world.count(closed).await, 1);
    world.lose("K1", "2026-11-01").await;
    assert_eq!(close().await, 0);
    assert_eq!(world.count(closed).await, 0, "whoever comes back is let in");
    world.sign_in(TARO).await;
}

#[tokio::test]
async fn t13_maintenance_is_told_three_days_ahead_and_answers_503_with_the_time_it_ends() {
    let world = World::new().await;
    world
        .change_policy("klinekenpo", |policy| {
            policy.maintenance = Some(kosmo::tenant::policy::Maintenance {
                rule: "FREQ=MONTHLY;BYDAY=3TH".to_owned(),
                from: "19:00".to_owned(),
                until: "22:00".to_owned(),
            });
        })
        .await;
    let told = "12月17日（木）19:00〜22:00は、メンテナンスのためご利用いただけません。";
    let mut browser = world.browser("klinekenpo");
    assert!(!browser.get("/sign-in").await.shows("メンテナンス"));
    let at = |day, hour| {
        NaiveDate::from_ymd_opt(2026, 12, day).unwrap().and_hms_opt(hour, 0, 0).unwrap().and_utc()
    };
    world.clock.advance(at(14, 10) - world.clock.now());
    for path in ["/sign-in", "/"] {
        assert!(browser.get(path).await.shows(told), "{path}");
    }
    world.clock.advance(at(17, 11) - world.clock.now());
    for path in ["/", "/sign-in", "/expenses"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(page.headers["retry-after"], "7200");
        assert!(page.shows("2026年12月17日 22:00に再開する予定です。"), "{}", page.text());
    }
    let post = browser.post("/sign-in", &[("user_id", "x"), ("password", "x")]).await;
    assert_eq!(post.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(browser.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(browser.get("/readyz").await.status, StatusCode::OK);
    assert_eq!(world.browser("jomkenpo").get("/sign-in").await.status, StatusCode::OK);
    world.clock.advance(Duration::hours(2));
    assert_eq!(browser.get("/sign-in").await.status, StatusCode::OK);
}

#[tokio::test]
async fn t13_the_platforms_own_maintenance_is_planned_and_cancelled_by_command() {
    let world = World::new().await;
    let plan =
        |from, until| world.kosmo(&["maintenance", "plan", "--from", from, "--until", until]);
    for (from, until) in [
        ("2099-01-02T00:00", "2099-01-01T00:00"),
        ("2020-01-01T00:00", "2020-01-02T00:00"),
        ("tomorrow", "2099-01-01T00:00"),
    ] {
        assert!(!plan(from, until).status.success(), "{from}");
    }
    let output = plan("2099-01-01T22:00", "2099-01-02T05:30");
    let text = said(&output);
    assert!(text.contains("1月1日（木）22:00〜1月2日（金）05:30"), "{text}");
    let id = text.split_whitespace().next().unwrap();
    assert!(said(&world.kosmo(&["maintenance", "list"])).contains(id));
    world.app.directory.refresh(&world.app.db).await.unwrap();
    let during = "2099-01-01T14:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    world.clock.advance(during - world.clock.now());
    for union in ["klinekenpo", "jomkenpo"] {
        let page = world.browser(union).get("/sign-in").await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{union}");
    }
    assert!(world.kosmo(&["maintenance", "cancel", id]).status.success());
    assert!(!world.kosmo(&["maintenance", "cancel", id]).status.success(), "twice");
    world.app.directory.refresh(&world.app.db).await.unwrap();
    assert_eq!(world.browser("jomkenpo").get("/sign-in").await.status, StatusCode::OK);
    assert!(said(&world.kosmo(&["maintenance", "list"])).contains("予定はありません"));
}
