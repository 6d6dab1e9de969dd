//! How people find their way: the menu, and addresses that other programs know.

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
