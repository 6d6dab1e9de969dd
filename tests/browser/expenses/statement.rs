//! A statement on a phone: each row is a card, but the table is still a table for a screen reader.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::demo::sample::Sample;
use crate::support::layout::{UNUSUAL, USUAL};

/// Returns the distance of buttons and headings from the top.
const TOPS: &str = "
    const top = (element) => element.getBoundingClientRect().top + scrollY;
    return { files: [...document.querySelectorAll('.save a')].map(top),
             groups: [...document.querySelectorAll('.group th')].map((group) => group.innerText) };";

#[derive(Debug, serde::Deserialize)]
struct Tops {
    files: Vec<f64>,
    groups: Vec<String>,
}

impl Browser {
    /// Returns how many elements of each table role a screen reader is told of.
    async fn told_of_tables(&self) -> BTreeMap<String, usize> {
        let tree = self.devtools("Accessibility.getFullAXTree", json!({})).await;
        let nodes = tree["nodes"].as_array().expect("nodes");
        let told = nodes.iter().filter(|node| node["ignored"] == json!(false));
        let mut roles = BTreeMap::new();
        for role in told.filter_map(|node| node["role"]["value"].as_str()) {
            let of_tables =
                ["table", "row", "cell", "gridcell", "columnheader", "rowheader", "caption"];
            if of_tables.contains(&role.to_lowercase().as_str()) {
                *roles.entry(role.to_lowercase()).or_default() += 1;
            }
        }
        roles
    }
}

/// E3, WCAG 1.3.1.
#[tokio::test]
async fn e3_rows_that_are_cards_on_a_phone_are_told_as_the_table_that_they_are() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    let sample = Sample::find(&browser, &taro).await;
    for (page, rows, columns) in [
        (format!("months/{}", sample.notice), Some(2 + 3 + 1), 8),
        (format!("years/{}", sample.newest.year()), None, 8),
        ("graph".to_owned(), None, 4),
        (format!("deduction/csv?year={}", sample.treated.year()), None, 4),
    ] {
        browser.goto(&format!("{}expenses/{page}", taro.url)).await;
        browser.change_size(1280, 100).await;
        let desk = browser.told_of_tables().await;
        assert!(desk["table"] >= 1 && desk["columnheader"] >= columns, "{page}: {desk:?}");
        assert!(rows.is_none_or(|rows| desk["row"] == rows), "{page}: {desk:?}");
        for (width, text) in [(390, 100), (390, 200), (800, 100)] {
            browser.change_size(width, text).await;
            let display: String = browser
                .evaluate("return getComputedStyle(document.querySelector('.table-box tbody tr')).display;")
                .await;
            assert_eq!(display, "flex", "{page} at {width} px has cards");
            assert_eq!(browser.told_of_tables().await, desk, "{page} at {width} px");
        }
    }
    demo.stop();
}

/// E2: a year is long, so its file is offered at the top too, and its rows are grouped by month.
#[tokio::test]
async fn e2_the_file_of_a_long_year_is_at_its_top_and_the_rows_stand_by_month() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    let year = Sample::find(&browser, &taro).await.newest.year();
    for page in [format!("years/{year}"), "search".to_owned()] {
        browser.goto(&format!("{}expenses/{page}", taro.url)).await;
        browser.change_size(390, 100).await;
        let Tops { files, groups } = browser.evaluate(TOPS).await;
        assert!(files.len() == 2 && files[0] < 1000.0 && files[0] < files[1], "{page}: {files:?}");
        assert!(
            groups.len() > 2 && groups.iter().all(|group| group.ends_with("月診療分")),
            "{groups:?}"
        );
    }
    demo.stop();
}

/// Sets the longest names and the largest amounts.
const LONG: [&str; 3] = [
    "update members set kana = 'アレクサンドラマリア　ヴィクトリアエリザベート'",
    "update expenses set total_yen = 12345678, insurer_yen = 8641974, public_yen = 1000001,
                         out_of_pocket_yen = 2703703,
                         institution = '独立行政法人国立病院機構サンプル医療センター附属診療所',
                         remarks = '高額療養費として健康保険組合から支給した額を含みます'",
    // This is the amount of a gene therapy.
    "update expenses set total_yen = 167077770, insurer_yen = 164155693, public_yen = 1000000,
                         out_of_pocket_yen = 1922077
     where claim_number = (select max(claim_number) from expenses)",
];

/// E2, E3, E4, E8, D2
#[tokio::test]
async fn e3_long_names_and_large_amounts_stay_in_their_boxes_at_any_size() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    let sample = Sample::find(&browser, &taro).await;
    for update in LONG {
        sqlx::query(update).execute(&mut demo.database().await).await.expect(update);
    }
    let year = sample.treated.year();
    for page in [
        String::new(),
        format!("/months/{}", sample.notice),
        format!("/years/{year}"),
        "/search".to_owned(),
        "/history".to_owned(),
        "/graph".to_owned(),
        format!("/deduction/csv?year={year}"),
    ] {
        browser.goto(&format!("{}expenses{page}", taro.url)).await;
        for size in USUAL.into_iter().chain(UNUSUAL).chain([(1024, 100), (800, 100), (1280, 150)]) {
            browser.assert_fits(&page, size).await;
        }
    }
    demo.stop();
}
