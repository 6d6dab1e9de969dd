//! A page that a person opens before signing in.

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::demo::sample::Sample;

#[tokio::test]
async fn l9_a_bookmark_and_a_session_that_ended_lead_to_the_page_after_the_sign_in() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.goto(&format!("{}expenses/graph", taro.url)).await;
    browser.arrives_at("ログイン").await;
    browser.fill_in_password(&taro).await;
    browser.give_mailed_code(&mut demo, &taro).await;
    browser.sees("自己負担額").await;
    assert!(browser.driver.current_url().await.expect("an address").path().ends_with("/graph"));

    let sample = Sample::find(&browser, &taro).await;
    let month = format!("{}expenses/months/{}", taro.url, sample.notice);
    let heading = format!("{}の医療費明細", sample.notice.japanese());
    browser.goto(&month).await;
    browser.arrives_at(&heading).await;
    let rest = "update sessions set last_seen_at = last_seen_at - interval '1 day'";
    sqlx::query(rest).execute(&mut demo.database().await).await.expect("a long rest");
    browser.driver.refresh().await.expect("the page again");
    browser.arrives_at("一定期間が経過したため、エラーになりました").await;
    browser.press("<川崎汽船>KOSMO Communication Web（加入者）へ移動").await;
    browser.arrives_at("ログイン").await;
    browser.fill_in_password(&taro).await;
    browser.give_mailed_code(&mut demo, &taro).await;
    browser.arrives_at(&heading).await;
    browser.goto(&taro.url).await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    demo.stop();
}
