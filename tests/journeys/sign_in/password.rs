//! Signing in with password and mailed code.

use axum::http::StatusCode;
use chrono::Duration;

use crate::support::browser::Page;
use crate::support::people::{GORO, JIRO, Person, SABURO, TARO};
use crate::support::world::World;

const REFUSED: &str = "無効なユーザIDまたはパスワードです。";

#[tokio::test]
async fn l3_taro_signs_in_with_password_and_mailed_code() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    let page = world.give_password(&mut browser, TARO).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/sign-in/code"));
    let page = browser.get("/sign-in/code").await;
    assert_eq!(page.heading(), "ワンタイムパスワード (OTP) メール認証");
    assert!(page.shows("受信したワンタイムパスワードを入力してください。"));
    assert!(page.shows("t***@example.jp") && !page.shows("taro@example.jp"));

    let code = world.mailed_code(TARO.email).await;
    let mail = world.mails_to(TARO.email).pop().unwrap();
    assert!(mail.starts_with("【KOSMOWeb】ワンタイムパスワードのお知らせ"));
    assert!(mail.contains("川崎汽船健康保険組合"));

    let answer = browser.post("/sign-in/code", &[("code", &code)]).await;
    let page = browser.follow(answer).await;
    assert_eq!(page.heading(), "ようこそ、テスト　太郎 さん");
    assert!(page.shows("医療費情報"), "T10: the union's services");
}

#[tokio::test]
async fn l3_the_code_may_be_typed_in_full_width_and_with_blanks() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    world.give_password(&mut browser, TARO).await;
    browser.get("/sign-in/code").await;
    let code = world.mailed_code(TARO.email).await;
    let wide: String = code.chars().map(|c| char::from_u32(c as u32 + 0xFEE0).unwrap()).collect();
    let typed = format!(" {} {} ", &wide[..9], &wide[9..]);
    let answer = browser.post("/sign-in/code", &[("code", &typed)]).await;
    assert_eq!(answer.location(), "/sign-in/continue");
}

#[tokio::test]
async fn l3_a_code_may_be_pasted_with_marks_that_nobody_sees_and_with_any_dash() {
    let world = World::new().await;
    let pasted: [fn(&str) -> String; 5] = [
        |code| format!("{code}\u{200b}"),
        |code| format!("\u{202a}{code}\u{202c}"),
        |code| format!("\u{feff}{code}"),
        |code| format!("{}–{}", &code[..3], &code[3..]),
        |code| format!("\u{2068}{}‑{}\u{2069}", &code[..3], &code[3..]),
    ];
    for pasted in pasted {
        let mut browser = world.browser("klinekenpo");
        world.give_password(&mut browser, TARO).await;
        browser.get("/sign-in/code").await;
        let typed = pasted(&world.mailed_code(TARO.email).await);
        let answer = browser.post("/sign-in/code", &[("code", &typed)]).await;
        assert_eq!(answer.location(), "/sign-in/continue", "{typed:?}");
        world.clock.advance(Duration::minutes(1));
    }
}

#[tokio::test]
async fn l1_a_pasted_user_id_loses_its_invisible_marks_and_a_password_keeps_them() {
    let world = World::new().await;
    let marked = format!("\u{202a}{}\u{202c}\u{200b}", TARO.user_id);
    let mut browser = world.browser("klinekenpo");
    browser.get("/sign-in").await;
    let fields = [("user_id", marked.as_str()), ("password", TARO.password)];
    assert_eq!(browser.post("/sign-in", &fields).await.location(), "/sign-in/code");
    let marked = format!("{}\u{200b}", TARO.password);
    browser.get("/sign-in").await;
    let fields = [("user_id", TARO.user_id), ("password", marked.as_str())];
    let page = browser.post("/sign-in", &fields).await;
    assert!(page.shows(REFUSED), "{}", page.text());
}

#[tokio::test]
async fn l1_what_nobody_can_see_counts_as_nothing_typed() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    let unseen = ["", "　", "\u{200b}", "\u{3164}", "\u{2800}\u{fe0f}"];
    for typed in unseen {
        browser.get("/sign-in").await;
        let fields = [("user_id", typed), ("password", TARO.password)];
        let page = browser.post("/sign-in", &fields).await;
        assert!(page.shows("ユーザIDを入力してください。"), "{typed:?}: {}", page.text());
    }
    world.give_password(&mut browser, TARO).await;
    browser.get("/sign-in/code").await;
    for typed in unseen {
        let page = browser.post("/sign-in/code", &[("code", typed)]).await;
        let told = "ワンタイムパスワードを入力してください。";
        assert!(page.shows(told), "{typed:?}: {}", page.text());
    }
    let code = world.mailed_code(TARO.email).await;
    let answer = browser.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(answer.location(), "/sign-in/continue", "no try was counted");
}

#[tokio::test]
async fn t4_jrckenpo_asks_for_the_password_alone() {
    let world = World::new().await;
    let mut browser = world.browser("jrckenpo");
    let answer = world.give_password(&mut browser, SABURO).await;
    let page = browser.follow(answer).await;
    assert_eq!(page.heading(), "ようこそ、電波　三郎 さん");
    world.deliver().await;
    let told = world.mails_to(SABURO.email);
    assert!(!told.iter().any(|mail| mail.contains("ワンタイムパスワード")), "{told:?}");
}

