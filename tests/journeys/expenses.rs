//! Reading medical expenses.

use axum::http::StatusCode;

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
