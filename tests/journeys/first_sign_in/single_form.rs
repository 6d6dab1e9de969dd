//! The older way of jrckenpo (G1–G4, seed 004).

use axum::http::StatusCode;

use crate::support::browser::{Browser, Page};
use crate::support::first_sign_in::hidden;
use crate::support::people::{MEMBER_HEADINGS, Person, SABURO, file};
use crate::support::world::World;

const IDENTITY: &str = "/first-sign-in/identity";
const DETAILS: &str = "/first-sign-in/details";
const CONFIRMATION: &str = "/first-sign-in/confirmation";

/// He has a letter from jrckenpo.
const HACHIRO: Person = Person {
    union: "jrckenpo",
    user_id: "kari88888",
    password: "h4vt9kq2mx7p",
    email: "hachiro@example.jp",
};

/// The input for 「個人情報入力画面」.
#[derive(Clone, Copy)]
struct Typed {
    user_id: &'static str,
    password: &'static str,
    again: &'static str,
    email: &'static str,
    expense_mail: &'static str,
}

const TYPED: Typed = Typed {
    user_id: "Hachiro88",
    password: "Rajio1925",
    again: "Rajio1925",
    email: "hachi@example.jp",
    expense_mail: "no",
};

async fn world() -> World {
    let world = World::new().await;
    let row = "R8,R8,06139950,300,88,00,電波　八郎,デンパ　ハチロウ,1988-08-08,本人,2020-04-01,,kari88888,hachiro@example.jp,h4vt9kq2mx7p";
    world.import_members("jrckenpo", &file(MEMBER_HEADINGS, &[row])).await.unwrap();
    world
}

async fn begin(world: &World) -> Browser {
    let mut browser = world.browser("jrckenpo");
    assert_eq!(world.give_password(&mut browser, HACHIRO).await.location(), IDENTITY);
    browser
}

async fn prove_identity(browser: &mut Browser) -> Page {
    let version = hidden(&browser.get(IDENTITY).await, "terms");
    let fields = [
        ("insurer_number", "0613-9950"),
        ("birthdate", "S63.8.8"),
        ("terms", version.as_str()),
        ("agree", "on"),
    ];
    browser.post(IDENTITY, &fields).await
}

async fn type_details(browser: &mut Browser, typed: Typed) -> Page {
    browser.get(DETAILS).await;
    let Typed { user_id, password, again, email, expense_mail } = typed;
    let fields = [
        ("user_id", user_id),
        ("password", password),
        ("again", again),
        ("email", email),
        ("expense_mail", expense_mail),
    ];
    browser.post(DETAILS, &fields).await
}

