//! Filtering rows (E5), and viewing them as a graph (E8).

use axum::http::StatusCode;

use crate::support::browser::Page;
use crate::support::people::{GORO, JIRO, TARO};
use crate::support::world::World;

/// The rows of Taro's household: month of treatment, person, amount paid.
const ROWS: [&str; 5] = [
    "2025/01 テスト タロウ ¥300",
    "2025/01 テスト タロウ ¥0",
    "2025/01 テスト ハナコ ¥3,420",
    "2026/07 テスト ハナコ ¥3,000",
    "2026/08 テスト タロウ ¥1,500",
];
/// The colours of Taro's bars and of Hanako's.
const HIS: &str = "#0961CA";
const HERS: &str = "#E66010";

/// Returns the rows of a statement, in the form of [`ROWS`].
fn rows(page: &Page) -> Vec<String> {
    let table = page.table();
    let rows = table.iter().filter(|row| row.len() == 8 && row[3].starts_with('¥'));
    rows.map(|row| format!("{} {} {}", row[0], row[1], row[6])).collect()
}

/// Returns the amounts in a page's tables, row by row.
fn amounts(page: &Page) -> Vec<Vec<String>> {
    let yen = |row: Vec<String>| -> Vec<String> {
        row.into_iter().filter(|cell| cell.starts_with('¥')).collect()
    };
    page.table().into_iter().map(yen).filter(|row| !row.is_empty()).collect()
}

/// Returns the values that a list offers.
pub(crate) fn options(page: &Page, name: &str) -> Vec<String> {
    let list = format!("name=\"{name}\"");
    let (_, rest) = page.body.split_once(&list).unwrap_or_else(|| panic!("{name}: {}", page.body));
    let (list, _) = rest.split_once("</select>").expect("its end");
    let values = list.split("value=\"").skip(1);
    values.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
}

/// Returns the graphs of a page as SVG.
fn pictures(page: &Page) -> Vec<&str> {
    let pictures = page.body.split("<svg ").filter_map(|rest| rest.split_once("</svg>"));
    pictures.map(|(picture, _)| picture).filter(|picture| picture.contains("viewBox")).collect()
}

/// Returns the heights of a graph's bars in one colour.
fn heights(picture: &str, colour: &str) -> Vec<i32> {
    let fill = format!("fill=\"{colour}\"");
    let bars = picture.split("<rect ").skip(1).filter_map(|rest| rest.split_once('>'));
    bars.filter(|(attributes, _)| attributes.contains(&fill))
        .map(|(attributes, _)| {
            let (_, rest) = attributes.split_once("height=\"").expect("a height");
            rest.split('"').next().expect("its end").parse().expect("a number")
        })
        .collect()
}

#[tokio::test]
async fn e5_months_of_treatment_and_people_narrow_down_with_both_ends_included() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let cases: [(&str, &[usize], &str, &str); 8] = [
        ("", &[0, 1, 2, 3, 4], "8,220円", "診療年月：指定なし 受診者：全員"),
        ("?from=&to=&patient=", &[0, 1, 2, 3, 4], "8,220円", "指定なし 受診者：全員"),
        ("?from=2026-07", &[3, 4], "4,500円", "2026年7月から 受診者：全員"),
        ("?to=2026-07", &[0, 1, 2, 3], "6,720円", "2026年7月まで 受診者：全員"),
        ("?from=2026-07&to=2026-08", &[3, 4], "4,500円", "2026年7月から2026年8月まで"),
        ("?from=2025-01&to=2025-01", &[0, 1, 2], "3,720円", "診療年月：2025年1月 受診者"),
        ("?patient=K2", &[2, 3], "6,420円", "受診者：テスト ハナコ"),
        ("?from=2025-02&to=2026-08&patient=K1", &[4], "1,500円", "受診者：テスト タロウ"),
    ];
    for (query, expected, paid, words) in cases {
        let page = taro.get(&format!("/expenses/search{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        let expected: Vec<&str> = expected.iter().map(|place| ROWS[*place]).collect();
        assert_eq!(rows(&page), expected, "{query}");
        assert!(page.shows(paid) && page.shows(words), "{query}: {}", page.text());
    }
}

#[tokio::test]
async fn e5_the_lists_offer_the_months_and_people_there_are() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    for path in ["/expenses/history", "/expenses/search?from=2026-07"] {
        let page = taro.get(path).await;
        assert!(page.body.contains("action=\"/expenses/search\""), "{path}");
        for name in ["from", "to"] {
            assert_eq!(options(&page, name), ["", "2026-08", "2026-07", "2025-01"], "{path}");
        }
        assert_eq!(options(&page, "patient"), ["", "K1", "K2"], "{path}");
    }
    assert!(taro.get("/expenses/history").await.shows("診療年月・受診者で絞り込む"));
}

