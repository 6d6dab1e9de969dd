//! Changing how a person signs in (S1–S8).

use axum::http::StatusCode;
use chrono::Duration;

use crate::passkeys::KLINE;
use crate::support::authenticator::{Device, options};
use crate::support::browser::{Browser, Page};
use crate::support::first_sign_in::hidden;
use crate::support::people::{GORO, Person, SABURO, TARO};
use crate::support::world::World;

const METHODS: &str = "/sign-in-methods";

impl World {
    /// Signs a person in so long ago that sensitive pages ask for a proof again.
    async fn stale(&self, person: Person) -> Browser {
        let browser = self.sign_in(person).await;
        self.clock.advance(Duration::minutes(5) + Duration::seconds(1));
        browser
    }

    /// Proves password and mailed code once more, and returns the answer.
    async fn prove_again(&self, browser: &mut Browser, person: Person, next: &str) -> Page {
        browser.get(&format!("/reauthenticate?next={next}")).await;
        let fields = [("password", person.password), ("next", next)];
        let answer = browser.post("/reauthenticate", &fields).await;
        let page = browser.follow(answer).await;
        assert_eq!(page.heading(), "ワンタイムパスワード (OTP) メール認証", "{}", page.text());
        let code = self.mailed_code(person.email).await;
        browser.post("/reauthenticate/code", &[("code", &code), ("next", next)]).await
    }
}

#[tokio::test]
async fn s4_every_sensitive_page_asks_for_password_and_code_and_comes_back() {
    let world = World::new().await;
    for page in ["/profile", "/profile/email", "/sign-in-methods/password", "/sign-in-methods/totp"]
    {
        let mut browser = world.stale(TARO).await;
        assert_eq!(browser.get(page).await.location(), format!("/reauthenticate?next={page}"));
        let posted =
            browser.post(page, &[("user_id", "x"), ("password", "x"), ("again", "x")]).await;
        assert!(!posted.status.is_success(), "{page}: a form without proof changes nothing");
        let asked = browser.get(&format!("/reauthenticate?next={page}")).await;
        assert_eq!(asked.heading(), "続行するには再度認証してください");
        let proved = world.prove_again(&mut browser, TARO, page).await;
        assert_eq!(proved.location(), page);
        assert_eq!(browser.get(page).await.status, StatusCode::OK, "{page}");
        world.clock.advance(Duration::minutes(5) + Duration::seconds(1));
        assert!(browser.get(page).await.location().starts_with("/reauthenticate"), "five minutes");
    }
}

#[tokio::test]
async fn s4_the_proof_is_the_sessions_own_and_needs_both() {
    let world = World::new().await;
    let mut proved = world.stale(TARO).await;
    let mut other = world.stale(TARO).await;
    assert_eq!(world.prove_again(&mut proved, TARO, "/profile").await.location(), "/profile");
    assert!(other.get("/profile").await.location().starts_with("/reauthenticate"));
    other.get("/reauthenticate?next=/profile").await;
    let fields = [("password", TARO.password), ("next", "/profile")];
    other.post("/reauthenticate", &fields).await;
    assert!(other.get("/profile").await.location().starts_with("/reauthenticate"), "no code yet");
    let code = other.get("/reauthenticate/code?next=https://evil.jp").await;
    assert!(!code.body.contains("evil.jp"), "it leads nowhere else");
    world.clock.advance(Duration::minutes(6));
    let late = other.get("/reauthenticate/code?next=/profile").await;
    assert_eq!(late.location(), "/reauthenticate?next=/profile", "the password grows old, too");
}

#[tokio::test]
async fn s4_a_code_without_the_password_proves_nothing() {
    let world = World::new().await;
    // The code of the sign-in stays unused, because Taro signed in in another way.
    let mut browser = world.browser("klinekenpo");
    world.give_password(&mut browser, TARO).await;
    let code = world.mailed_code(TARO.email).await;
    let other_way = "update sessions set second_factor_at = created_at";
    sqlx::query(other_way).execute(&mut world.database.admin().await).await.unwrap();
    browser.get("/profile").await;
    for (page, next) in [("/sign-in/code", "/"), ("/reauthenticate/code", "/profile")] {
        browser.get("/sessions").await;
        browser.post(page, &[("code", &code), ("next", next)]).await;
        let asked = browser.get("/profile").await;
        assert_eq!(asked.location(), "/reauthenticate?next=/profile", "{page}");
    }
}

