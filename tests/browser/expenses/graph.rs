//! 「自己負担額のグラフ」: the bars are as high as the figures beside them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::demo::sample::Sample;
use crate::support::table::{Table, yen};

pub(crate) const GRAPH: &str = "自己負担額のグラフ";
const YEARS: &str = "年別の自己負担額";

/// Returns the visible graphs of each figure, and the parts of the first graph's bars: the label
/// below, the person of its colour, and its height.
const READ: &str = "
    const number = (element, name) => Number(element.getAttribute(name));
    const words = (element) => element?.textContent.trim();
    return [...document.querySelectorAll('figure')].map((figure) => {
        const pictures = [...figure.querySelectorAll('.bars-picture > *')]
            .filter((picture) => picture.checkVisibility());
        const people = new Map([...figure.querySelectorAll('.legend li')].map((person) =>
            [getComputedStyle(person.querySelector('.swatch')).backgroundColor, words(person)]));
        const labels = [...pictures[0].querySelectorAll('text[text-anchor=middle]')];
        const parts = [...pictures[0].querySelectorAll('rect')].map((part) => {
            const middle = number(part, 'x') + number(part, 'width') / 2;
            const below = labels.find((label) => Math.abs(number(label, 'x') - middle) < 2);
            const person = people.get(getComputedStyle(part).fill);
            return [words(below), person, number(part, 'height')];
        });
        return { pictures: pictures.map((picture) => picture.className), parts };
    });";

/// The pixels between a part and the next.
const GAP: i64 = 2;
/// The difference that rounding to pixels may make, and a missing gap at a low part.
const ROUNDING: i64 = 4;

#[derive(Debug, Deserialize)]
struct Picture {
    pictures: Vec<String>,
    parts: Vec<(String, String, i64)>,
}

impl Picture {
    /// Checks that each part is as high as its figure in the table, by one scale, and that there
    /// are no other parts.
    fn assert_shows(&self, table: &Table) {
        let people = &table.head[0][1..table.head[0].len() - 1];
        let mut figures = BTreeMap::new();
        for row in &table.body {
            // On a phone, labels are 3 for 3月, and 2026 for 2026年.
            let below = if self.is_for_phones() {
                row[0].trim_end_matches(['月', '年'])
            } else {
                row[0].as_str()
            };
            // A month without a notice has a place on the axis, but no figures.
            let noticed = row.iter().any(|cell| cell.starts_with('¥'));
            for (person, figure) in people.iter().zip(&row[1..]).filter(|_| noticed) {
                figures.insert((below, person.as_str()), yen(figure));
            }
        }
        let heights: BTreeMap<_, _> = self
            .parts
            .iter()
            .map(|(below, person, height)| ((below.as_str(), person.as_str()), height + GAP))
            .collect();
        assert_eq!(heights.len(), self.parts.len(), "one part each: {self:#?}");
        let highest = *heights.values().max().expect("a bar");
        let most = *figures.values().max().expect("a figure");
        for (whose, figure) in &figures {
            let height = heights.get(whose).copied().unwrap_or_default();
            let off = (height * most - figure * highest).abs();
            assert!(off <= ROUNDING * most, "{whose:?}: {figure} yen are {height} px: {self:#?}");
        }
        for whose in heights.keys() {
            assert!(figures.get(whose).is_some_and(|figure| *figure > 0), "{whose:?}: {table:#?}");
        }
    }

    fn is_for_phones(&self) -> bool {
        self.pictures == ["bars-phone"]
    }
}

/// E8
#[tokio::test]
async fn e8_bars_are_as_high_as_the_figures_beside_them_on_a_phone_and_on_a_desk() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    let sample = Sample::find(&browser, &taro).await;
    let newest = Table::read(&browser).await;
    let title = |year: i32| format!("{year}年の月別の自己負担額");

    browser.goto(&format!("{}expenses", taro.url)).await;
    browser.press(GRAPH).await;
    browser.arrives_at(GRAPH).await;
    browser.press(&format!("{}年", sample.notice.year())).await;
    browser.sees(&title(sample.notice.year())).await;
    let months = Table::captioned(&browser, &title(sample.notice.year())).await;
    let years = Table::captioned(&browser, YEARS).await;
    for (width, picture) in [(390, "bars-phone"), (1280, "bars-desk")] {
        browser.change_width(width).await;
        let pictures: Vec<Picture> = browser.evaluate(READ).await;
        assert_eq!(pictures.len(), 2, "{pictures:#?}");
        for (shown, table) in pictures.iter().zip([&months, &years]) {
            assert_eq!(shown.pictures, [picture], "{width} px");
            shown.assert_shows(table);
        }
    }

    let year = format!("{}年", sample.notice.year());
    let year = years.body.iter().find(|row| row[0] == year).expect("the year's line");
    assert_eq!(year.last().map(|sum| yen(sum)), Some(months.paid()), "the months are the year");
    let month = format!("{}月", sample.notice.month());
    let month = months.body.iter().find(|row| row[0] == month).expect("the month's line");
    assert_eq!(month.last().map(String::as_str), Some("¥3,720"), "as in its statement");
    browser.press(&month[0]).await;
    browser.arrives_at(&format!("{}の医療費明細", sample.notice.japanese())).await;

    browser.goto(&format!("{}expenses/graph", taro.url)).await;
    browser.sees(&title(sample.newest.year())).await;
    let months = Table::captioned(&browser, &title(sample.newest.year())).await;
    let sum = months.body.last().and_then(|row| row.last()).expect("the newest month's sum");
    assert_eq!(yen(sum), newest.paid(), "the newest year is shown first");
    demo.stop();
}

/// E8: on paper a graph is whole, beside its title and above its table.
#[tokio::test]
async fn e8_bars_are_printed_whole_and_larger_letters_hide_no_figure() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    browser.goto(&format!("{}expenses/graph", taro.url)).await;
    for text in [100, 200] {
        browser.change_size(390, text).await;
        let sheets = browser.print().await;
        let tables: Vec<Table> = Table::all(&browser).await;
        assert_eq!(tables.len(), 2);
        for table in &tables {
            let title = format!("\n{}\n", table.caption());
            let sheet = sheets.iter().find(|sheet| sheet.contains(&title)).expect("a sheet");
            for row in table.body.iter().chain(&table.foot) {
                let line = row.join(" ");
                assert!(sheet.contains(&line), "{text}%: {line} is elsewhere: {sheet}");
                // Each month is once below the bars, and once in the table.
                let label = if row[0] == "合計" { continue } else { row[0].as_str() };
                assert!(sheet.matches(label).count() >= 2, "{text}%: {label}: {sheet}");
            }
        }
    }
    demo.stop();
}
