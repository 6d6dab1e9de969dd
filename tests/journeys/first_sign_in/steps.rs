//! The steps of seeds 001–003.

use axum::http::StatusCode;

use super::{AT_ONCE, BY_FORMULA, BY_LETTER};
use crate::support::first_sign_in::STEPS;
use crate::support::people::{Person, TARO};
use crate::support::world::World;

#[tokio::test]
async fn f2_to_f11_rokuro_comes_in_step_by_step_and_is_told_by_mail() {
    let world = World::new().await;
    let mut browser = world.begin(AT_ONCE).await;
    for (number, (path, heading)) in [
        ("/first-sign-in/birthdate", "生年月日の入力"),
        ("/terms", "KOSMO Communication Web 利用規約"),
        ("/first-sign-in/email", "メールアドレスの設定"),
        ("/first-sign-in/email/sent", "メールアドレスの確認"),
        ("/first-sign-in/user-id", "ユーザIDの変更・認証方法の設定"),
        ("/sign-in/new-password", "パスワードの更新"),
        ("/sign-in/code", "ワンタイムパスワード (OTP) メール認証"),
    ]
    .into_iter()
    .enumerate()
    {
        let page = world.walk_to(&mut browser, AT_ONCE, path).await;
        assert_eq!(page.heading(), heading);
        let step = if number < 3 { number + 1 } else { number };
        assert!(page.shows(&format!("全6ステップ中{step}")), "{path}: {}", page.text());
    }
    let code = world.mailed_code(AT_ONCE.person.email).await;
    let answer = browser.post("/sign-in/code", &[("code", &code)]).await;
    let page = browser.follow(answer).await;
    assert_eq!(page.heading(), "ようこそ、通話　六郎 さん");
    let mails = world.mails_to(AT_ONCE.person.email);
    let mut subjects: Vec<_> = mails.iter().filter_map(|mail| mail.lines().next()).collect();
    subjects.sort_unstable();
    assert_eq!(
        subjects,
        [
            "【KOSMOWeb】ワンタイムパスワードのお知らせ",
            "【KOSMOWeb】初回ログインのお知らせ",
            "【KOSMOWeb管理者】メールアドレスの確認",
        ]
    );
}

#[tokio::test]
async fn f10_jomkenpo_asks_for_a_second_sign_in_before_the_set_up() {
    let world = World::new().await;
    let mut browser = world.begin(BY_FORMULA).await;
    let page = world.walk_to(&mut browser, BY_FORMULA, "/first-sign-in/done").await;
    assert_eq!(page.heading(), "初回ログインが完了しました");
    assert!(page.shows("全6ステップ中6"));
    for path in ["/expenses", "/sign-in/code", "/sign-in/new-password"] {
        assert_eq!(browser.get(path).await.location(), "/first-sign-in/done", "{path}");
    }
    let signed_out = browser.post("/sign-out", &[]).await;
    let page = browser.follow(signed_out).await;
    assert_eq!(page.heading(), "もう一度ログインしてください");
    assert!(page.shows("初回ログイン設定は続きます"), "{}", page.text());
    assert!(page.body.contains("href=\"/sign-in\">ログイン</a>"));
    let own = Person { password: BY_FORMULA.own_password, ..BY_FORMULA.person };
    let browser = world.sign_in(own).await;
    assert!(browser.cookies.contains_key("__Host-kosmo-session"));
}

#[tokio::test]
async fn any_page_opened_out_of_order_leads_to_the_one_that_is_due() {
    let world = World::new().await;
    let mut browser = world.begin(BY_LETTER).await;
    let others = ["/", "/sign-in/continue", "/expenses", "/sign-in/totp", "/sign-in/code"];
    for due in STEPS {
        world.walk_to(&mut browser, BY_LETTER, due).await;
        for path in STEPS.into_iter().chain(others).filter(|path| *path != due) {
            // Everybody may see the top page, and the address may be changed until it is confirmed.
            let changing = due == "/first-sign-in/email/sent" && path == "/first-sign-in/email";
            if path == "/" || changing {
                assert_eq!(browser.get(path).await.status, StatusCode::OK);
                continue;
            }
            assert_eq!(browser.get(path).await.location(), due, "{path}");
            let posted = browser.post(path, &[("birthdate", "19990909"), ("password", "x")]).await;
            assert!(!posted.status.is_success(), "{path} while {due} is due: {}", posted.text());
        }
        assert_eq!(browser.get("/sign-in/continue").await.location(), due, "nothing was skipped");
    }
}