#[tokio::test]
async fn g1_to_g4_hachiro_registers_on_two_forms_and_a_confirmation() {
    let world = world().await;
    let mut browser = begin(&world).await;
    let page = browser.get(IDENTITY).await;
    assert_eq!(page.heading(), "本人確認");
    assert!(page.shows("全3ステップ中1") && page.shows("第1条") && page.shows("同意する"));
    assert!(prove_identity(&mut browser).await.status.is_redirection());
    let page = browser.get(DETAILS).await;
    assert_eq!(page.heading(), "個人情報入力画面");
    assert!(page.shows("全3ステップ中2") && page.shows("8桁以上、13桁以内"), "{}", page.text());
    assert_eq!(browser.get(CONFIRMATION).await.location(), DETAILS, "nothing to confirm yet");
    assert_eq!(type_details(&mut browser, TYPED).await.location(), CONFIRMATION);
    let page = browser.get(CONFIRMATION).await;
    assert_eq!(page.heading(), "入力確認画面");
    assert!(page.shows("全3ステップ中3") && page.shows("hachiro88") && page.shows("●●●●"));
    assert!(page.shows("不要") && !page.body.contains(TYPED.password));

    // 「戻る」 loses no input, and the password need not be typed again.
    let page = browser.get(DETAILS).await;
    assert!(page.body.contains("value=\"hachiro88\"") && page.body.contains("hachi@example.jp"));
    assert!(page.shows("入力済みです。") && !page.body.contains(TYPED.password));
    let again = Typed { password: "", again: "", expense_mail: "yes", ..TYPED };
    assert_eq!(type_details(&mut browser, again).await.location(), CONFIRMATION);
    assert!(browser.get(CONFIRMATION).await.shows("必要"));
    let answer = browser.post(CONFIRMATION, &[]).await;
    let page = browser.follow(answer).await;
    assert_eq!(page.heading(), "登録が完了しました");
    assert!(page.shows("hachiro88") && page.shows("メニューへ"), "{}", page.text());
    assert!(browser.get("/").await.heading().starts_with("ようこそ"), "T4: the password alone");
    let page = browser.get("/profile").await;
    assert_eq!(page.heading(), "プロフィール変更", "nobody asks for a password set just now");

    world.deliver().await;
    let mails = world.mails_to(TYPED.email);
    let welcome = mails.last().unwrap();
    assert!(
        welcome.starts_with("KOSMO Communication Web へようこそ") && welcome.contains("hachiro88")
    );
    assert!(!welcome.contains(TYPED.password));
    let dead = world.give_password(&mut world.browser("jrckenpo"), HACHIRO).await;
    assert!(dead.shows("無効なユーザーIDまたはパスワードです。"), "G4");
    world.sign_in(Person { user_id: "hachiro88", password: TYPED.password, ..HACHIRO }).await;
    let kept = "select count(*) from mail_preferences where kind = 'expenses' and wanted";
    assert_eq!(world.count(kept).await, 1);
    assert_eq!(world.count("select count(*) from registration_drafts").await, 0);
}

#[tokio::test]
async fn g1_nothing_tells_which_part_was_wrong_and_five_lock() {
    let world = world().await;
    let mut browser = begin(&world).await;
    let version = hidden(&browser.get(IDENTITY).await, "terms");
    let wrong = "保険者番号または生年月日が正しくありません。";
    let all = |insurer: &'static str, birthdate: &'static str| {
        [("insurer_number", insurer), ("birthdate", birthdate), ("agree", "on")]
    };
    for (insurer, birthdate) in
        [("06139943", "19880808"), ("06139950", "19880809"), ("06139943", "19880809")]
    {
        let fields = [&all(insurer, birthdate)[..], &[("terms", version.as_str())]].concat();
        let page = browser.post(IDENTITY, &fields).await;
        assert!(page.shows(wrong), "{}", page.text());
        assert_eq!(page.body.matches("aria-invalid").count(), 0, "no field is named");
    }
    let page = browser
        .post(
            IDENTITY,
            &[("insurer_number", ""), ("birthdate", "x"), ("terms", &version), ("agree", "")],
        )
        .await;
    for error in
        ["保険者番号を入力してください。", "数字8桁で", "「同意する」をチェックしてください。"]
    {
        assert!(page.shows(error), "{error}: {}", page.text());
    }
    let fields = [&all("06139943", "19880808")[..], &[("terms", version.as_str())]].concat();
    browser.post(IDENTITY, &fields).await;
    let page = browser.post(IDENTITY, &fields).await;
    assert!(page.shows("アカウントをロックしました"), "{}", page.text());
    let page = world.give_password(&mut world.browser("jrckenpo"), HACHIRO).await;
    assert!(page.shows("無効なユーザーIDまたはパスワードです。"));
}