#[tokio::test]
async fn s4_fifty_guesses_at_once_are_five() {
    let world = World::new().await;
    let mut browser = world.stale(TARO).await;
    browser.get("/reauthenticate?next=/profile").await;
    let guesses = (0..50).map(|number| {
        let mut browser = browser.clone();
        async move {
            let guess = format!("guess-{number}");
            browser.post("/reauthenticate", &[("password", &guess), ("next", "/profile")]).await
        }
    });
    futures_util::future::join_all(guesses).await;
    let refused = "select count(*) from audit_events where action = 'reauthentication.refused'";
    assert!(world.count(refused).await <= 5);
    assert_eq!(browser.get("/expenses").await.location(), "/sign-in");
}

#[tokio::test]
async fn s4_five_wrong_passwords_end_the_session() {
    let world = World::new().await;
    let mut browser = world.stale(TARO).await;
    browser.get("/reauthenticate?next=/profile").await;
    let wrong = [("password", "not mine"), ("next", "/profile")];
    for _ in 0..4 {
        let page = browser.post("/reauthenticate", &wrong).await;
        assert!(page.shows("パスワードが正しくありません。"), "{}", page.text());
    }
    let page = browser.post("/reauthenticate", &wrong).await;
    assert!(page.shows("はじめからログインし直してください。"), "{}", page.text());
    assert_eq!(browser.get("/expenses").await.location(), "/sign-in");
    world.sign_in(TARO).await;
}

#[tokio::test]
async fn s4_where_the_password_is_all_it_is_all_that_is_asked() {
    let world = World::new().await;
    let mut browser = world.stale(SABURO).await;
    browser.get("/reauthenticate?next=/profile").await;
    let fields = [("password", SABURO.password), ("next", "/profile")];
    let before = browser.cookies.clone();
    assert_eq!(browser.post("/reauthenticate", &fields).await.location(), "/profile");
    assert_ne!(browser.cookies, before, "under a new token");
    let page = browser.get("/profile").await;
    assert!(page.shows("ユーザーIDは変更できません。"), "T6: {}", page.text());
    let forced = browser.post("/profile", &[("user_id", "saburo99"), ("method", "")]).await;
    assert!(forced.status.is_redirection());
    world.sign_in(SABURO).await;
}

#[tokio::test]
async fn s1_s8_the_profile_shows_the_seeds_rows_and_changes_the_user_id() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let page = browser.get("/profile").await;
    for row in [
        "言語",
        "ユーザID",
        "メールアドレス",
        "Eメール変更",
        "ユーザー名",
        "仮IDフラグ",
        "認証方法",
    ] {
        assert!(page.shows(row), "{row}: {}", page.text());
    }
    assert!(page.shows("テスト 太郎") && page.shows("ポータルに戻る"));
    for (user_id, error) in
        [(GORO.user_id, "このユーザIDは利用できません。"), ("a b", "空白や制御文字は使えません。")]
    {
        let page = browser
            .post(
                "/profile",
                &[("user_id", user_id), ("was", TARO.user_id), ("method", "email_code")],
            )
            .await;
        assert!(page.shows(error), "{user_id}: {}", page.text());
    }
    let mut second_tab = browser.clone();
    let fields = [("user_id", "Taro.Kaiun"), ("was", TARO.user_id), ("method", "email_code")];
    let done = browser.post("/profile", &fields).await;
    assert!(browser.follow(done).await.shows("変更しました。"));
    // The tab that still shows the old ID can neither bring it back nor set another one.
    let fields = [("user_id", TARO.user_id), ("was", TARO.user_id), ("method", "email_code")];
    assert!(second_tab.post("/profile", &fields).await.status.is_redirection());
    let fields = [("user_id", "taro.other"), ("was", TARO.user_id), ("method", "email_code")];
    let page = second_tab.post("/profile", &fields).await;
    assert!(page.shows("ほかの画面でユーザIDが変更されました。"), "{}", page.text());
    world.sign_in(Person { user_id: "taro.kaiun", ..TARO }).await;
    let told = world.mails_to(TARO.email);
    assert!(told.iter().any(|mail| mail.contains("ユーザIDの変更")), "{told:?}");
}

#[tokio::test]
async fn t5_nobody_takes_their_password_as_user_id() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let own = "umikaze-2026z";
    browser.get("/sign-in-methods/password").await;
    browser.post("/sign-in-methods/password", &[("password", own), ("again", own)]).await;
    browser.get("/profile").await;
    let fields = [("user_id", own), ("was", TARO.user_id), ("method", "email_code")];
    let page = browser.post("/profile", &fields).await;
    assert!(page.shows("ユーザIDと同じ文字列はパスワードに設定できません。"), "{}", page.text());
    // A form that can change nothing sends no notice.
    for (was, method) in [("taro_x", "email_code"), (TARO.user_id, "no-such")] {
        let fields = [("user_id", own), ("was", was), ("method", method)];
        let page = browser.post("/profile", &fields).await;
        assert!(!page.shows("パスワードに設定できません"), "{was} {method}: {}", page.text());
    }
}