#[tokio::test]
async fn a_closed_browser_loses_no_step_and_another_skips_none() {
    let world = World::new().await;
    for due in STEPS {
        let mut browser = world.begin(BY_LETTER).await;
        world.walk_to(&mut browser, BY_LETTER, due).await;
        // The window is closed; a new one begins with the sign-in.
        let mut another = world.begin(BY_LETTER).await;
        assert_eq!(another.get("/sign-in/continue").await.location(), due);
    }
}

#[tokio::test]
async fn a_registered_person_never_sees_the_first_steps_again() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    for path in STEPS {
        assert_eq!(browser.get(path).await.location(), "/", "{path}");
    }
    assert_eq!(browser.get("/first-sign-in/identity").await.location(), "/");
}

#[tokio::test]
async fn l7_signing_out_everywhere_ends_every_other_session_at_once() {
    let world = World::new().await;
    let mut elsewhere = world.begin(BY_LETTER).await;
    let mut browser = world.begin(BY_LETTER).await;
    world.walk_to(&mut browser, BY_LETTER, "/first-sign-in/email").await;
    let email = ("email", BY_LETTER.person.email);
    let kept = browser.post("/first-sign-in/email", &[email]).await;
    assert_eq!(kept.location(), "/sign-in/continue");
    assert_eq!(elsewhere.get("/sign-in/continue").await.location(), "/first-sign-in/email/sent");
    world.clock.advance(chrono::Duration::seconds(30));
    browser.post("/first-sign-in/email", &[email, ("everywhere", "on")]).await;
    assert_eq!(elsewhere.get("/sign-in/continue").await.location(), "/sign-in");
    assert_eq!(browser.get("/sign-in/continue").await.location(), "/first-sign-in/email/sent");
}

#[tokio::test]
async fn l7_signing_out_everywhere_happens_though_the_mail_is_on_its_way_already() {
    let world = World::new().await;
    let mut elsewhere = world.begin(BY_LETTER).await;
    let mut browser = world.begin(BY_LETTER).await;
    world.walk_to(&mut browser, BY_LETTER, "/first-sign-in/email").await;
    let email = ("email", BY_LETTER.person.email);
    browser.post("/first-sign-in/email", &[email]).await;
    assert_eq!(elsewhere.get("/sign-in/continue").await.location(), "/first-sign-in/email/sent");
    let mails = world.count("select count(*) from outbox").await;
    // Another address so soon can't be a double click: the form comes back as it was sent, and nothing is
    // changed.
    let everywhere = ("everywhere", "on");
    browser.post("/first-sign-in/email", &[("email", "other@example.jp")]).await;
    let refused = browser.post("/first-sign-in/email", &[("email", "taro?@"), everywhere]).await;
    let refused = browser.follow(refused).await;
    assert!(refused.body.contains("checked"), "the box is still ticked: {}", refused.body);
    assert_eq!(elsewhere.get("/sign-in/continue").await.location(), "/first-sign-in/email/sent");
    let again = ("email", "other@example.jp");
    let accepted = browser.post("/first-sign-in/email", &[again, everywhere]).await;
    assert_eq!(accepted.location(), "/sign-in/continue");
    assert_eq!(world.count("select count(*) from outbox").await, mails + 1, "too soon for a third");
    assert_eq!(elsewhere.get("/sign-in/continue").await.location(), "/sign-in");
    assert_eq!(browser.get("/sign-in/continue").await.location(), "/first-sign-in/email/sent");
}
