//! Every page of the expenses, on a phone and on a desk.

use crate::expenses::deduction::{CHOICE, CSV, NOTICE, XML};
use crate::expenses::family::SETTINGS;
use crate::expenses::graph::GRAPH;
use crate::expenses::reading::{FILTER, FOUND, REVERSED, narrow_down};
use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::demo::sample::Sample;
use crate::support::walk::Walk;

/// E4, E5, E8
#[tokio::test]
async fn every_page_of_the_graph_and_the_search_fits_a_phone_and_a_desk() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    let Sample { notice, treated, .. } = Sample::find(&browser, &taro).await;
    let path = |path: &str| format!("{}expenses/{path}", taro.url);

    let heading = format!("{}の医療費明細", notice.japanese());
    walk.visit("month-sample", &path(&format!("months/{notice}")), &heading).await;
    walk.visit("graph", &path("graph"), GRAPH).await;
    walk.visit("graph-year", &path(&format!("graph?year={}", notice.year())), GRAPH).await;
    walk.visit("graph-empty", &path("graph?year=2001"), GRAPH).await;

    browser.goto(&path("history")).await;
    browser.press(FILTER).await;
    walk.look("history-filter").await;
    walk.visit("search", &path(&format!("search?from={treated}&to={treated}")), FOUND).await;
    let february = treated.plus(1).japanese();
    browser.choose_from("診療年月（始まり）", &february).await;
    walk.be_refused("search", "絞り込む", REVERSED).await;
    narrow_down(&browser, [&february, &february, "テスト タロウ"]).await;
    browser.sees("該当するデータはありません。").await;
    walk.look("search-empty").await;
    demo.stop();
}

/// D1, D2, D4
#[tokio::test]
async fn every_page_of_the_deduction_fits_a_phone_and_a_desk() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    let year = Sample::find(&browser, &taro).await.treated.year();
    let path = |path: &str| format!("{}expenses/deduction{path}", taro.url);

    walk.visit("deduction", &path(""), CHOICE).await;
    for (name, kind) in [("xml", XML), ("csv", CSV), ("pdf", NOTICE)] {
        let page = path(&format!("/{name}"));
        walk.visit(&format!("deduction-{name}"), &page, kind.heading).await;
        // The demo has no data of three years before.
        for (year, name) in [(year, format!("{name}-year")), (year - 3, format!("{name}-empty"))] {
            let page = format!("{page}?year={year}");
            walk.visit(&format!("deduction-{name}"), &page, kind.heading).await;
        }
        browser.sees("該当するデータはありません。").await;
    }
    walk.visit("deduction-refused", &path("/csv?year=1999"), CSV.heading).await;
    browser.sees("＊発行対象年は").await;
    demo.stop();
}

/// E7, M1, D1. The last two are pages of a union that sends no update mails and has no key.
#[tokio::test]
async fn every_page_of_the_expense_settings_fits_a_phone_and_a_desk() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    demo.let_proofs_age().await;
    browser.goto(&format!("{}expenses/settings", taro.url)).await;
    browser.prove_again(&mut demo, &taro).await;
    walk.arrive("expense-settings", SETTINGS).await;
    browser.choose("家族に公開しない").await;
    browser.press("変更").await;
    browser.sees("変更しました。").await;
    walk.look("expense-settings-changed").await;

    let taro = demo.person("taro.tsuwa");
    browser.sign_in(&mut demo, &taro).await;
    let path = |path: &str| format!("{}expenses/{path}", taro.url);
    walk.visit("expense-settings-no-mail", &path("settings"), "家族への公開の設定").await;
    walk.visit("deduction-no-key", &path("deduction"), CHOICE).await;
    walk.visit("deduction-xml-no-key", &path("deduction/xml"), XML.heading).await;
    demo.stop();
}