#[tokio::test]
async fn s6_a_new_address_counts_once_confirmed_and_the_old_one_is_told() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let page = browser.get("/profile/email").await;
    assert!(page.body.contains("value=\"taro@example.jp\""));
    let same = browser.post("/profile/email", &[("email", "TARO@example.jp")]).await;
    assert!(same.shows("現在のメールアドレスと同じです。"), "{}", same.text());
    let taken = browser.post("/profile/email", &[("email", GORO.email)]).await;
    assert!(taken.shows("他のアカウントで設定されているメールアドレスです。"));
    let asked = browser.post("/profile/email", &[("email", "new@example.jp")]).await;
    assert_eq!(asked.location(), "/profile/email/sent");
    assert!(browser.get("/profile").await.shows(TARO.email), "nothing has changed yet");
    let confirmed = world.open_link(TARO, "new@example.jp").await;
    assert_eq!(confirmed.heading(), "メールアドレスの確認が完了しました");
    assert_eq!(browser.get("/profile/email/status").await.body, "{\"confirmed\":true}");
    assert!(browser.get("/profile").await.shows("new@example.jp"));
    world.deliver().await;
    let told = world.mails_to(TARO.email);
    assert!(told.iter().any(|mail| mail.contains("メールアドレスの変更")), "{told:?}");
    world.sign_in(Person { email: "new@example.jp", ..TARO }).await;
}

#[tokio::test]
async fn s6_a_session_that_is_ended_leaves_no_change_of_address_behind() {
    let world = World::new().await;
    let mut intruder = world.sign_in(TARO).await;
    intruder.get("/profile/email").await;
    intruder.post("/profile/email", &[("email", "evil@example.jp")]).await;
    world.clock.advance(Duration::seconds(1));
    let mut taro = world.sign_in(TARO).await;
    taro.get("/sessions").await;
    assert_eq!(taro.post("/sessions/others/end", &[]).await.location(), "/sessions");
    let link = world.mailed_link("evil@example.jp").await;
    let mut browser = world.browser("klinekenpo");
    assert_eq!(browser.get(&link).await.heading(), "リンクの有効期限が切れています");
    assert!(taro.get("/profile").await.shows(TARO.email));
}

#[tokio::test]
async fn s6_whatever_changes_how_one_signs_in_kills_an_open_link() {
    let world = World::new().await;
    for change in ["a passkey", "recovery codes"] {
        world.clock.advance(Duration::hours(1));
        let mut browser = world.sign_in(TARO).await;
        browser.get("/profile/email").await;
        browser.post("/profile/email", &[("email", "new@example.jp")]).await;
        let link = world.mailed_link("new@example.jp").await;
        if change == "a passkey" {
            let page = "/sign-in-methods/passkeys";
            let credential = Device::at(KLINE).make(options(&browser.get(page).await));
            browser.post(page, &[("credential", &credential), ("name", "iPhone")]).await;
        } else {
            let page = "/sign-in-methods/recovery-codes";
            let seen = hidden(&browser.get(page).await, "made_at");
            browser.post(page, &[("made_at", &seen)]).await;
        }
        let page = world.browser("klinekenpo").get(&link).await;
        assert_eq!(page.heading(), "リンクの有効期限が切れています", "{change}");
    }
}

#[tokio::test]
async fn a_password_chosen_in_a_session_that_ends_meanwhile_is_not_set() {
    let world = World::new().await;
    let mut intruder = world.sign_in(TARO).await;
    let page = "/sign-in-methods/password";
    intruder.get(page).await;
    let mut owner = world.database.admin().await;
    sqlx::raw_sql("begin; select from logins where user_id = 'taro_k' for update")
        .execute(&mut owner)
        .await
        .unwrap();
    let fields = [("password", "Nusumareta-2026"), ("again", "Nusumareta-2026")];
    let choosing = intruder.post(page, &fields);
    let ending = async {
        let waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'
                     and datname = current_database()";
        while world.count(waits).await == 0 {
            tokio::task::yield_now().await;
        }
        sqlx::raw_sql("update sessions set ended_at = now(); commit")
            .execute(&mut owner)
            .await
            .unwrap();
    };
    let (_, ()) = tokio::join!(choosing, ending);
    world.sign_in(TARO).await;
}

