//! What a person sees of their medical data, read by staff with the right and a purpose (A3).

use axum::http::StatusCode;

use super::REFUSED;
use crate::support::browser::{Browser, Page};
use crate::support::people::{self, HANAKO, TARO};
use crate::support::world::World;

const LINES: &str = "select count(*) from audit_events where action = 'medical.view'";
const HIDDEN: &str = "家族への公開を望まない方の医療費は、明細にも合計にも含まれていません。";

async fn look(browser: &mut Browser, code: &str, period: &str) -> Page {
    let path = format!("/people/{code}/medical");
    browser.get(&path).await;
    let given = [
        ("purpose", "inquiry"),
        ("case_no", "A-1"),
        ("reason", "金額の問合せ"),
        ("period", period),
    ];
    browser.post(&path, &given).await
}

#[tokio::test]
async fn a3_medical_data_is_shown_for_a_purpose_as_the_person_sees_it() {
    let world = World::new().await;
    let mut clerk = world.staff_browser("klinekenpo", &["viewer"], &["medical"]).await;
    let page = clerk.get("/people/K1/medical").await;
    assert_eq!((page.status, page.heading()), (StatusCode::OK, "医療情報の閲覧"));
    assert!(page.shows("テスト 太郎") && !page.shows("1,500") && !page.shows("クリニック"));
    assert_eq!(world.count(LINES).await, 0, "nothing was read");

    let months = look(&mut clerk, "K1", "").await;
    assert_eq!((months.status, months.location()), (StatusCode::OK, ""));
    for shown in ["2026年10月", "1,500円", "2026年9月", "3,000円", "2025年3月", "3,720円"]
    {
        assert!(months.shows(shown), "{shown}: {}", months.text());
    }
    let month = look(&mut clerk, "K1", "2025-03").await;
    let year = look(&mut clerk, "K1", "2025").await;
    let own = world.sign_in(TARO).await.get("/expenses/months/2025-03").await;
    let own = own.table();
    assert!(own.ends_with(&month.table()), "row by row: {:?}", month.table());
    assert_eq!((month.table().len(), year.table()), (4, month.table()));
    assert!(month.shows("3,720円") && !month.body.contains("/pdf"), "nothing to take away");

    let noted = |part: &str, months: &str, rows: i64| {
        format!(
            "{LINES} and purpose = 'inquiry' and case_no = 'A-1' and reason = '金額の問合せ'
               and subject_member = 'K1' and subject_login is not null and rows = {rows}
               and detail = '{{\"records\": \"expenses\", \"part\": \"{part}\", \"months\": {months}}}'"
        )
    };
    for (part, months, rows) in [
        ("sums", r#"["2025-03", "2026-10"]"#, 3),
        ("rows", r#"["2025-03", "2025-03"]"#, 3),
        ("rows", r#"["2025-01", "2025-12"]"#, 3),
    ] {
        assert_eq!(world.count(&noted(part, months, rows)).await, 1, "{part} {months}");
    }
    let sessions = "select count(*) from sessions where realm = 'subscriber'";
    assert_eq!(world.count(sessions).await, 1, "Taro's own, and none in his name");
}

#[tokio::test]
async fn a3_without_the_right_nobody_reads_and_the_refusal_is_a_line() {
    let world = World::new().await;
    for role in ["viewer", "editor", "admin", "auditor"] {
        let mut clerk = world.staff_browser("klinekenpo", &[role], &[]).await;
        let page = clerk.get("/people/K1/medical").await;
        assert_eq!((page.status, page.heading()), (StatusCode::FORBIDDEN, REFUSED), "{role}");
        clerk.get("/sign-out").await;
        for reason in ["確認", ""] {
            let given = [("purpose", "audit"), ("reason", reason), ("period", "2026-10")];
            let page = clerk.post("/people/K1/medical", &given).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{role}");
            assert!(!page.shows("1,500") && !page.shows("太郎"), "{role}: {}", page.text());
        }
    }
    assert_eq!(world.count(LINES).await, 0);
    let refused = "select count(*) from audit_events
                   where action = 'authz.denied' and why = 'no_right' and detail ->> 'act' = 'medical.view'";
    assert_eq!(world.count(refused).await, 4 * 3);
}

#[tokio::test]
async fn a3_without_a_purpose_nothing_is_read() {
    let world = World::new().await;
    let mut clerk = world.staff_browser("klinekenpo", &["editor"], &["medical"]).await;
    clerk.get("/people/K1/medical").await;
    let long = "理".repeat(501);
    for (purpose, reason, told) in [
        ("", "確認", "目的を選択してください。"),
        ("curiosity", "確認", "目的を選択してください。"),
        ("audit", "", "理由を入力してください。"),
        ("audit", &long, "理由は500文字以内で入力してください。"),
        ("audit", "a\u{1}", "理由に使えない文字が含まれています。"),
    ] {
        let given = [("purpose", purpose), ("reason", reason), ("period", "2026-10")];
        let page = clerk.post("/people/K1/medical", &given).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{told}");
        assert!(page.shows(told) && page.title().starts_with("エラー: "), "{}", page.text());
        assert!(!page.shows("1,500"), "{}", page.text());
    }
    let page = clerk.get("/people/K1/medical?purpose=audit&reason=x&period=2026-10").await;
    assert!(!page.shows("1,500"), "an address reads nothing");
    assert_eq!(world.count(LINES).await, 0);
    for period in ["2026-13", "x", "20261"] {
        assert_eq!(look(&mut clerk, "K1", period).await.status, StatusCode::NOT_FOUND, "{period}");
    }
    assert_eq!(world.count(LINES).await, 0);
}

/// Case 8, case 26: what a family member hides from the person is hidden from who sees as the person does.
#[tokio::test]
async fn a3_e7_what_hanako_hides_from_taro_is_hidden_on_his_page_and_shown_on_hers() {
    let world = World::new().await;
    world.import_members("klinekenpo", &people::family()).await.unwrap();
    world.register(HANAKO).await;
    let hide = "insert into record_privacy (tenant_id, kind, member_code, since)
                select tenant_id, 'expenses', code, now() from members where code = 'K2'";
    world.execute(hide).await;
    let mut clerk = world.staff_browser("klinekenpo", &["admin"], &["medical"]).await;
    for (code, period, shows, hides) in [
        ("K1", "", "300円", "3,000"),
        ("K1", "2025-03", "サンプルクリニック薬局", "ハナコ"),
        ("K1", "2026-09", "該当するデータはありません。", "みなと歯科"),
        ("K4", "2025", "タロウ", "ハナコ"),
        ("K2", "2026-09", "みなと歯科", "該当するデータはありません。"),
        ("K2", "2025-03", "ハナコ", "該当するデータはありません。"),
        ("K3", "2026-10", "233,331", "タロウ"),
    ] {
        let page = look(&mut clerk, code, period).await;
        assert!(page.shows(shows) && !page.shows(hides), "{code} {period}: {}", page.text());
        assert_eq!(page.shows(HIDDEN), ["K1", "K4"].contains(&code), "{code} {period}");
    }
}

#[tokio::test]
async fn a3_t12_after_losing_eligibility_staff_see_what_the_person_still_sees() {
    let world = World::new().await;
    let mut clerk = world.staff_browser("klinekenpo", &["viewer"], &["medical"]).await;
    world.execute("update members set lost_on = '2026-08-01' where code = 'K1'").await;
    let page = look(&mut clerk, "K1", "").await;
    assert!(page.shows("2026年9月") && !page.shows("2026年10月"), "{}", page.text());
    world.execute("update members set lost_on = '2024-08-01' where code = 'K1'").await;
    let page = look(&mut clerk, "K1", "2025-03").await;
    assert!(page.shows("見られる期間は、2026年7月31日で終わりました。"), "{}", page.text());
    assert!(!page.shows("300") && !page.shows("クリニック"), "{}", page.text());
}

#[tokio::test]
async fn a3_a_look_whose_line_can_not_be_written_shows_nothing() {
    let world = World::new().await;
    let mut clerk = world.staff_browser("klinekenpo", &["viewer"], &["medical"]).await;
    clerk.get("/people/K1/medical").await;
    world.execute("revoke insert on audit_events from kosmo_server").await;
    let given = [("purpose", "audit"), ("reason", "確認"), ("period", "2026-10")];
    let page = clerk.post("/people/K1/medical", &given).await;
    assert!(page.status.is_server_error(), "{}", page.status);
    assert!(!page.shows("1,500") && !page.shows("太郎"), "{}", page.text());
}

/// Case 8: staff who are insured at the union themselves.
#[tokio::test]
async fn case08_nobody_reads_medical_data_of_their_own_household_nor_a_colleagues_alone() {
    let world = World::new().await;
    let mut clerk = world.staff_browser("klinekenpo", &["admin"], &["medical"]).await;
    world.execute("update staff set member_code = 'K2'").await;
    world.hire("klinekenpo", &["viewer"], &[]).await;
    world.execute("update staff set member_code = 'K3' where member_code is null").await;
    clerk.get("/sign-out").await;
    for code in ["K1", "K2", "K3"] {
        let path = format!("/people/{code}/medical");
        let page = clerk.clone().get(&path).await;
        assert_eq!((page.status, page.heading()), (StatusCode::FORBIDDEN, REFUSED), "{code}");
        let given = [("purpose", "own_request"), ("reason", "確認"), ("period", "2026-10")];
        let page = clerk.post(&path, &given).await;
        assert_eq!((page.status, page.heading()), (StatusCode::FORBIDDEN, REFUSED), "{code}");
        assert!(!page.shows("1,500") && !page.shows("233,331"), "{code}: {}", page.text());
    }
    assert_eq!(world.count(LINES).await, 0);
    let own =
        "select count(*) from audit_events where action = 'authz.denied' and why = 'own_data'";
    assert_eq!(world.count(own).await, 4);
}
