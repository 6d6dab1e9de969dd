//! Every page, on a phone and on a desk: nothing sticks out, and Chromium complains of nothing.
//!
//! With `SCREENSHOTS=folder` each is also kept as a picture, `<name>-<width>.png`.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::browser::Browser;
use crate::demo::Demo;

const WIDTHS: [u32; 2] = [390, 1280];

/// How wide the window is, how wide the page, and what sticks out of it, the innermost first.
const LAYOUT: &str = "
    const page = document.documentElement;
    const out = [...document.querySelectorAll('body *')]
        .filter((element) => element.getBoundingClientRect().right > page.clientWidth)
        .reverse().slice(0, 5).map((element) => element.outerHTML.slice(0, 120));
    return [innerWidth, page.scrollWidth, out];";

/// Opens what is folded, and counts it.
const UNFOLD: &str = "
    const folded = document.querySelectorAll('details:not([open])');
    for (const details of folded) details.open = true;
    return folded.length;";

/// Walks from page to page and looks at each.
struct Walk<'a> {
    browser: &'a Browser,
    pictures: Option<PathBuf>,
}

impl Walk<'_> {
    async fn look(&self, name: &str) {
        let browser = self.browser;
        for width in WIDTHS {
            self.change_width(width).await;
            self.assert_fits(name, width).await;
            if let Some(folder) = &self.pictures {
                self.take_picture(&folder.join(format!("{name}-{width}.png"))).await;
            }
        }
        if browser.evaluate::<usize>(UNFOLD).await > 0 {
            for width in WIDTHS {
                self.change_width(width).await;
                self.assert_fits(&format!("{name}, unfolded,"), width).await;
            }
        }
        let headings: usize =
            browser.evaluate("return document.querySelectorAll('h1').length;").await;
        assert_eq!(headings, 1, "{name}: one heading names a page");
        // That a page came with 404 or 422 is as it should be.
        let status = format!("{} - Failed to load resource:", browser.url().await);
        let mut complaints = browser.complaints().await;
        complaints.retain(|complaint| !complaint.message.starts_with(&status));
        assert!(complaints.is_empty(), "{name}: {complaints:#?}");
    }

    async fn change_width(&self, width: u32) {
        let phone = width < 768;
        let height = if phone { 844 } else { 900 };
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
        self.browser.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    async fn assert_fits(&self, name: &str, width: u32) {
        let (window, page, out): (u32, u32, Vec<String>) = self.browser.evaluate(LAYOUT).await;
        assert!(window == width && page <= width, "{name} at {width} px takes {page}: {out:#?}");
    }

    async fn take_picture(&self, path: &Path) {
        let page = self.browser.devtools("Page.getLayoutMetrics", json!({})).await;
        let mut clip = page["cssContentSize"].clone();
        clip["scale"] = json!(1);
        let wanted = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.browser.devtools("Page.captureScreenshot", wanted).await;
        let picture = STANDARD.decode(taken["data"].as_str().expect("a picture")).expect("base64");
        std::fs::write(path, picture).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    async fn visit(&self, name: &str, url: &str, heading: &str) {
        self.browser.goto(url).await;
        self.browser.arrives_at(heading).await;
        self.look(name).await;
    }
}

/// ui.md: for a phone first. T10, F1, L1, L3, L9, L10, E1–E3 have a page each.
#[tokio::test]
async fn every_page_fits_a_phone_and_a_desk_and_nothing_is_blocked() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let pictures = std::env::var_os("SCREENSHOTS").map(PathBuf::from);
    if let Some(folder) = &pictures {
        std::fs::create_dir_all(folder).expect("a folder for pictures");
    }
    let walk = Walk { browser: &browser, pictures };

    walk.visit("mailbox-empty", &demo.origin("mail"), "デモ用メールボックス").await;
    for union in ["kddikenpo", "www.klinekenpo", "nideckenpo", "jomkenpo", "jrckenpo"] {
        let (origin, name) = (demo.origin(union), union.trim_start_matches("www."));
        let welcome = "KOSMO Communication Web へようこそ";
        walk.visit(&format!("top-{name}"), &origin, welcome).await;
        walk.visit(&format!("sign-in-{name}"), &format!("{origin}/sign-in"), "ログイン").await;
    }
    for (name, person) in [
        ("first-sign-in-steps", demo.someone("jomkenpo", "letter")),
        ("first-sign-in-form", demo.someone("jrckenpo", "letter")),
    ] {
        browser.give_password(&person).await;
        browser.arrives_at("初回設定のご案内").await;
        walk.look(name).await;
    }

    let taro = demo.person("taro_demo");
    let path = |path: &str| format!("{}{path}", taro.url);
    browser.goto(&path("sign-in")).await;
    browser.press("ログイン").await;
    browser.sees("＊ユーザIDを入力してください。").await;
    walk.look("sign-in-refused").await;
    browser.give_password(&taro).await;
    browser.arrives_at("ワンタイムパスワード (OTP) メール認証").await;
    walk.look("code").await;
    browser.fill("ワンタイムパスワード", "wrong").await;
    browser.press("実行").await;
    browser.sees("＊ワンタイムパスワードが正しくありません").await;
    walk.look("code-refused").await;
    browser.press("再送信").await;
    browser.sees("メールを送信したばかりです。").await;
    walk.look("code-again").await;
    browser.fill("ワンタイムパスワード", &demo.mailed_code(&taro)).await;
    browser.press("実行").await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    walk.look("top").await;

    walk.visit("expenses", &path("expenses"), "医療費情報").await;
    browser.press("最新の自己負担総額").await;
    browser.sees("あなたが支払った額").await;
    walk.look("month").await;
    walk.visit("month-empty", &path("expenses/months/2001-01"), "2001年1月の医療費明細").await;
    walk.visit("year", &path("expenses/years/2026"), "2026年の医療費明細").await;
    walk.visit("history", &path("expenses/history"), "過去の医療費通知").await;
    walk.visit("not-found", &path("nowhere"), "ページが見つかりません").await;
    walk.visit("sign-out", &path("sign-out"), "ログアウトしてもよろしいですか？").await;

    // L9: Taro rests for longer than his union allows.
    let rest = "update sessions set last_seen_at = last_seen_at - interval '1 day'";
    sqlx::query(rest).execute(&mut demo.database().await).await.expect("a rest");
    let expired = "一定期間が経過したため、エラーになりました";
    walk.visit("session-expired", &path("expenses"), expired).await;
    browser.press("<川崎汽船>KOSMO Communication Web（加入者）へ移動").await;
    browser.arrives_at("ログイン").await;

    walk.visit("mailbox", &demo.origin("mail"), "デモ用メールボックス").await;
    browser.press("【KOSMOWeb】ワンタイムパスワードのお知らせ").await;
    browser.arrives_at("【KOSMOWeb】ワンタイムパスワードのお知らせ").await;
    walk.look("mail").await;
    demo.stop();
}