#[tokio::test]
async fn s7_a_new_password_ends_the_other_sessions_and_kills_open_links() {
    let world = World::new().await;
    let mut other = world.sign_in(TARO).await;
    world.clock.advance(Duration::seconds(1));
    let mut browser = world.sign_in(TARO).await;
    browser.get("/profile/email").await;
    browser.post("/profile/email", &[("email", "new@example.jp")]).await;
    let link = world.mailed_link("new@example.jp").await;
    world.clock.advance(Duration::minutes(1));
    let page = "/sign-in-methods/password";
    browser.get(page).await;
    let fields = |password| [("password", password), ("again", password)];
    let same = browser.post(page, &fields(TARO.password)).await;
    assert!(same.shows("現在のパスワードと同じものは設定できません。"), "{}", same.text());
    let done = browser.post(page, &fields("Atarashii-2026")).await;
    assert_eq!(done.location(), METHODS);
    let methods = browser.get(METHODS).await;
    assert!(methods.shows("作成日") && methods.shows("2026年11月21日 10:01"), "{}", methods.text());
    assert_eq!(other.get("/expenses").await.location(), "/sign-in");
    assert_eq!(other.get(&link).await.heading(), "リンクの有効期限が切れています");
    let told = world.mails_to(TARO.email);
    world.deliver().await;
    assert!(world.mails_to(TARO.email).len() > told.len(), "and tells the person");
    world.sign_in(Person { password: "Atarashii-2026", ..TARO }).await;
}

#[tokio::test]
async fn s2_s3_s5_an_app_is_chosen_set_up_on_the_spot_and_deleted() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let methods = browser.get(METHODS).await;
    assert!(methods.shows("生体認証は未設定") && methods.shows("Authenticatorを設定"));
    browser.get("/profile").await;
    let fields = [("user_id", TARO.user_id), ("was", TARO.user_id), ("method", "totp")];
    assert_eq!(browser.post("/profile", &fields).await.location(), "/sign-in-methods/totp");
    assert!(
        browser.get(METHODS).await.shows("現在の認証方法：ワンタイムパスワード（OTP）メール認証")
    );
    let mut names = Vec::new();
    for name in ["iphone17", "仕事スマホ"] {
        let page = browser.get("/sign-in-methods/totp").await;
        let code = crate::first_sign_in::app_code(&world, &crate::first_sign_in::key(&page));
        let fields = [("code", code.as_str()), ("device_name", name)];
        let done = browser.post("/sign-in-methods/totp", &fields).await;
        assert_eq!(done.location(), METHODS, "{}", done.text());
        names.push(name);
        world.clock.advance(Duration::seconds(30));
    }
    let page = browser.get("/sign-in-methods/totp").await;
    let code = crate::first_sign_in::app_code(&world, &crate::first_sign_in::key(&page));
    let fields = [("code", code.as_str()), ("device_name", "iphone17")];
    let same = browser.post("/sign-in-methods/totp", &fields).await;
    assert!(same.shows("同じ名前のデバイスがあります。"), "{}", same.text());
    let methods = browser.get(METHODS).await;
    assert!(methods.shows("現在の認証方法：ワンタイムパスワード（OTP）アプリ認証"), "S2");
    assert!(names.iter().all(|name| methods.shows(name)));
    let mut again = world.browser("klinekenpo");
    assert_eq!(world.give_password(&mut again, TARO).await.location(), "/sign-in/totp");
    assert!(again.get("/sign-in/totp").await.shows("仕事スマホ"), "L4: a choice by name");

    let deletions: Vec<String> = methods
        .body
        .split("href=\"")
        .filter_map(|part| part.split('"').next())
        .filter(|path| path.ends_with("/delete"))
        .map(str::to_owned)
        .collect();
    assert_eq!(deletions.len(), 2);
    let mut goro = world.sign_in(GORO).await;
    assert_eq!(goro.get(&deletions[0]).await.status, StatusCode::NOT_FOUND, "not his");
    for (number, path) in deletions.iter().enumerate() {
        let page = browser.get(path).await;
        assert!(page.shows(names[number]) && page.shows("削除する"), "{}", page.text());
        assert_eq!(page.shows("メール認証"), number == 1, "says so before it falls back");
        assert_eq!(browser.post(path, &[]).await.location(), METHODS);
        assert_eq!(browser.post(path, &[]).await.location(), METHODS, "twice is as good");
    }
    assert!(
        browser.get(METHODS).await.shows("現在の認証方法：ワンタイムパスワード（OTP）メール認証")
    );
    let mut again = world.browser("klinekenpo");
    assert_eq!(world.give_password(&mut again, TARO).await.location(), "/sign-in/code");
}
