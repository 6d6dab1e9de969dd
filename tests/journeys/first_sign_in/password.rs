//! 「パスワードの更新」 (F9, T5, G5).

use axum::http::StatusCode;
use chrono::Duration;

use super::{BY_FORMULA, BY_LETTER};
use crate::support::people::{NANA, Person, SABURO, SHIRO};
use crate::support::world::World;

const PAGE: &str = "/sign-in/new-password";

#[tokio::test]
async fn f9_the_rules_stand_beforehand_and_are_checked_item_by_item() {
    let world = World::new().await;
    let mut browser = world.begin(BY_FORMULA).await;
    let page = world.walk_to(&mut browser, BY_FORMULA, PAGE).await;
    for rule in ["8文字以上、64文字以内", "半角英字を1文字以上", "半角数字を1文字以上"]
    {
        assert!(page.shows(rule), "{rule}: {}", page.text());
    }
    let same = |password: &'static str| (password, password);
    for ((password, again), errors) in [
        (("", ""), &["パスワードを入力してください。"] as &[&str]),
        (("Hajimete-2026", ""), &["もう一度入力してください。"]),
        (("Hajimete-2026", "Hajimete-2027"), &["パスワードが一致していません。"]),
        (same("Umi"), &["8文字以上", "半角数字を1文字以上"]),
        (same("Umi kaze 2026"), &["利用できない文字"]),
        (same("Ｈａｊｉｍｅｔｅ２０２６"), &["利用できない文字"]),
        (same("Password1"), &["よく使われているパスワード"]),
        (same(SHIRO.password), &["半角英字を1文字以上"]),
        (same("Shiro_J"), &["8文字以上"]),
    ] {
        let page = browser.post(PAGE, &[("password", password), ("again", again)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
        for error in errors {
            assert!(page.shows(error), "{password}: {error}: {}", page.text());
        }
        assert!(password.is_empty() || !page.body.contains(password), "no password comes back");
    }
    let megabyte = "x1".repeat(500_000);
    let page = browser.post(PAGE, &[("password", &megabyte), ("again", &megabyte)]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "refused, not cut off");
    assert_eq!(browser.get("/sign-in/continue").await.location(), PAGE);
}

#[tokio::test]
async fn t5_neither_the_user_id_nor_the_first_password_may_stay() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    let user_id = "/first-sign-in/user-id";
    world.walk_to(&mut browser, BY_LETTER, user_id).await;
    browser.post(user_id, &[("user_id", "nana-2026x"), ("method", "email_code")]).await;
    for (password, error) in [
        ("nana-2026x", "ユーザIDと同じ文字列はパスワードに設定できません。"),
        ("NANA-2026x", "ユーザIDと同じ文字列はパスワードに設定できません。"),
        (NANA.password, "現在のパスワードと同じものは設定できません。"),
    ] {
        let page = browser.post(PAGE, &[("password", password), ("again", password)]).await;
        assert!(page.shows(error), "{password}: {}", page.text());
    }
}

#[tokio::test]
async fn f9_all_that_is_wrong_with_a_password_is_told_at_once() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    world.walk_to(&mut browser, BY_LETTER, PAGE).await;
    let page = browser.post(PAGE, &[("password", "うみ"), ("again", "かぜ")]).await;
    for error in [
        "パスワードは8文字以上で入力してください。",
        "パスワードに利用できない文字が入っています。",
        "パスワードが一致していません。同じものを入力してください。",
    ] {
        assert_eq!(page.text().matches(error).count(), 2, "{error}: {}", page.text());
    }
    let page = browser.post(PAGE, &[("password", NANA.password), ("again", "")]).await;
    assert!(page.shows("確認のため、パスワードをもう一度入力してください。"), "{}", page.text());
    assert!(page.shows("現在のパスワードと同じものは設定できません。"), "{}", page.text());
}

#[tokio::test]
async fn t5_the_formulas_password_may_not_stay_even_where_it_keeps_the_rules() {
    let world = World::new().await;
    let at_once = super::AT_ONCE;
    let mut browser = world.begin(at_once).await;
    world.walk_to(&mut browser, at_once, PAGE).await;
    let formula = at_once.person.password;
    let page = browser.post(PAGE, &[("password", formula), ("again", formula)]).await;
    assert!(page.shows("現在のパスワードと同じものは設定できません。"), "{}", page.text());
}

#[tokio::test]
async fn f9_ten_clicks_at_once_register_once_and_end_every_other_session() {
    let world = World::new().await;
    let mut other = world.begin(BY_LETTER).await;
    let mut browser = world.begin(BY_LETTER).await;
    world.walk_to(&mut browser, BY_LETTER, PAGE).await;
    let before = browser.cookies.clone();
    let own = BY_LETTER.own_password;
    let clicks = (0..10).map(|_| {
        let mut browser = browser.clone();
        async move {
            let answer = browser.post(PAGE, &[("password", own), ("again", own)]).await;
            (answer, browser)
        }
    });
    let mut on = Vec::new();
    for (answer, browser) in futures_util::future::join_all(clicks).await {
        assert!(answer.status.is_redirection(), "{}", answer.text());
        assert!(browser.cookies.contains_key("__Host-kosmo-session"), "nobody is signed out");
        if browser.cookies != before {
            on.push(browser);
        }
    }
    assert_eq!(on.len(), 1, "one click did it, under a new token");
    assert_eq!(on[0].get("/sign-in/continue").await.location(), "/sign-in/code");
    for action in ["account.registered", "email_code.sent"] {
        let lines = format!(
            "select count(*) from audit_events where action = '{action}'
                             and subject_login = (select id from logins where user_id = 'kari-n7')"
        );
        assert_eq!(world.count(&lines).await, 1, "{action}");
    }
    assert_eq!(browser.get("/sign-in/continue").await.location(), "/", "the old token is dead");
    assert_eq!(other.get("/sign-in/continue").await.location(), "/sign-in");
}

#[tokio::test]
async fn g5_three_years_later_a_new_password_is_asked_for() {
    let world = World::new().await;
    world.clock.advance(Duration::days(3 * 365));
    world.sign_in(SABURO).await;
    world.clock.advance(Duration::days(1) - Duration::minutes(1));
    let mut living = world.sign_in(SABURO).await;
    world.clock.advance(Duration::minutes(1));
    let over = living.get("/expenses").await;
    assert_eq!(over.status, StatusCode::UNAUTHORIZED, "whoever stays has to give it once more");
    let page = "/sign-in/new-password";
    let mut browser = world.browser("jrckenpo");
    let answer = world.give_password(&mut browser, SABURO).await;
    assert_eq!(answer.location(), page);
    assert_eq!(browser.get("/expenses").await.location(), page);
    let shown = browser.get(page).await;
    assert_eq!(shown.heading(), "パスワードの更新");
    assert!(shown.shows("一定の期間が過ぎたため") && !shown.shows("ステップ中"));
    let old = SABURO.password;
    let refused = browser.post(page, &[("password", old), ("again", old)]).await;
    assert!(refused.shows("現在のパスワードと同じものは設定できません。"), "T5");
    let new = "Denpa-2029";
    let answer = browser.post(page, &[("password", new), ("again", new)]).await;
    let arrived = browser.follow(answer).await;
    assert_eq!(arrived.heading(), "医療費情報", "the page opened above: {}", arrived.text());
    world.sign_in(Person { password: new, ..SABURO }).await;
    let registered = "select count(*) from audit_events where action = 'account.registered'
                      and subject_login = (select id from logins where user_id = 'saburo76')";
    assert_eq!(world.count(registered).await, 1, "registered once only");
}
