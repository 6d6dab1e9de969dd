//! Terms that changed after a person agreed to them.

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::steps::first_sign_in::TERMS;

/// L8
#[tokio::test]
async fn l8_updated_terms_come_after_the_code_and_before_the_portal() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let hanako = demo.person("hanako.kaiun");
    let publish = "insert into platform_terms (id, effective_at, body, published_at, published_by)
                   values (gen_random_uuid(), now(), '## 第1条\n\n改訂した規約', now(), 'test');
                   notify kosmo_tenants";
    sqlx::raw_sql(publish).execute(&mut demo.database().await).await.expect("newer terms");

    browser.give_password(&hanako).await;
    browser.give_mailed_code(&mut demo, &hanako).await;
    browser.arrives_at(TERMS).await;
    browser.sees("利用規約が更新されました。").await;
    browser.sees("改訂した規約").await;
    browser.goto(&format!("{}expenses", hanako.url)).await;
    browser.arrives_at(TERMS).await;
    browser.press("同意する").await;
    browser.arrives_at("医療費情報").await;
    browser.sign_out().await;
    browser.sign_in(&mut demo, &hanako).await;
    demo.stop();
}
