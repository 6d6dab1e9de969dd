//! Everything here works without scripts.

use thirtyfour::By;
use thirtyfour::prelude::ElementQueryable as _;

use crate::expenses::deduction::CSV;
use crate::expenses::graph::GRAPH;
use crate::expenses::reading::{FILTER, FOUND, PDF, narrow_down};
use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::demo::sample::Sample;
use crate::support::steps::first_sign_in::{EMAIL_CODE, USER_ID};

/// L3, L10: a browser without scripts signs in, even if the button is pressed twice.
#[tokio::test]
async fn l3_l10_without_scripts_everything_works() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    browser.turn_scripts_off().await;
    let taro = demo.person("taro_demo");
    browser.goto(&format!("{}sign-in", taro.url)).await;
    let text = browser.text().await;
    assert!(text.contains("パスワード") && !text.contains("パスワードを表示する"), "{text}");

    browser.give_password(&taro).await;
    browser.arrives_at("ワンタイムパスワード (OTP) メール認証").await;
    let code = demo.mailed_code(&taro);
    browser.fill("ワンタイムパスワード", "").await;
    browser.press("実行").await;
    browser.sees("＊ワンタイムパスワードを入力してください。").await;
    browser.fill("ワンタイムパスワード", &code).await;
    browser.double_click("実行").await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    let completed = "select count(*) from audit_events
                     where action = 'sign_in.complete' and actor_kind = 'subscriber'";
    assert_eq!(demo.count(completed).await, 1, "a double click has one effect");

    browser.press("医療費情報").await;
    browser.press("すべて見る").await;
    browser.arrives_at("過去の医療費通知").await;
    browser.goto(&format!("{}sign-in", taro.url)).await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    browser.press("テスト　太郎").await;
    browser.press("ログアウトする").await;
    browser.arrives_at("KOSMO Communication Web へようこそ").await;
    demo.stop();
}

/// F2–F10, L3: the first sign-in needs no scripts.
#[tokio::test]
async fn f2_to_f10_the_first_sign_in_works_without_scripts() {
    let mut demo = Demo::start();
    let (browser, other) = (Browser::open().await, Browser::open().await);
    browser.turn_scripts_off().await;
    other.turn_scripts_off().await;
    let mut wataru = demo.person("wataru.funade");
    browser.give_password(&wataru).await;
    browser.give_birthdate(&wataru.birthdate_digits()).await;
    browser.agree().await;
    browser.give_address(wataru.address(), None).await;
    let text = browser.text().await;
    assert!(!text.contains("自動的に次へ進みます"), "F7: nothing is promised in vain: {text}");
    other.open_link(&demo.mailed_link(&wataru)).await;
    browser.press("更新").await;

    browser.arrives_at(USER_ID).await;
    browser.press("利用不可文字一覧を見る").await;
    browser.sees("小なり記号").await;
    browser.choose_user_id_and_method(Some("wataru"), EMAIL_CODE).await;
    browser.set_password("Funade-no-Dora68").await;
    wataru.user_id = "wataru".to_owned();
    wataru.password = "Funade-no-Dora68".to_owned();
    browser.give_mailed_code(&mut demo, &wataru).await;
    browser.arrives_at("ようこそ、船出　渉 さん").await;
    browser.sign_out().await;
    browser.sign_in(&mut demo, &wataru).await;
    demo.stop();
}

/// E5, E6, E8, D2: the expenses, their files and their graphs need no scripts.
#[tokio::test]
async fn e5_e6_e8_d2_the_expenses_work_without_scripts() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    browser.turn_scripts_off().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    let treated = Sample::find(&browser, &taro).await.treated;
    browser.press("医療費情報に戻る").await;
    browser.press(GRAPH).await;
    browser.arrives_at(GRAPH).await;
    let bars = browser.driver.query(By::Css(".bars-desk svg")).and_displayed();
    assert_eq!(bars.all_from_selector().await.expect("pictures").len(), 2, "E8");

    browser.press("医療費情報に戻る").await;
    browser.press("すべて見る").await;
    browser.press(FILTER).await;
    let month = treated.japanese();
    narrow_down(&browser, [&month, &month, "テスト ハナコ"]).await;
    browser.arrives_at(FOUND).await;
    browser.sees(&format!("診療年月：{month}　受診者：テスト ハナコ")).await;
    assert!(browser.download(PDF).await.words().contains("¥3,420"), "E6");

    CSV.show(&browser, &taro, treated.year()).await;
    let file = browser.download(CSV.save).await;
    assert!(file.text().contains("テスト ハナコ,サンプルクリニック,3420,"), "D2");
    demo.stop();
}
