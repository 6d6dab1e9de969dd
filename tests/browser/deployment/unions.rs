//! One deployment, many unions, and nothing of one at another.

use serde_json::json;
use thirtyfour::By;

use crate::support::browser::Browser;
use crate::support::demo::Demo;

const SESSION: &str = "__Host-kosmo-session";

/// What makes a union's pages look its own.
#[derive(Debug, PartialEq)]
struct Look {
    logo: String,
    footer: String,
    header_line: String,
    button: String,
}

impl Look {
    async fn of(browser: &Browser) -> Self {
        let find = async |path: &'static str| {
            browser.driver.find(By::Css(path)).await.unwrap_or_else(|e| panic!("{path}: {e}"))
        };
        let button = browser.driver.find(By::XPath("//main//a[.='ログイン']")).await.expect("it");
        Self {
            logo: find("header a").await.text().await.expect("its text"),
            footer: find("footer p").await.text().await.expect("its text"),
            header_line: find("header").await.css_value("border-top-color").await.expect("it"),
            button: button.css_value("background-color").await.expect("a colour"),
        }
    }
}

/// T1, T10: a union has its own host, name, colours and services. L1, T15: its people and sessions
/// don't exist at another.
#[tokio::test]
async fn t1_t10_t15_jomkenpo_is_visibly_another_union_and_knows_nobody_of_klinekenpo() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;

    browser.goto(&format!("{}/?from=letter&page=2", demo.origin("klinekenpo"))).await;
    let canonical = format!("{}/?from=letter&page=2", demo.origin("www.klinekenpo"));
    assert_eq!(browser.url().await, canonical, "T1: an alias keeps path and query");
    browser.goto(&format!("{}/sign-in", demo.origin("klinekenpo"))).await;
    assert_eq!(browser.url().await, format!("{}/sign-in", demo.origin("www.klinekenpo")));
    browser.goto(&demo.origin("nobody")).await;
    browser.arrives_at("ページが見つかりません").await;
    let words: Vec<String> = browser.text().await.lines().map(str::to_owned).collect();
    let sentence = "アドレスに誤りがないか、ご確認ください。";
    assert_eq!(words, ["ページが見つかりません", sentence], "T1: it names no union");

    browser.goto(&demo.origin("www.klinekenpo")).await;
    let kline = (Look::of(&browser).await, browser.title().await, browser.text().await);
    browser.goto(&demo.origin("jomkenpo")).await;
    let jom = (Look::of(&browser).await, browser.title().await, browser.text().await);
    let look = |name: &str, colour: &str| Look {
        logo: name.to_owned(),
        footer: name.to_owned(),
        header_line: colour.to_owned(),
        button: colour.to_owned(),
    };
    assert_eq!(kline.0, look("川崎汽船健康保険組合", "rgba(0, 91, 130, 1)"));
    assert_eq!(jom.0, look("J-オイルミルズ健康保険組合", "rgba(138, 47, 107, 1)"));
    assert_eq!(kline.1, "トップ | 川崎汽船 KOSMO Communication Web");
    assert_eq!(jom.1, "トップ | J-オイルミルズ KOSMO Communication Web");
    for (service, at_kline, at_jom) in [
        ("医療費情報", true, true),
        ("処方医薬品照会", true, false),
        ("インフルエンザ予防接種費用補助申請", false, true),
    ] {
        let shown = (kline.2.contains(service), jom.2.contains(service));
        assert_eq!(shown, (at_kline, at_jom), "T10: {service}");
    }

    let mut minoru = demo.someone("jomkenpo", "registered");
    browser.sign_in(&mut demo, &minoru).await;
    minoru.url = format!("{}/", demo.origin("www.klinekenpo"));
    browser.give_password(&minoru).await;
    browser.sees("無効なユーザIDまたはパスワードです。").await;
    assert!(browser.title().await.starts_with("エラー: ログイン"), "L1");

    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    let session = browser.driver.get_named_cookie(SESSION).await.expect("a session").value;
    browser.goto(&demo.origin("jomkenpo")).await;
    browser.arrives_at("ようこそ、油井　実 さん").await;
    let jom = demo.origin("jomkenpo");
    let copied = json!({
        "name": SESSION, "value": session, "url": jom, "path": "/",
        "secure": true, "httpOnly": true, "sameSite": "Lax",
    });
    assert_eq!(browser.devtools("Network.setCookie", copied).await["success"], true);
    let sent = browser.driver.get_named_cookie(SESSION).await.expect("a session").value;
    assert_eq!(sent, session);
    browser.goto(&jom).await;
    browser.arrives_at("KOSMO Communication Web へようこそ").await;
    assert_eq!(browser.account().await, "ログイン", "T15: it is nobody's here");
    browser.goto(&format!("{jom}/expenses")).await;
    browser.arrives_at("ログイン").await;

    browser.goto(&taro.url).await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    demo.stop();
}
