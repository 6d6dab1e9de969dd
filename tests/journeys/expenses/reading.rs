//! Reading medical expenses.

use axum::http::StatusCode;

use crate::support::browser::Page;
use crate::support::people::{GORO, JIRO, TARO};
use crate::support::world::World;

#[tokio::test]
async fn e1_the_tiles_tell_the_latest_month_and_this_year() {
    let world = World::new().await;
    let page = world.sign_in(TARO).await.get("/expenses").await;
    assert_eq!(page.heading(), "医療費情報");
    let text = page.text();
    assert!(text.contains("最新の自己負担総額") && text.contains("1,500"), "{text}");
    assert!(text.contains("今年の自己負担総額") && text.contains("4,500"), "{text}");
    assert!(page.body.contains("/expenses/months/2026-10"));
    assert!(page.body.contains("/expenses/years/2026"));
    assert!(text.contains("すべて見る"));
}

#[tokio::test]
async fn e1_a_household_without_rows_is_told_so() {
    let world = World::new().await;
    let mut browser = world.sign_in(JIRO).await;
    let text = browser.get("/expenses").await.text();
    assert_eq!(text.matches("該当するデータはありません。").count(), 2, "{text}");
    let page = browser.get("/expenses/months/2026-10").await;
    assert!(page.status == StatusCode::OK && page.shows("該当するデータはありません。"));
    assert_eq!(browser.get("/expenses/history").await.status, StatusCode::OK);
}

#[tokio::test]
async fn e2_e3_the_month_of_seed_001() {
    let world = World::new().await;
    let page = world.sign_in(TARO).await.get("/expenses/months/2025-03").await;
    assert_eq!(page.heading(), "2025年3月の医療費明細");
    assert!(page.shows("あなたが支払った額") && page.shows("3,720"));
    let table = page.table();
    let amounts: Vec<Vec<&str>> = table
        .iter()
        .map(|row| row.iter().map(String::as_str).filter(|cell| cell.starts_with('¥')).collect())
        .filter(|row: &Vec<&str>| !row.is_empty())
        .collect();
    assert_eq!(
        amounts,
        [
            ["¥12,960", "¥9,072", "¥3,588", "¥300"],
            ["¥2,760", "¥1,932", "¥828", "¥0"],
            ["¥11,400", "¥7,980", "¥0", "¥3,420"],
            ["¥27,120", "¥18,984", "¥4,416", "¥3,720"],
        ]
    );
    let text = page.text();
    for words in [
        "診療年月",
        "受診者",
        "医療機関",
        "医療費総額",
        "保険者負担額",
        "公費負担額",
        "自己負担額",
        "備考",
        "2025/01",
        "テスト タロウ",
        "テスト ハナコ",
        "サンプルクリニック",
        "通院/1日",
        "調剤/1回",
        "歯科/1日",
        "医療費明細の見方",
        "この通知書は確定申告には使用できません。",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[tokio::test]
async fn e2_the_year_holds_its_months_notices() {
    let world = World::new().await;
    let page = world.sign_in(TARO).await.get("/expenses/years/2026").await;
    assert_eq!(page.heading(), "2026年の医療費明細");
    assert!(page.shows("4,500") && page.shows("みなと歯科") && page.shows("医療機関名なし"));
    assert!(!page.shows("サンプルクリニック"));
}

#[tokio::test]
async fn e2_a_month_says_that_it_is_the_notices_and_of_which_year_its_treatments_are() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let page = taro.get("/expenses/months/2025-03").await;
    assert!(page.shows("2025年3月の医療費明細 2025年診療分 あなたが支払った額"), "{}", page.text());
    assert!(page.shows("2025年3月の医療費通知に記載された医療費です。"), "{}", page.text());
    let page = taro.get("/expenses/years/2025").await;
    assert!(page.shows("2025年1月から12月までの医療費通知に記載された"), "{}", page.text());
    let empty = taro.get("/expenses/months/2025-04").await;
    assert!(!empty.shows("年診療分") && !empty.shows("に記載された"), "{}", empty.text());
}

/// Returns where 「前後の医療費明細」 leads.
fn neighbours(page: &Page) -> Vec<&str> {
    let (_, pager) = page.body.split_once("<nav class=\"pager\"").unwrap_or_default();
    let pager = pager.split("</nav>").next().unwrap_or_default();
    let links = pager.split("href=\"/expenses/").skip(1);
    links.map(|rest| rest.split('"').next().unwrap_or_default()).collect()
}

#[tokio::test]
async fn e2_one_turns_only_to_months_and_years_with_a_notice_that_may_be_seen() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    for (page, expected) in [
        ("months/2025-03", vec!["months/2026-09"]),
        ("months/2026-09", vec!["months/2025-03", "months/2026-10"]),
        ("months/2026-10", vec!["months/2026-09"]),
        ("months/1999-01", vec!["months/2025-03"]),
        // Months without a notice lead back to those that have one.
        ("months/2025-04", vec!["months/2025-03", "months/2026-09"]),
        ("months/2027-01", vec!["months/2026-10"]),
        ("years/2025", vec!["years/2026"]),
        ("years/2026", vec!["years/2025"]),
    ] {
        let shown = taro.get(&format!("/expenses/{page}")).await;
        assert_eq!(neighbours(&shown), expected, "{page}");
    }
    let jiro = world.sign_in(JIRO).await.get("/expenses/months/2026-10").await;
    assert!(neighbours(&jiro).is_empty(), "a household without notices has nowhere to go");
}