#[tokio::test]
async fn e5_what_can_not_be_is_told_at_its_field_and_what_was_chosen_stays() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let backwards =
        "終わりの診療年月には、始まりの診療年月か、それより後の年月を選択してください。";
    let no_month = "診療年月を一覧から選択してください。";
    for (query, field, message, kept) in [
        ("from=2026-08&to=2025-01&patient=K2", "to", backwards, vec!["2026-08", "2025-01", "K2"]),
        ("from=2026-13&to=2025-01", "from", no_month, vec!["2025-01"]),
        ("from=2026-08&to=x&patient=K1", "to", no_month, vec!["2026-08", "K1"]),
        ("from=%27%3B+drop+table", "from", no_month, vec![]),
        ("to=2026-08%00", "to", no_month, vec![]),
    ] {
        let page = taro.get(&format!("/expenses/search?{query}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(page.title().starts_with("エラー: "), "{}", page.title());
        assert_eq!(page.text().matches(message).count(), 2, "{query}: {}", page.text());
        assert!(page.body.contains(&format!("href=\"#{field}\"")), "{query}");
        for value in kept {
            let chosen = format!("<option value=\"{value}\" selected>");
            assert!(page.body.contains(&chosen), "{query}, {value}: {}", page.body);
        }
        assert!(rows(&page).is_empty(), "{query}");
        let file = taro.get(&format!("/expenses/search/pdf?{query}")).await;
        assert_eq!(file.status, StatusCode::NOT_FOUND, "{query}");
    }
}

#[tokio::test]
async fn e5_t15_nobody_looks_for_somebody_of_another_household() {
    let world = World::new().await;
    for (person, strangers) in [
        // In turn: a person of another household, nobody, a person of another union, and wrong
        // spellings.
        (TARO, vec!["K3", "K9", "J1", "k2", "K2%00", "%27"]),
        (GORO, vec!["K1", "K2"]),
        (JIRO, vec!["J2", "K1"]),
    ] {
        let mut browser = world.sign_in(person).await;
        for patient in strangers {
            for page in ["search", "search/pdf"] {
                let path = format!("/expenses/{page}?patient={patient}");
                let page = browser.get(&path).await;
                assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
                assert_eq!(page.heading(), "ページが見つかりません", "{path}");
            }
        }
    }
}

#[tokio::test]
async fn e5_where_nothing_is_found_the_page_says_so_and_there_is_no_file() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let page = taro.get("/expenses/search?from=2025-02&to=2025-12").await;
    assert!(page.shows("該当するデータはありません。") && page.shows("0円"), "{}", page.text());
    assert!(rows(&page).is_empty() && !page.body.contains("/expenses/search/pdf"));
    assert!(page.body.contains("<option value=\"2025-02\" selected>"), "though there is none");
    let file = taro.get("/expenses/search/pdf?from=2025-02&to=2025-12").await;
    assert_eq!(file.location(), "/expenses/search?from=2025-02&to=2025-12");
}

#[tokio::test]
async fn e5_e6_what_was_found_can_be_printed() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let query = "from=2025-01&to=2025-01&patient=K2";
    let path = format!("/expenses/search/pdf?{query}");
    let page = taro.get(&format!("/expenses/search?{query}")).await;
    assert!(page.body.contains(&path.replace('&', "&amp;")), "{}", page.body);
    let file = world.save(&taro, &path).await;
    assert_eq!([file.name.as_str(), &file.plain], ["医療費明細_2025年1月.pdf", "expenses.pdf"]);
    let words = file.words();
    for expected in [
        "医療費明細（診療年月：2025年1月受診者：テストハナコ）",
        "川崎汽船健康保険組合",
        "2025/01テストハナコ¥11,400¥7,980¥0¥3,420歯科/1日",
        "合計¥11,400¥7,980¥0¥3,420",
        "この通知書は確定申告には使用できません。",
    ] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
    assert!(!words.contains("12,960"), "{words}");
}

