//! Those who have yet to do the first sign-in.

use crate::browser::Browser;
use crate::demo::Demo;

/// T4: jrckenpo asks for the password alone. T8: jomkenpo's migrated people come with the password
/// of its formula. T9: a letter's 仮ユーザID and 仮パスワード open the first sign-in, too.
#[tokio::test]
async fn t4_t8_t9_the_password_leads_registered_people_in_and_new_people_to_the_first_sign_in() {
    let demo = Demo::start();
    let browser = Browser::open().await;

    let kai = demo.someone("jrckenpo", "registered");
    browser.give_password(&kai).await;
    browser.arrives_at("ようこそ、無線　海 さん").await;
    assert!(demo.mails_to(&kai).is_empty(), "T4: no code is mailed");
    browser.press("医療費照会").await;
    browser.arrives_at("医療費情報").await;

    let saki = demo.person("saki.natane");
    assert_eq!(saki.password, "8003084619850321", "T8: symbol, number, birthdate");
    for (person, first_step) in [
        (saki, "生年月日の入力"),
        (demo.someone("jomkenpo", "letter"), "生年月日の入力"),
        (demo.someone("jrckenpo", "letter"), "保険者番号・生年月日の入力と利用規約への同意"),
    ] {
        browser.driver.delete_all_cookies().await.expect("a browser that forgets");
        browser.give_password(&person).await;
        browser.arrives_at("初回設定のご案内").await;
        browser.sees(first_step).await;
        browser.goto(&format!("{}expenses", person.url)).await;
        browser.arrives_at("初回設定のご案内").await;
        browser.press("ログアウトする").await;
        browser.arrives_at("KOSMO Communication Web へようこそ").await;
    }
    demo.stop();
}
