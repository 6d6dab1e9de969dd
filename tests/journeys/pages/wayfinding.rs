//! Ways to a page: the menu, and addresses that other programs know.

use axum::http::StatusCode;

use crate::support::people::TARO;
use crate::support::world::World;

#[tokio::test]
async fn t10_l10_the_menu_leads_to_the_unions_services_and_out() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let page = browser.get("/profile").await;
    let (_, menu) = page.body.split_once("<nav aria-label=\"メニュー\">").unwrap();
    let (menu, _) = menu.split_once("</nav>").unwrap();
    let links: Vec<&str> = menu.split("href=\"").skip(1).collect();
    let words = |link: &&str| {
        let (path, rest) = link.split_once("\">").unwrap();
        (path.to_owned(), rest.split('<').next().unwrap().to_owned())
    };
    let found: Vec<(String, String)> = links.iter().map(words).collect();
    let expected = [
        ("/", "トップ"),
        ("/expenses", "医療費情報"),
        ("/profile", "プロフィール変更"),
        ("/sign-in-methods", "ログイン方法変更"),
        ("/sessions", "ログイン中の端末"),
        ("/sign-out", "ログアウト"),
    ];
    assert_eq!(found, expected.map(|(path, words)| (path.to_owned(), words.to_owned())));
}

#[tokio::test]
async fn t7_the_telephone_can_be_dialled_and_nobody_is_left_without_a_way() {
    let world = World::new().await;
    let nowhere = "お電話番号などの連絡先は、川崎汽船健康保険組合からのご案内やホームページでご確認ください。";
    let mut browser = world.browser("klinekenpo");
    let page = browser.get("/sign-in").await;
    assert!(page.shows(nowhere), "its seed names no way: {}", page.text());
    world
        .change_policy("klinekenpo", |policy| {
            policy.contact.phone = Some("03（0000）0000".to_owned());
            policy.contact.hours = Some("平日9時～17時".to_owned());
        })
        .await;
    let page = browser.get("/sign-in").await;
    assert!(page.body.contains("href=\"tel:0300000000\""), "{}", page.body);
    assert!(page.shows("03（0000）0000受付時間：平日9時～17時") && !page.shows(nowhere));
    browser.get("/forgotten-password").await;
    browser.post("/forgotten-password", &[("user_id", TARO.user_id)]).await;
    world.deliver().await;
    let mail = world.mails_to(TARO.email).pop().unwrap();
    assert!(mail.contains("電話：03（0000）0000（受付時間：平日9時～17時）"), "{mail}");
}

#[tokio::test]
async fn a_password_manager_finds_the_page_that_changes_the_password() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let page = browser.get("/.well-known/change-password").await;
    assert_eq!(
        (page.status, page.location()),
        (StatusCode::SEE_OTHER, "/sign-in-methods/password")
    );
    assert_eq!(browser.get(page.location()).await.heading(), "パスワードの更新");
    let nobody = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
    assert_eq!(browser.get(nobody).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_telephone_keeps_each_union_under_its_own_name_and_colour() {
    let world = World::new().await;
    let mut browser = world.browser("jomkenpo");
    let page = browser.get("/").await;
    let icon = "/assets/icon-180.8a2f6b.png";
    assert!(page.body.contains(&format!("<link rel=\"apple-touch-icon\" href=\"{icon}\">")));
    assert!(page.body.contains("<link rel=\"manifest\" href=\"/manifest.webmanifest\">"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("manifest-src 'self'"), "{policy}");
    let manifest = browser.get("/manifest.webmanifest").await;
    assert_eq!(manifest.headers["content-type"], "application/manifest+json");
    let manifest: serde_json::Value = serde_json::from_str(&manifest.body).unwrap();
    assert_eq!(manifest["name"], "J-オイルミルズ健康保険組合 KOSMO Communication Web");
    assert_eq!(
        (&manifest["short_name"], &manifest["lang"]),
        (&"J-オイルミルズ".into(), &"ja".into())
    );
    assert_eq!(manifest["theme_color"], "#8a2f6b");
    for icon in manifest["icons"].as_array().unwrap() {
        let picture = browser.get(icon["src"].as_str().unwrap()).await;
        assert_eq!(picture.headers["content-type"], "image/png");
        assert!(picture.headers["cache-control"].to_str().unwrap().contains("immutable"));
    }
    let elsewhere = world.browser("klinekenpo").get(icon).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND, "T15: another union's colour");
}

#[tokio::test]
async fn a_person_who_finds_a_weakness_finds_the_contact_that_the_settings_name() {
    let mut world = World::empty().await;
    let path = "/.well-known/security.txt";
    assert_eq!(world.browser("jomkenpo").get(path).await.status, StatusCode::NOT_FOUND);
    world
        .restart(|settings| {
            settings.security.contacts = vec!["mailto:security@example.jp".to_owned()];
            settings.security.policy = Some("https://example.jp/security".to_owned());
        })
        .await;
    let page = world.browser("jomkenpo").get(path).await;
    assert_eq!(page.headers["content-type"], "text/plain; charset=utf-8");
    let lines: Vec<&str> = page.body.lines().collect();
    assert_eq!(lines[0], "Contact: mailto:security@example.jp");
    let expires = lines[1].strip_prefix("Expires: ").unwrap();
    let expires: chrono::DateTime<chrono::Utc> = expires.parse().unwrap();
    assert!(expires > world.clock.now() && lines[1].ends_with('Z'), "RFC 3339: {}", lines[1]);
    assert_eq!(lines[3], "Canonical: http://jomkenpo.localhost:8080/.well-known/security.txt");
    assert_eq!(lines[4], "Policy: https://example.jp/security");
}
