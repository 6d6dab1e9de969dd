//! Seed 001's own example: the expenses of Taro's household, in the month to which the demo has
//! moved them.

use kosmo::base::month::Month;
use thirtyfour::By;

use crate::support::browser::Browser;
use crate::support::demo::Person;

/// The newest notice in the demo's files, and the example's notice. A demo that starts later moves
/// all of them.
const NEWEST: (i32, u32) = (2026, 10);
const EXAMPLE: (i32, u32) = (2025, 3);

/// The rows without their 「診療年月」, and their sums.
const ROWS: [&str; 3] = [
    "テスト タロウ|サンプルクリニック 通院/1日|¥12,960|¥9,072|¥3,588|¥300|",
    "テスト タロウ|サンプルクリニック薬局 調剤/1回|¥2,760|¥1,932|¥828|¥0|",
    "テスト ハナコ|サンプルクリニック 歯科/1日|¥11,400|¥7,980|¥0|¥3,420|",
];
pub(crate) const SUMS: &str = "合計|¥27,120|¥18,984|¥4,416|¥3,720|";

/// The months of the example.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Its month of notice.
    pub(crate) notice: Month,
    /// Its month of treatment.
    pub(crate) treated: Month,
    /// The newest month of notice of all.
    pub(crate) newest: Month,
}

impl Sample {
    /// Finds it from the page of the newest month, as anybody in the household sees it.
    pub(crate) async fn beside(browser: &Browser) -> Self {
        let heading = browser.driver.find(By::Tag("h1")).await.expect("a heading");
        let heading = heading.text().await.expect("its text");
        let newest = heading.strip_suffix("月の医療費明細").map(|month| month.replace('年', "-"));
        let newest = newest.and_then(|month| Month::parse(&month));
        let newest = newest.unwrap_or_else(|| panic!("no month: {heading}"));
        let month = |(year, month)| Month::new(year, month).expect("a month");
        let notice = month(EXAMPLE).plus(newest.since(month(NEWEST)));
        Self { notice, treated: notice.plus(-2), newest }
    }

    /// Finds it as the person who is signed in.
    pub(crate) async fn find(browser: &Browser, person: &Person) -> Self {
        browser.goto(&format!("{}expenses", person.url)).await;
        browser.press("最新の自己負担総額").await;
        browser.sees("あなたが支払った額").await;
        Self::beside(browser).await
    }

    /// Returns the rows as a statement shows them.
    pub(crate) fn lines(self) -> [String; 3] {
        ROWS.map(|row| format!("{}|{row}", self.treated.slashed()))
    }
}
