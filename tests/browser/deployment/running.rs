//! `kosmo demo` as a program: started, stopped, killed.

use crate::support::browser::Browser;
use crate::support::demo::Demo;

/// O5: a killed run doesn't disturb the next one, and signs nobody out.
#[tokio::test]
async fn o5_a_demo_that_was_killed_goes_on_where_it_stopped_and_ctrl_c_ends_it() {
    let mut demo = Demo::start_from_nothing();
    let browser = Browser::open().await;
    let (kai, nami) = (demo.person("musenkai76"), demo.person("musennami78"));
    browser.give_password(&kai).await;
    browser.arrives_at("ようこそ、無線　海 さん").await;
    let members = demo.count("select count(*) from members").await;

    demo.kill_and_restart();
    assert_eq!(demo.count("select count(*) from members").await, members);
    assert_eq!(demo.person("musenkai76").password, kai.password);
    browser.press("医療費情報").await;
    browser.arrives_at("医療費情報").await;
    assert_eq!(browser.account().await, "無線　海");
    browser.driver.delete_all_cookies().await.expect("a browser that forgets");
    browser.give_password(&nami).await;
    browser.arrives_at("ようこそ、無線　波 さん").await;
    demo.stop();
}