#[tokio::test]
async fn g2_each_field_is_checked_and_what_was_typed_stays() {
    let world = world().await;
    // The older way doesn't confirm addresses.
    let typed = "update logins set email_confirmed_at = null where user_id = 'saburo76'";
    sqlx::query(typed).execute(&mut world.database.admin().await).await.unwrap();
    let mut browser = begin(&world).await;
    prove_identity(&mut browser).await;
    for (typed, errors) in [
        (Typed { user_id: "hachi", ..TYPED }, &["8文字以上、13文字以内"] as &[&str]),
        (Typed { user_id: "hachiro_88", ..TYPED }, &["「_」はユーザーIDに利用できません。"]),
        (Typed { user_id: SABURO.user_id, ..TYPED }, &["このユーザーIDは利用できません。"]),
        (Typed { password: "", again: "", ..TYPED }, &["パスワードを入力してください。"]),
        (Typed { again: "Rajio1926", ..TYPED }, &["パスワードが一致していません。"]),
        (Typed { password: "rajiorajio", again: "rajiorajio", ..TYPED }, &["半角数字を1文字以上"]),
        (
            Typed { password: "rajio", again: "Rajio1925", user_id: "hachi", ..TYPED },
            &["8文字以上、13文字以内", "8文字以上で", "半角数字を1文字以上", "一致していません"],
        ),
        (
            Typed { password: "rajio", again: "rajio", email: "hachi@", ..TYPED },
            &["8文字以上で", "無効なメールアドレスです。"],
        ),
        (
            Typed { password: "Rajio19250101192501012", again: "Rajio19250101192501012", ..TYPED },
            &["20文字以内"],
        ),
        (
            Typed { password: HACHIRO.password, again: HACHIRO.password, ..TYPED },
            &["現在のパスワードと同じものは設定できません。"],
        ),
        (Typed { email: "hachi@", ..TYPED }, &["無効なメールアドレスです。"]),
        (Typed { email: SABURO.email, ..TYPED }, &["他のアカウントで設定されている"]),
        (Typed { expense_mail: "", ..TYPED }, &["必要・不要のどちらかを選択してください。"]),
    ] {
        let page = type_details(&mut browser, typed).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{errors:?}");
        for error in errors {
            assert!(page.shows(error), "{error}: {}", page.text());
        }
        assert!(page.body.contains(&format!("value=\"{}\"", typed.user_id)));
        assert!(!page.body.contains("value=\"Rajio"), "but for passwords");
    }
    assert_eq!(world.count("select count(*) from registration_drafts").await, 0);
    let without_mail = Typed { email: "", ..TYPED };
    assert_eq!(type_details(&mut browser, without_mail).await.location(), CONFIRMATION);
}

#[tokio::test]
async fn t5_an_id_changed_afterwards_may_not_become_the_password() {
    let world = world().await;
    let mut browser = begin(&world).await;
    prove_identity(&mut browser).await;
    type_details(&mut browser, Typed { password: "umikaze26x", again: "umikaze26x", ..TYPED })
        .await;
    let renamed = Typed { user_id: "umikaze26x", password: "", again: "", ..TYPED };
    let page = type_details(&mut browser, renamed).await;
    assert!(page.shows("パスワードを入力してください。"), "{}", page.text());
    let both = Typed { password: "umikaze26x", again: "umikaze26x", ..renamed };
    let page = type_details(&mut browser, both).await;
    assert!(page.shows("ユーザーIDと同じ文字列はパスワードに設定できません。"), "{}", page.text());
}

#[tokio::test]
async fn f11_the_address_the_union_knew_is_told_in_the_older_way_too() {
    let world = world().await;
    let mut browser = begin(&world).await;
    prove_identity(&mut browser).await;
    type_details(&mut browser, TYPED).await;
    browser.get(CONFIRMATION).await;
    browser.post(CONFIRMATION, &[]).await;
    world.deliver().await;
    let told = world.mails_to(HACHIRO.email);
    assert!(
        told.iter().any(|mail| mail.starts_with("【KOSMOWeb】初回ログインのお知らせ")),
        "{told:?}"
    );
    let registered = browser.get("/first-sign-in/registered").await;
    assert_eq!(registered.heading(), "登録が完了しました");
    let own = Person { user_id: "hachiro88", password: TYPED.password, ..HACHIRO };
    let mut later = world.sign_in(own).await;
    assert_eq!(later.get("/first-sign-in/registered").await.location(), "/");
}

