//! Every page of the console, on a phone and on a desk: nothing sticks out, Chromium complains of nothing, and axe finds
//! nothing.

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::steps::staff::{HOME, PERSON, SIGN_IN};
use crate::support::walk::Walk;

/// The page of Taro's, below the console.
const TARO: &str = "people/K000101";

/// A1, A2, A3
#[tokio::test]
async fn every_page_about_people_fits_a_phone_and_a_desk() {
    let demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);
    let staff = demo.staff("klinekenpo", "editor");
    walk.visit("console-top", &staff.url, "職員用画面").await;
    walk.visit("console-sign-in", &staff.path("sign-in"), SIGN_IN).await;
    walk.visit("console-invitation-over", &staff.path("invitation"), "この招待は使えません").await;
    browser.sign_in_staff(&demo, &staff).await;
    walk.look("console-home-empty").await;
    browser.search("").await;
    walk.look("console-search-empty").await;
    browser.search("だれでもない").await;
    walk.look("console-search-nobody").await;
    browser.search("テスト").await;
    walk.look("console-search-names").await;
    walk.visit("console-person-taro", &staff.path(TARO), PERSON).await;
    for (name, act, heading) in [
        ("caller", "caller", "問い合わせ者の本人確認"),
        ("unlock", "unlock", "ロックを解除しますか？"),
        ("reset", "reset", "認証方法を初期化しますか？"),
        ("sessions", "sessions", "すべての端末からログアウトさせますか？"),
        ("user-id", "user-id", "ユーザIDを修正しますか？"),
        ("letter", "letter", "仮ユーザID・仮パスワードを再発行しますか？"),
        ("hold", "hold", "アカウントの利用を止めますか？"),
        ("medical", "medical", "医療情報の閲覧"),
    ] {
        let name = format!("console-act-{name}");
        walk.visit(&name, &staff.path(&format!("{TARO}/{act}")), heading).await;
    }
    for (kind, heading) in [
        ("locked", "ロック中"),
        ("undelivered", "不達メール"),
        ("ending-soon", "期限の近い仮パスワード"),
        ("failed-imports", "取込エラー"),
    ] {
        let name = format!("console-work-{kind}");
        walk.visit(&name, &staff.path(&format!("work/{kind}")), heading).await;
    }
    walk.visit("console-methods", &staff.path("sign-in-methods"), "ログイン方法変更").await;
    walk.visit("console-sessions", &staff.path("sessions"), "ログイン中の端末").await;
    walk.visit("console-not-found", &staff.path("people/nobody"), "ページが見つかりません").await;
    browser.goto(&staff.url).await;
    browser.arrives_at(HOME).await;
    demo.stop();
}

/// A1, A8
#[tokio::test]
async fn every_page_of_an_admin_fits_a_phone_and_a_desk() {
    let demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);
    let admin = demo.staff("klinekenpo", "admin");
    browser.sign_in_staff(&demo, &admin).await;
    for (name, path, heading) in [
        ("staff", "staff", "職員"),
        ("staff-invite", "staff/invite", "職員を招待しますか？"),
        ("staff-review", "staff/review", "アカウント棚卸し"),
        ("approvals", "approvals", "承認"),
        ("trail", "trail", "操作履歴"),
        ("trail-alerts", "trail/alerts", "注意が必要な操作"),
        ("terms", "terms", "利用規約"),
        ("policy", "policy", "組合の設定"),
        ("reports", "reports", "集計"),
    ] {
        browser.goto(&admin.path(path)).await;
        browser.prove_staff_again_if_asked(&demo, &admin).await;
        walk.arrive(&format!("console-{name}"), heading).await;
    }
    demo.stop();
}
