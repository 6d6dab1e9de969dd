//! One sentence says why a person can't sign in, and which act mends it (A3).

use chrono::Duration;

use crate::support::browser::Browser;
use crate::support::people::TARO;
use crate::support::world::World;

async fn sentence(browser: &mut Browser, code: &str) -> String {
    let page = browser.get(&format!("/people/{code}")).await;
    let (_, rest) = page.body.split_once("id=\"access\">").expect("a sentence");
    rest.split("</p>").next().unwrap().to_owned()
}

#[tokio::test]
async fn a3_l2_a_lock_is_told_with_the_act_that_undoes_it() {
    let world = World::new().await;
    world.sign_in(TARO).await;
    world.guess_often(TARO, 11).await;
    let mut editor = world.staff_browser("klinekenpo", &["editor"], &[]).await;
    let told = sentence(&mut editor, "K1").await;
    assert!(told.contains("パスワードの誤りが続き、"), "{told}");
    assert!(
        told.contains("これまでにログインした端末以外からは"),
        "known browsers are spared: {told}"
    );
    assert!(told.contains("「ロックを解除する」で直ります。"), "{told}");
    let page = editor.get("/people/K1").await;
    assert!(page.body.contains("class=\"button\" href=\"/people/K1/unlock\""), "{}", page.body);
    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &[]).await;
    let page = viewer.get("/people/K1").await;
    assert!(!page.body.contains("/people/K1/unlock") && page.shows("ロックされたためです。"));

    world.execute("update logins set locked_at = null, second_factor_locked_at = now() where email = 'taro@example.jp'").await;
    let told = sentence(&mut editor, "K1").await;
    assert!(told.contains("二要素認証の誤りが続き、"), "{told}");
    world.execute("update logins set locked_at = now() where email = 'taro@example.jp'").await;
    let told = sentence(&mut editor, "K1").await;
    assert!(told.starts_with("ログインできません。パスワードと二要素認証の誤り"), "{told}");

    world
        .execute(
            "update logins set held_at = '2026-11-20T01:00:00Z', held_cause = 'not_me'
             where email = 'taro@example.jp'",
        )
        .await;
    let told = sentence(&mut editor, "K1").await;
    assert!(
        told.contains("ご本人が「心当たりがない」と申し出たため、2026年11月20日 10:00から"),
        "{told}"
    );
    let page = editor.get("/people/K1").await;
    assert!(page.body.contains("class=\"button\" href=\"/people/K1/release\""), "{}", page.body);
    assert!(!page.body.contains("/people/K1/hold\""), "{}", page.body);
}

#[tokio::test]
async fn a3_t12_lost_eligibility_is_told_with_its_days() {
    let world = World::new().await;
    let mut editor = world.staff_browser("klinekenpo", &["editor"], &[]).await;
    world.execute("update members set lost_on = '2026-04-01' where code = 'K1'").await;
    let told = sentence(&mut editor, "K1").await;
    assert_eq!(told, "ログインできます。資格を喪失していますが、2028年3月31日まで利用できます。");
    assert!(editor.get("/people/K1").await.shows("資格喪失（2026年4月1日）"));
    world.execute("update members set lost_on = '2024-11-21' where code = 'K1'").await;
    let told = sentence(&mut editor, "K1").await;
    assert!(told.starts_with("ログインできません。2024年11月21日に資格を喪失し、利用できる期間が2026年11月20日で終わったためです。"), "{told}");
    world.execute("update members set lost_on = '2026-12-01' where code = 'K1'").await;
    assert_eq!(sentence(&mut editor, "K1").await, "ログインできます。");
    assert!(editor.get("/people/K1").await.shows("資格あり（2026年12月1日に喪失の予定）"));
}

#[tokio::test]
async fn a3_t9_first_credentials_are_told_with_their_last_day() {
    let world = World::new().await;
    let mut editor = world.staff_browser("nideckenpo", &["editor"], &[]).await;
    let told = sentence(&mut editor, "N1").await;
    assert!(told.starts_with("はがきの仮") && told.contains("初回ログインができます。"), "{told}");
    let page = editor.get("/people/N1").await;
    assert!(page.shows("まだ使われていません。"), "{}", page.text());
    assert!(page.body.contains("/people/N1/letter\"") && page.body.contains("/letter-returned\""));

    let mut jom = world.staff_browser("jomkenpo", &["editor"], &[]).await;
    let told = sentence(&mut jom, "J2").await;
    assert!(
        told.starts_with("初期パスワードで、") && told.contains("まだ一度も登録していません。"),
        "{told}"
    );

    world.clock.advance(Duration::days(400));
    let mut editor = world.staff_browser("nideckenpo", &["editor"], &[]).await;
    let told = sentence(&mut editor, "N1").await;
    assert!(told.contains("仮パスワードの有効期限が") && told.contains("再発行"), "{told}");
    let page = editor.get("/people/N1").await;
    assert!(page.body.contains("class=\"button\" href=\"/people/N1/letter\""), "{}", page.body);
}
