//! Expenses that a person hides from the family are hidden everywhere, and each page says so (E7).

use crate::expenses::deduction::{CSV, NOTICE, XML};
use crate::expenses::reading::PDF;
use crate::support::browser::Browser;
use crate::support::demo::sample::{SUMS, Sample};
use crate::support::demo::{Demo, Person};
use crate::support::table::{Table, lines, yen};
use crate::support::walk::Walk;

pub(crate) const SETTINGS: &str = "家族への公開・お知らせメールの設定";
const HIDDEN: &str = "家族への公開を望まない方の医療費は、明細にも合計にも含まれていません。";
const HANAKO: &str = "テスト ハナコ";

/// Chooses on the settings page, as the person whose expenses they are.
async fn choose(browser: &Browser, person: &Person, choice: &str, told: &str) {
    browser.goto(&format!("{}expenses", person.url)).await;
    browser.press(SETTINGS).await;
    browser.arrives_at(SETTINGS).await;
    browser.choose(choice).await;
    browser.press("変更").await;
    browser.sees("変更しました。").await;
    browser.sees(told).await;
}

/// Returns the pages that show the household's expenses, or sums of them.
fn pages(person: &Person, sample: Sample) -> Vec<(&'static str, String)> {
    let Sample { notice, treated, .. } = sample;
    let paths = [
        ("overview", String::new()),
        ("month", format!("/months/{notice}")),
        ("year", format!("/years/{}", notice.year())),
        ("history", "/history".to_owned()),
        ("search", format!("/search?from={treated}&to={treated}")),
        ("graph", format!("/graph?year={}", notice.year())),
        ("deduction-xml", format!("/deduction/xml?year={}", treated.year())),
        ("deduction-csv", format!("/deduction/csv?year={}", treated.year())),
        ("deduction-pdf", format!("/deduction/pdf?year={}", treated.year())),
    ];
    paths.map(|(name, path)| (name, format!("{}expenses{path}", person.url))).into()
}

/// Returns true if the page names Hanako, even in a folded list, and true if it says that a person
/// is left out.
async fn told(browser: &Browser, url: &str) -> (bool, bool) {
    browser.goto(url).await;
    let page = browser.driver.source().await.expect("a page");
    (page.contains(HANAKO), page.contains(HIDDEN))
}

/// E7
#[tokio::test]
async fn e7_what_hanako_keeps_private_is_in_nothing_that_taro_reads_or_saves() {
    let mut demo = Demo::start();
    let (browser, other) = (Browser::open().await, Browser::open().await);
    let (taro, hanako) = (demo.person("taro_demo"), demo.person("hanako_demo"));
    browser.sign_in(&mut demo, &taro).await;
    other.sign_in(&mut demo, &hanako).await;
    let sample = Sample::find(&browser, &taro).await;
    let pages = pages(&taro, sample);
    for (name, url) in &pages {
        let names_her = *name != "overview";
        assert_eq!(told(&browser, url).await, (names_her, false), "{name}: the seeds' default");
    }
    let code = "return [...document.querySelectorAll('#patient option')]
                    .find((person) => person.textContent === 'テスト ハナコ').value;";
    browser.goto(&format!("{}expenses/search", taro.url)).await;
    let code: String = browser.evaluate(code).await;

    let kept = "ご自身の医療費は、家族に公開されていません。";
    choose(&other, &hanako, "家族に公開しない", kept).await;
    let walk = Walk::new(&browser);
    for (name, url) in &pages {
        assert_eq!(told(&browser, url).await, (false, true), "{name}");
        walk.look(&format!("hidden-{name}")).await;
    }
    browser.goto(&format!("{}expenses/search?patient={code}", taro.url)).await;
    browser.arrives_at("ページが見つかりません").await;

    let month = format!("{}expenses/months/{}", taro.url, sample.notice);
    browser.goto(&month).await;
    let table = Table::read(&browser).await;
    assert_eq!(lines(&table.body), sample.lines()[..2]);
    table.assert_adds_up();
    assert_eq!(table.paid(), 300);
    let words = browser.download(PDF).await.words();
    assert!(words.contains(HIDDEN) && !words.contains(HANAKO), "{words}");
    for kind in [XML, CSV, NOTICE] {
        let table = kind.show(&browser, &taro, sample.treated.year()).await;
        assert_eq!(table.paid(), table.body.iter().map(|row| yen(&row[3])).sum::<i64>());
        let words = browser.download(kind.save).await.words();
        assert!(words.contains("テスト タロウ") && !words.contains(HANAKO), "{words}");
        assert!(words.contains(HIDDEN) || kind.save != NOTICE.save, "paper says so: {words}");
    }

    assert_eq!(told(&other, &month).await, (true, false), "Hanako herself reads all of it");
    assert_eq!(lines(&Table::read(&other).await.body), sample.lines());
    let shared = "ご自身の医療費は、家族に公開されています。";
    choose(&other, &hanako, "家族に公開する", shared).await;
    assert_eq!(told(&browser, &month).await, (true, false), "and back again");
    assert_eq!(lines(&Table::read(&browser).await.foot), [SUMS]);
    demo.stop();
}