#[tokio::test]
async fn t6_a_user_id_is_typed_in_any_case_and_width() {
    let world = World::new().await;
    let person = Person { user_id: "ＴＡＲＯ_K", ..TARO };
    let answer = world.give_password(&mut world.browser("klinekenpo"), person).await;
    assert_eq!(answer.location(), "/sign-in/code");
}

#[tokio::test]
async fn l1_nobody_learns_why_a_sign_in_was_refused() {
    let world = World::new().await;
    let attempt = async |user_id: &'static str, password: &'static str| -> Page {
        let mut browser = world.browser("klinekenpo");
        world.give_password(&mut browser, Person { user_id, password, ..TARO }).await
    };
    let mut answers = Vec::new();
    for (user_id, password) in [
        ("taro_k", "wrong-password"),
        ("nobody", TARO.password),
        ("taro_k", "umikaze-2026"),
        ("taro_k", "Ｕｍｉｋａｚｅ-2026"),
        ("kari-n7", "w7kq2m9xv4tz"),
        ("a b", TARO.password),
    ] {
        let page = attempt(user_id, password).await;
        assert!(page.shows(REFUSED), "{user_id}: {}", page.text());
        assert!(page.title().starts_with("エラー: "));
        assert!(page.shows("健康保険組合"), "T7: the contact stands on the page");
        assert!(!page.body.contains(password), "no password is ever sent back");
        answers.push((page.status, page.text()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
}

#[tokio::test]
async fn what_is_missing_is_told_at_its_field_and_what_was_typed_stays() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    let page = world.give_password(&mut browser, Person { password: "", ..TARO }).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.shows("パスワードを入力してください。"));
    assert!(page.body.contains("href=\"#password\"") && page.body.contains("value=\"taro_k\""));
    let page = world.give_password(&mut browser, Person { user_id: " ", ..TARO }).await;
    assert!(page.shows("ユーザIDを入力してください。"));
}

#[tokio::test]
async fn monstrous_input_is_refused_politely() {
    let world = World::new().await;
    let megabyte = "x".repeat(1024 * 1024).leak();
    let long = "x".repeat(2000).leak();
    for (user_id, password, status) in [
        ("taro_k", &*megabyte, StatusCode::BAD_REQUEST),
        (&*megabyte, "x", StatusCode::BAD_REQUEST),
        ("taro_k", &*long, StatusCode::UNPROCESSABLE_ENTITY),
        ("taro\0k", "a\0b", StatusCode::UNPROCESSABLE_ENTITY),
        ("太郎🌊", "🌊🌊🌊", StatusCode::UNPROCESSABLE_ENTITY),
        ("<script>alert(1)</script>", "' or 1=1 --", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let person = Person { user_id, password, ..TARO };
        let page = world.give_password(&mut world.browser("klinekenpo"), person).await;
        assert_eq!(page.status, status, "{user_id:.20} {password:.20}");
        assert!(!page.body.contains("<script>alert"), "markup is data");
        assert!(
            page.heading().starts_with("ログイン") || page.heading().starts_with("送信された内容")
        );
    }
}

#[tokio::test]
async fn five_wrong_codes_end_the_sign_in() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    world.give_password(&mut browser, TARO).await;
    browser.get("/sign-in/code").await;
    let code = world.mailed_code(TARO.email).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..4 {
        let page = browser.post("/sign-in/code", &[("code", wrong)]).await;
        assert!(page.shows("ワンタイムパスワードが正しくありません"));
    }
    let page = browser.post("/sign-in/code", &[("code", wrong)]).await;
    assert_eq!(page.heading(), "ログイン");
    assert!(page.shows("はじめからログインし直してください"));
    let page = browser.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(browser.follow(page).await.heading(), "ログイン", "the right code comes too late");
}

#[tokio::test]
async fn a_code_lives_ten_minutes() {
    let world = World::new().await;
    for (seconds, accepted) in [(599, true), (601, false)] {
        let mut browser = world.browser("klinekenpo");
        world.give_password(&mut browser, TARO).await;
        browser.get("/sign-in/code").await;
        let code = world.mailed_code(TARO.email).await;
        world.clock.advance(Duration::seconds(seconds));
        let page = browser.post("/sign-in/code", &[("code", &code)]).await;
        assert_eq!(page.location() == "/sign-in/continue", accepted, "{}", page.text());
        assert!(accepted || page.shows("有効期限が切れています"));
        world.clock.advance(Duration::minutes(1));
    }
}

#[tokio::test]
async fn sending_again_waits_a_moment_and_kills_the_earlier_code() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    world.give_password(&mut browser, TARO).await;
    browser.get("/sign-in/code").await;
    let first = world.mailed_code(TARO.email).await;
    let page = browser.post("/sign-in/code/resend", &[]).await;
    assert!(page.shows("秒後にもう一度"), "{}", page.text());
    world.clock.advance(Duration::seconds(31));
    let page = browser.post("/sign-in/code/resend", &[]).await;
    assert!(page.shows("新しいワンタイムパスワードをメールで送信しました"));
    let second = world.mailed_code(TARO.email).await;
    assert_eq!(world.mails_to(TARO.email).len(), 2);
    if first != second {
        let page = browser.post("/sign-in/code", &[("code", &first)]).await;
        assert!(page.shows("ワンタイムパスワードが正しくありません"));
    }
    assert_eq!(
        browser.post("/sign-in/code", &[("code", &second)]).await.location(),
        "/sign-in/continue"
    );
}