#[tokio::test]
async fn e8_the_bars_and_the_tables_beside_them_tell_the_same() {
    let world = World::new().await;
    let page = world.sign_in(TARO).await.get("/expenses/graph").await;
    assert_eq!(page.heading(), "自己負担額のグラフ");
    for title in ["2026年の月別の自己負担額", "年別の自己負担額"] {
        assert!(page.shows(title), "{title}: {}", page.text());
    }
    // Each line has Taro's part, Hanako's, and both; then come the sums.
    assert_eq!(
        amounts(&page),
        [
            ["¥0", "¥3,000", "¥3,000"],
            ["¥1,500", "¥0", "¥1,500"],
            ["¥1,500", "¥3,000", "¥4,500"],
            ["¥300", "¥3,420", "¥3,720"],
            ["¥1,500", "¥3,000", "¥4,500"],
            ["¥1,800", "¥6,420", "¥8,220"],
        ]
    );
    // Graphs of months and of years, each for a wide page and for a phone.
    let pictures = pictures(&page);
    assert_eq!(pictures.len(), 4, "{}", page.body);
    for (picture, bars) in pictures.iter().zip([1, 1, 2, 2]) {
        let (his, hers) = (heights(picture, HIS), heights(picture, HERS));
        assert_eq!((his.len(), hers.len()), (bars, bars), "{picture}");
        // In the newest year she paid twice as much as he did. A bar is slightly lower than its
        // value, because of its gap.
        let (his, hers) = (his[bars - 1], hers[bars - 1]);
        assert!((hers - 2 * his).abs() <= 6 && his > 20, "{his} and {hers}: {picture}");
    }
    assert_eq!(page.body.matches("role=\"img\"").count(), 2, "each is named, and told as a table");
    for path in ["/expenses/months/2026-09", "/expenses/months/2026-10", "/expenses/years/2025"] {
        assert!(page.body.contains(&format!("href=\"{path}\"")), "{path}");
    }
}

#[tokio::test]
async fn e8_each_year_can_be_looked_at_and_one_without_rows_says_so() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let page = taro.get("/expenses/graph?year=2025").await;
    assert!(page.shows("2025年の月別の自己負担額"));
    assert_eq!(amounts(&page)[0], ["¥300", "¥3,420", "¥3,720"]);
    for year in ["2025", "2026"] {
        assert!(page.body.contains(&format!("href=\"/expenses/graph?year={year}\"")), "{year}");
    }
    let page = taro.get("/expenses/graph?year=2024").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.shows("2024年の月別の自己負担額 該当するデータはありません。"), "{}", page.text());
    assert_eq!(pictures(&page).len(), 2, "the years stay");
    for year in ["20", "x", "99999", "0000", "-2025", "2025-01"] {
        let page = taro.get(&format!("/expenses/graph?year={year}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{year}");
    }
    let nothing = world.sign_in(JIRO).await.get("/expenses/graph").await;
    assert!(nothing.shows("該当するデータはありません。") && pictures(&nothing).is_empty());
}

#[tokio::test]
async fn e5_e8_a_name_is_never_markup() {
    let world = World::new().await;
    world.execute("update members set kana = '<i>&\"' where code = 'K2'").await;
    let mut taro = world.sign_in(TARO).await;
    for path in [
        "/expenses/graph",
        "/expenses/history",
        "/expenses/search?patient=K2",
        "/expenses/months/2025-03",
        "/expenses/deduction/csv?year=2025",
    ] {
        let page = taro.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.contains("&lt;i&gt;&amp;&quot;"), "{path}: {}", page.body);
        assert!(!page.body.contains("<i>"), "{path}");
    }
}