#[tokio::test]
async fn e2_a_years_rows_stand_by_month_of_treatment_with_a_sum_each() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let year = taro.get("/expenses/years/2026").await;
    let at =
        |words: &str| year.text().find(words).unwrap_or_else(|| panic!("{words}: {}", year.text()));
    assert!(
        at("2026年7月診療分 ¥3,000") < at("2026/07")
            && at("2026/07") < at("2026年8月診療分 ¥1,500")
    );
    assert_eq!(year.body.matches("href=\"/expenses/years/2026/pdf\"").count(), 2, "at both ends");
    let month = taro.get("/expenses/months/2025-03").await;
    assert!(!month.shows("月診療分"), "a month's rows need no headings: {}", month.text());
    let search = taro.get("/expenses/search").await;
    for group in ["2025年1月診療分 ¥3,720", "2026年7月診療分 ¥3,000", "2026年8月診療分 ¥1,500"]
    {
        assert!(search.shows(group), "{group}: {}", search.text());
    }
}

#[tokio::test]
async fn e4_past_notices_stand_by_fiscal_year() {
    let world = World::new().await;
    let page = world.sign_in(TARO).await.get("/expenses/history").await;
    let text = page.text();
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
    assert!(at("2026年度") < at("2026年10月") && at("2026年10月") < at("2026年9月"));
    assert!(
        at("2026年9月") < at("2024年度") && at("2024年度") < at("2025年3月"),
        "March is of the year before"
    );
}

#[tokio::test]
async fn t15_a_household_sees_its_own_rows_only() {
    let world = World::new().await;
    let taro = world.sign_in(TARO).await.get("/expenses/months/2026-10").await;
    assert!(taro.shows("¥5,000") && !taro.shows("¥777,770"));
    let goro = world.sign_in(GORO).await.get("/expenses/months/2026-10").await;
    assert!(goro.shows("¥777,770") && !goro.shows("¥5,000"));
}

#[tokio::test]
async fn what_is_no_month_and_no_year_is_not_found() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    for path in [
        "/expenses/months/2026-13",
        "/expenses/months/2026-1",
        "/expenses/months/x",
        "/expenses/months/2026-10%00",
        "/expenses/years/26",
        "/expenses/years/99999",
        "/expenses/years/-2026",
        "/nothing",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(page.heading(), "ページが見つかりません", "{path}");
    }
}