#[tokio::test]
async fn a_code_is_good_for_the_sign_in_that_asked_and_for_no_other() {
    let world = World::new().await;
    let (mut mine, mut theirs) = (world.browser("klinekenpo"), world.browser("klinekenpo"));
    world.give_password(&mut mine, TARO).await;
    let code = world.mailed_code(TARO.email).await;
    world.give_password(&mut theirs, TARO).await;
    theirs.get("/sign-in/code").await;
    let newer = world.mailed_code(TARO.email).await;
    if code != newer {
        let page = theirs.post("/sign-in/code", &[("code", &code)]).await;
        assert!(page.shows("ワンタイムパスワードが正しくありません"));
    }
    mine.get("/sign-in/code").await;
    assert_eq!(
        mine.post("/sign-in/code", &[("code", &code)]).await.location(),
        "/sign-in/continue"
    );
}

#[tokio::test]
async fn a_double_click_on_the_code_has_one_effect() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    world.give_password(&mut browser, TARO).await;
    browser.get("/sign-in/code").await;
    let code = world.mailed_code(TARO.email).await;
    let (mut second_click, first_click) = (browser.clone(), browser.clone());
    let fields = [("code", code.as_str())];
    let (first, second) = tokio::join!(
        browser.post("/sign-in/code", &fields),
        second_click.post("/sign-in/code", &fields)
    );
    assert_eq!((first.location(), second.location()), ("/sign-in/continue", "/sign-in/continue"));
    let open = "select count(*) from sessions where second_factor_at is not null";
    assert_eq!(world.count(open).await, 1);
    let complete = "select count(*) from audit_events where action = 'sign_in.complete'";
    assert_eq!(world.count(complete).await, 1);
    let mut greetings = 0;
    for browser in [&mut browser, &mut second_click] {
        greetings += usize::from(browser.get("/").await.heading().starts_with("ようこそ、"));
    }
    assert_eq!(greetings, 1, "whichever answer came last has the session");
    let mut replay = first_click;
    for _ in 0..3 {
        world.clock.advance(Duration::seconds(8));
        let before = replay.cookies.clone();
        replay.post("/sign-in/code", &fields).await;
        if replay.cookies == before {
            return;
        }
        replay.cookies = before;
    }
    panic!("a used code was good for more than a double click");
}

#[tokio::test]
async fn a_page_opened_out_of_order_leads_to_the_step_that_is_due() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    for path in ["/expenses", "/sign-out", "/sign-in/code", "/sign-in/continue"] {
        assert_eq!(browser.get(path).await.location(), "/sign-in", "{path}");
    }
    world.give_password(&mut browser, TARO).await;
    for path in ["/expenses", "/expenses/months/2025-03", "/sign-in/continue"] {
        assert_eq!(browser.get(path).await.location(), "/sign-in/code", "{path}");
    }
    assert!(browser.get("/").await.shows("ログイン"), "the top page names nobody yet");
    let mut browser = world.sign_in(GORO).await;
    for path in ["/sign-in", "/sign-in/code", "/sign-in/continue"] {
        assert_eq!(browser.get(path).await.location(), "/", "{path}");
    }
}

#[tokio::test]
async fn t15_the_same_user_id_at_two_unions_is_two_people() {
    let world = World::new().await;
    assert_eq!(TARO.user_id, JIRO.user_id);
    let at_jom = Person { password: JIRO.password, ..TARO };
    let page = world.give_password(&mut world.browser("klinekenpo"), at_jom).await;
    assert!(page.shows(REFUSED));
    let mut browser = world.sign_in(JIRO).await;
    assert_eq!(browser.get("/").await.heading(), "ようこそ、油　次郎 さん");
}

#[tokio::test]
async fn who_signs_in_again_leaves_no_session_behind() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    let mut before = browser.clone();
    let fields = [("user_id", GORO.user_id), ("password", GORO.password)];
    assert_eq!(browser.post("/sign-in", &fields).await.location(), "/sign-in/code");
    assert_eq!(before.get("/expenses").await.location(), "/sign-in");
}

#[tokio::test]
async fn a_person_without_an_address_is_sent_to_the_union() {
    let world = World::new().await;
    let forget = "update logins set email = null, email_confirmed_at = null";
    sqlx::query(forget).execute(&mut world.database.admin().await).await.unwrap();
    let mut browser = world.browser("klinekenpo");
    let answer = world.give_password(&mut browser, TARO).await;
    let page = browser.follow(answer).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.shows("登録されたメールアドレスがない"), "{}", page.text());
}
