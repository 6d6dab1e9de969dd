//! Reading one's medical expenses.

use kosmo::base::month::Month;
use serde::Deserialize;
use thirtyfour::By;

use crate::browser::Browser;
use crate::demo::Demo;

/// The newest notice of the demo's files; a demo started later moves all of them.
const NEWEST: (i32, u32) = (2026, 10);

/// A table as it is read, row by row.
#[derive(Debug, Deserialize)]
struct Table {
    head: Vec<Vec<String>>,
    body: Vec<Vec<String>>,
    foot: Vec<Vec<String>>,
}

impl Table {
    /// The one table that is open to see.
    async fn read(browser: &Browser) -> Self {
        let read = "const cells = (part) => [...part.rows].map(
                        (row) => [...row.cells].map((cell) => cell.innerText.trim()));
                    const table = [...document.querySelectorAll('table')]
                        .find((table) => table.checkVisibility());
                    return { head: cells(table.tHead), body: cells(table.tBodies[0]),
                             foot: cells(table.tFoot) };";
        browser.evaluate(read).await
    }

    /// Each column's sum stands below it.
    fn assert_adds_up(&self) {
        assert!(!self.body.is_empty(), "E2: a month with rows");
        let sums = (3..7).map(|column| self.body.iter().map(|row| yen(&row[column])).sum());
        let sums: Vec<i64> = sums.collect();
        let shown: Vec<i64> = self.foot[0][1..5].iter().map(|sum| yen(sum)).collect();
        assert_eq!((self.foot[0][0].as_str(), shown), ("合計", sums));
        for row in &self.body {
            assert_eq!(yen(&row[3]), yen(&row[4]) + yen(&row[5]) + yen(&row[6]), "{row:?}");
        }
    }
}

/// A table's rows with their cells side by side.
fn lines(rows: &[Vec<String>]) -> Vec<String> {
    rows.iter().map(|row| row.join("|").replace('\n', " ")).collect()
}

fn yen(text: &str) -> i64 {
    let digits = text.strip_prefix('¥').unwrap_or_else(|| panic!("no yen: {text}"));
    digits.replace(',', "").parse().expect(text)
}

/// L3, E1, E2, E3, L10
#[tokio::test]
async fn l3_e2_l10_taro_signs_in_reads_what_his_household_paid_and_signs_out() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");

    browser.give_password(&taro).await;
    browser.arrives_at("ワンタイムパスワード (OTP) メール認証").await;
    browser.sees("受信したワンタイムパスワードを入力してください。").await;
    browser.fill("ワンタイムパスワード", &demo.mailed_code(&taro)).await;
    browser.press("実行").await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    assert_eq!(browser.account().await, "テスト　太郎");

    browser.press("医療費情報").await;
    browser.arrives_at("医療費情報").await;
    browser.press("最新の自己負担総額").await;
    browser.sees("あなたが支払った額").await;
    let newest = newest_month(&browser).await;
    let table = Table::read(&browser).await;
    assert_eq!(
        lines(&table.head),
        [
            "診療年月|受診者|医療機関 診療区分/日数(回数)|医療費総額|医療費の内訳|備考",
            "保険者負担額|公費負担額|自己負担額",
        ],
        "E3"
    );
    table.assert_adds_up();
    let paid = table.foot[0][4].trim_start_matches('¥').to_owned();
    assert!(browser.text().await.contains(&format!("あなたが支払った額 {paid}円")), "E2");

    // Seed 001's own example, in the month it has moved to.
    let moved = newest.since(Month::new(NEWEST.0, NEWEST.1).unwrap());
    let march = Month::new(2025, 3).unwrap().plus(moved);
    browser.goto(&format!("{}expenses/months/{march}", taro.url)).await;
    browser.arrives_at(&format!("{}の医療費明細", march.japanese())).await;
    let table = Table::read(&browser).await;
    let rows = [
        "テスト タロウ|サンプルクリニック 通院/1日|¥12,960|¥9,072|¥3,588|¥300|",
        "テスト タロウ|サンプルクリニック薬局 調剤/1回|¥2,760|¥1,932|¥828|¥0|",
        "テスト ハナコ|サンプルクリニック 歯科/1日|¥11,400|¥7,980|¥0|¥3,420|",
    ];
    let treated = march.plus(-2).slashed();
    assert_eq!(lines(&table.body), rows.map(|row| format!("{treated}|{row}")), "E3");
    assert_eq!(lines(&table.foot), ["合計|¥27,120|¥18,984|¥4,416|¥3,720|"], "E2");
    browser.sees("この通知書は確定申告には使用できません。").await;
    browser.press("医療費明細の見方").await;
    browser.sees("医療費総額のうち、あなたが負担した金額です。").await;
    browser.press("医療費情報に戻る").await;

    browser.arrives_at("医療費情報").await;
    browser.goto(&format!("{}expenses/years/{}", taro.url, march.year())).await;
    browser.arrives_at(&format!("{}年の医療費明細", march.year())).await;
    let year = Table::read(&browser).await;
    year.assert_adds_up();
    assert!(table.body.iter().all(|row| year.body.contains(row)), "E2: the month is in its year");

    browser.press("テスト　太郎").await;
    browser.arrives_at("ログアウトしてもよろしいですか？").await;
    browser.press("ログアウトする").await;
    browser.arrives_at("KOSMO Communication Web へようこそ").await;
    assert_eq!(browser.account().await, "ログイン", "L10");
    browser.goto(&format!("{}expenses", taro.url)).await;
    browser.arrives_at("ログイン").await;
    demo.stop();
}

/// From 「2026年10月の医療費明細」.
async fn newest_month(browser: &Browser) -> Month {
    let heading = browser.driver.find(By::Tag("h1")).await.expect("a heading");
    let heading = heading.text().await.expect("its text");
    let month = heading.strip_suffix("月の医療費明細").map(|month| month.replace('年', "-"));
    month.and_then(|month| Month::parse(&month)).unwrap_or_else(|| panic!("no month: {heading}"))
}
