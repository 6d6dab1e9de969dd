//! 「ユーザIDの変更・認証方法の設定」 (F8, T4, T6).

use axum::http::StatusCode;

use super::{AT_ONCE, BY_FORMULA, BY_LETTER};
use crate::support::people::{JIRO, Person};
use crate::support::world::World;

const PAGE: &str = "/first-sign-in/user-id";

#[tokio::test]
async fn f8_the_page_lists_what_the_union_refuses_and_allows() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    let page = world.walk_to(&mut browser, BY_LETTER, PAGE).await;
    assert!(page.shows("利用不可文字一覧を見る"));
    assert!(page.shows("以下の文字はユーザIDに利用できません："));
    assert!(page.shows("< (小なり記号)") && page.shows("} (右中括弧)"), "{}", page.text());
    assert!(page.shows("3文字以上、255文字以内"), "{}", page.text());
    assert!(page.body.contains("value=\"kari-n7\""), "the ID of the letter stands there");
}

#[tokio::test]
async fn t4_each_union_offers_its_own_methods_in_its_own_order() {
    let world = World::new().await;
    let (passkey, app, mail) = (
        "生体認証",
        "ワンタイムパスワード（OTP）アプリ認証",
        "ワンタイムパスワード（OTP）メール認証",
    );
    for (answers, offered, absent) in [
        (BY_LETTER, vec![passkey, app, mail], None),
        (BY_FORMULA, vec![passkey, mail], Some(app)),
        (AT_ONCE, vec![mail, app], None),
    ] {
        let mut browser = world.begin(answers).await;
        let page = world.walk_to(&mut browser, answers, PAGE).await;
        let text = page.text().split("認証方法").skip(1).collect::<Vec<_>>().join("認証方法");
        let list = text.rsplit_once("ログインをやめる").map_or(text.as_str(), |(list, _)| list);
        let places: Vec<_> = offered.iter().map(|label| list.rfind(label)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{offered:?}: {list}");
        assert!(absent.is_none_or(|label| !list.contains(label)));
    }
    let mut browser = world.begin(BY_FORMULA).await;
    browser.get(PAGE).await;
    let page = browser.post(PAGE, &[("user_id", "shiro_j"), ("method", "totp")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "OTPアプリ認証は選択不可");
    assert!(page.shows("認証方法を選択してください。"));
}

#[tokio::test]
async fn t6_an_id_against_the_rules_is_told_and_stays_in_the_field() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    world.walk_to(&mut browser, BY_LETTER, PAGE).await;
    let long = "x".repeat(256);
    for (typed, error) in [
        ("", "ユーザIDを入力してください。"),
        ("n7", "3文字以上、255文字以内"),
        (&long, "255文字以内"),
        ("nana&co", "「&」はユーザIDに利用できません。"),
        ("<b>nana</b>", "「<」はユーザIDに利用できません。"),
        ("な な", "空白や制御文字は使えません。"),
        ("nana\u{7}", "空白や制御文字は使えません。"),
    ] {
        let page = browser.post(PAGE, &[("user_id", typed), ("method", "email_code")]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:.20}");
        assert!(page.shows(error), "{typed:.20}: {}", page.text());
        assert!(!page.body.contains("<b>nana"));
    }
    let page = browser.post(PAGE, &[("user_id", "Nana.Haguruma"), ("method", "")]).await;
    assert!(page.shows("認証方法を選択してください。") && page.body.contains("Nana.Haguruma"));
    let done = browser.post(PAGE, &[("user_id", "Nana.Haguruma"), ("method", "email_code")]).await;
    assert!(done.status.is_redirection());
    world.walk_to(&mut browser, BY_LETTER, "/sign-in/code").await;
    world.clock.advance(chrono::Duration::seconds(1));
    let renamed = Person {
        user_id: "ＮＡＮＡ．haguruma",
        password: BY_LETTER.own_password,
        ..BY_LETTER.person
    };
    world.sign_in(renamed).await;
}

#[tokio::test]
async fn t6_a_taken_id_is_refused_without_telling_whose() {
    let world = World::new().await;
    let mut browser = world.begin(BY_FORMULA).await;
    world.walk_to(&mut browser, BY_FORMULA, PAGE).await;
    let fields = [("user_id", JIRO.user_id), ("method", "email_code")];
    let page = browser.post(PAGE, &fields).await;
    assert!(page.shows("このユーザIDは利用できません。別のユーザIDを入力してください。"));
    assert!(!page.shows("次郎") && !page.shows("jiro@"));
    // The user ID taro_k exists in klinekenpo, but that must not matter in kddikenpo.
    let mut browser = world.begin(AT_ONCE).await;
    world.walk_to(&mut browser, AT_ONCE, PAGE).await;
    assert!(browser.post(PAGE, &fields).await.status.is_redirection());
}