#[tokio::test]
async fn g3_an_id_that_another_took_meanwhile_is_told_and_ten_clicks_register_once() {
    let world = world().await;
    let mut browser = begin(&world).await;
    prove_identity(&mut browser).await;
    type_details(&mut browser, TYPED).await;
    let take = "update logins set user_id = 'hachiro88' where user_id = 'saburo76'";
    sqlx::query(take).execute(&mut world.database.admin().await).await.unwrap();
    browser.get(CONFIRMATION).await;
    let page = browser.post(CONFIRMATION, &[]).await;
    assert!(page.shows("このユーザーIDは利用できません。"), "{}", page.text());
    type_details(&mut browser, Typed { user_id: "hachiro99", ..TYPED }).await;
    browser.get(CONFIRMATION).await;
    let clicks = (0..10).map(|_| {
        let mut browser = browser.clone();
        async move { browser.post(CONFIRMATION, &[]).await }
    });
    for answer in futures_util::future::join_all(clicks).await {
        assert!(answer.status.is_redirection(), "{}", answer.text());
    }
    let welcomes = "select count(*) from outbox where kind = 'welcome'";
    assert_eq!(world.count(welcomes).await, 1);
}

#[tokio::test]
async fn a_union_of_the_older_way_has_one_word_for_a_user_id_and_those_of_its_letters() {
    let world = world().await;
    let mut browser = world.browser("jrckenpo");
    let mut pages = vec![
        browser.get("/sign-in").await,
        browser.post("/sign-in", &[("user_id", ""), ("password", "")]).await,
        browser.get("/forgotten-password").await,
        browser.post("/forgotten-password", &[("user_id", "")]).await,
        browser.post("/forgotten-password", &[("user_id", "saburo76")]).await,
        browser.get("/forgotten-user-id").await,
    ];
    let mut browser = begin(&world).await;
    prove_identity(&mut browser).await;
    pages.push(browser.get(DETAILS).await);
    pages.push(type_details(&mut browser, Typed { user_id: "h!", ..TYPED }).await);
    type_details(&mut browser, TYPED).await;
    pages.push(browser.get(CONFIRMATION).await);
    for page in &pages {
        assert!(page.shows("ユーザーID") && !page.shows("ユーザID"), "{}", page.text());
    }
    let details = &pages[6];
    for words in
        ["ユーザーID (必須)", "メールアドレス (任意)", "パスワードは8桁以上で入力してください。"]
    {
        assert!(details.shows(words), "{words}: {}", details.text());
    }
    assert!(pages[8].shows("メールアドレス (任意)"), "{}", pages[8].text());
    let link =
        "<a class=\"link\" href=\"/policies\">注意事項・免責事項・セキュリティポリシー等</a>";
    assert!(details.body.contains(link));
    let policies = world.browser("jrckenpo").get("/policies").await;
    assert_eq!(policies.heading(), "注意事項・免責事項・セキュリティポリシー等");
    assert!(policies.shows("第1条"), "{}", policies.text());
    let elsewhere = world.browser("klinekenpo").get("/sign-in").await;
    assert!(elsewhere.shows("ユーザID ※必須") && !elsewhere.shows("注意事項・免責事項"));

    let mut browser = world.browser("jrckenpo");
    browser.get("/forgotten-user-id").await;
    let fields = [("birthdate", "19760707"), ("email", SABURO.email)];
    browser.post("/forgotten-user-id", &fields).await;
    world.deliver().await;
    let mails = world.mails_to(SABURO.email);
    let mail = mails.iter().find(|mail| mail.contains("ユーザーIDのご案内")).unwrap();
    assert!(mail.contains("saburo76") && !mail.contains("ユーザID"), "{mail}");
}
