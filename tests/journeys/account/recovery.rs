//! Forgotten passwords and user IDs, and lost devices (R1–R4, T11).

use axum::http::{Method, StatusCode};
use chrono::Duration;

use crate::operator::said;
use crate::passkeys::KLINE;
use crate::support::browser::{Browser, Page};
use crate::support::people::{GORO, JIRO, NANA, Person, SABURO, TARO};
use crate::support::world::World;

const ANSWER: &str = "詳細な手順を記載したメールをすぐに受信してください。";
const OVER: &str = "リンクの有効期限が切れています";
const RESET: &str = "/reset-password";
const NEW: &str = "Wasurenai-2026";

impl World {
    async fn forget(&self, union: &str, user_id: &str) -> Page {
        self.clock.advance(Duration::milliseconds(1));
        let mut browser = self.browser(union);
        browser.get("/forgotten-password").await;
        browser.post("/forgotten-password", &[("user_id", user_id)]).await
    }

    /// Returns the token of the newest 「パスワードをリセット」.
    async fn reset_link(&self, person: Person) -> String {
        self.deliver().await;
        let mails = self.mails_to(person.email);
        let mut links = mails.iter().flat_map(|mail| mail.split_whitespace());
        let link = links.rfind(|word| word.contains("/reset-password?token=")).expect("a link");
        link.split_once("token=").expect("a token").1.to_owned()
    }

    async fn reset(&self, person: Person, token: &str, fields: &[(&str, &str)]) -> Page {
        let mut browser = self.browser(person.union);
        browser.get(&format!("{RESET}?token={token}")).await;
        // A dead link shows no form, but a browser may still have one open and send it.
        browser.get("/sign-in").await;
        let chosen = [("token", token), ("password", NEW), ("again", NEW)];
        let all: Vec<_> = chosen.into_iter().chain(fields.iter().copied()).collect();
        browser.post(RESET, &all).await
    }
}

fn with_new(person: Person) -> Person {
    Person { password: NEW, ..person }
}

async fn mails_with(world: &World, person: Person, words: &str) -> usize {
    world.deliver().await;
    world.mails_to(person.email).iter().filter(|mail| mail.contains(words)).count()
}

#[tokio::test]
async fn r1_r3_taro_forgets_his_password_and_sets_a_new_one_by_the_link() {
    let world = World::new().await;
    let mut living = world.sign_in(TARO).await;
    let page = world.browser("klinekenpo").get("/forgotten-password").await;
    assert!(
        page.shows("ユーザIDを入力してください。新しいパスワードの設定方法をご案内いたします。")
    );
    let answer = world.forget("klinekenpo", "TARO_K").await;
    assert_eq!(answer.heading(), "ログイン");
    assert!(answer.shows(ANSWER), "{}", answer.text());
    let token = world.reset_link(TARO).await;
    let mails = world.mails_to(TARO.email);
    assert!(mails.last().unwrap().starts_with("【KOSMOWeb】パスワードリセットのご案内"));

    let mut browser = world.browser("klinekenpo");
    let url = format!("{RESET}?token={token}");
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let page = browser.request(method, &url, String::new()).await;
        assert_eq!(page.status, StatusCode::OK, "looking uses nothing up");
    }
    let page = browser.get(&url).await;
    assert!(page.shows("パスワードを変更する必要があります。"), "{}", page.text());
    assert!(!page.shows("使えなくなった"), "T11: staff reset devices here");
    for (password, again, error) in [
        ("", "", "パスワードを入力してください。"),
        (NEW, "x", "パスワードが一致していません。"),
        ("short", "short", "8文字以上"),
        (TARO.password, TARO.password, "現在のパスワードと同じものは設定できません。"),
    ] {
        let fields = [("token", token.as_str()), ("password", password), ("again", again)];
        let page = browser.post(RESET, &fields).await;
        assert!(page.shows(error), "{error}: {}", page.text());
    }
    let fields = [("token", token.as_str()), ("password", NEW), ("again", NEW)];
    let clicks = (0..5).map(|_| {
        let mut browser = browser.clone();
        async move { browser.post(RESET, &fields).await }
    });
    let answers = futures_util::future::join_all(clicks).await;
    let done = answers.iter().filter(|page| page.shows("パスワードを変更しました。")).count();
    assert_eq!(done, 1, "of five clicks one does it");
    assert_eq!(browser.get(&url).await.heading(), OVER, "once only");
    assert_eq!(living.get("/expenses").await.location(), "/sign-in", "every session has ended");
    assert_eq!(mails_with(&world, TARO, "パスワードの変更").await, 1);
    let old = world.give_password(&mut world.browser("klinekenpo"), TARO).await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
    let half = world.give_password(&mut world.browser("klinekenpo"), with_new(TARO)).await;
    assert_eq!(half.location(), "/sign-in/code", "R3: never past the second factor");
}

#[tokio::test]
async fn r1_five_minutes_newest_only_and_at_its_own_union() {
    let world = World::new().await;
    world.forget("klinekenpo", TARO.user_id).await;
    let first = world.reset_link(TARO).await;
    world.forget("klinekenpo", TARO.user_id).await;
    let second = world.reset_link(TARO).await;
    assert_eq!(world.reset(TARO, &first, &[]).await.heading(), OVER, "superseded");
    let elsewhere = Person { union: "jomkenpo", ..TARO };
    assert_eq!(world.reset(elsewhere, &second, &[]).await.heading(), OVER);
    for nonsense in ["", "x", "あ", &"A".repeat(43)] {
        assert_eq!(world.reset(TARO, nonsense, &[]).await.status, StatusCode::GONE, "{nonsense}");
    }
    world.clock.advance(Duration::minutes(5) - Duration::milliseconds(1));
    assert!(world.reset(TARO, &second, &[]).await.shows("パスワードを変更しました。"));
    world.clock.advance(Duration::hours(1));
    world.forget("klinekenpo", GORO.user_id).await;
    let late = world.reset_link(GORO).await;
    world.clock.advance(Duration::minutes(5));
    assert_eq!(world.reset(GORO, &late, &[]).await.heading(), OVER);
}

#[tokio::test]
async fn r1_whatever_changes_an_account_kills_the_link() {
    let world = World::new().await;
    for change in ["user_id", "sessions", "password"] {
        world.clock.advance(Duration::hours(1));
        let person =
            if change == "password" { Person { user_id: "taro.kaiun", ..TARO } } else { TARO };
        let person =
            if change == "sessions" { Person { user_id: "taro.kaiun", ..TARO } } else { person };
        let mut browser = world.sign_in(person).await;
        world.forget("klinekenpo", person.user_id).await;
        let token = world.reset_link(TARO).await;
        match change {
            "user_id" => {
                browser.get("/profile").await;
                let fields =
                    [("user_id", "taro.kaiun"), ("was", TARO.user_id), ("method", "email_code")];
                assert!(browser.post("/profile", &fields).await.status.is_redirection());
            }
            "sessions" => {
                browser.get("/sessions").await;
                browser.post("/sessions/others/end", &[]).await;
            }
            _ => {
                let page = "/sign-in-methods/password";
                browser.get(page).await;
                let own = [("password", "Betsuno-2026"), ("again", "Betsuno-2026")];
                browser.post(page, &own).await;
            }
        }
        assert_eq!(world.reset(TARO, &token, &[]).await.heading(), OVER, "{change}");
    }
}

#[tokio::test]
async fn r1_what_the_old_mailbox_got_is_dead_once_the_new_address_counts() {
    let world = World::new().await;
    let mut browser = world.sign_in(TARO).await;
    browser.get("/profile/email").await;
    browser.post("/profile/email", &[("email", "new@example.jp")]).await;
    world.forget("klinekenpo", TARO.user_id).await;
    let token = world.reset_link(TARO).await;
    world.open_link(TARO, "new@example.jp").await;
    assert_eq!(world.reset(TARO, &token, &[]).await.heading(), OVER);
}

#[tokio::test]
async fn r1_r2_everybody_gets_the_same_answer_and_the_same_work() {
    let world = World::new().await;
    let mut locked = world.browser("klinekenpo");
    for _ in 0..11 {
        world.give_password(&mut locked, Person { password: "chigau-2026", ..GORO }).await;
    }
    let mut answers = Vec::new();
    for user_id in [TARO.user_id, GORO.user_id, "daremo_inai", &"x".repeat(300)] {
        let page = world.forget("klinekenpo", user_id).await;
        answers.push((page.status, page.text().replace(user_id, "…")));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let written = "select count(*) from outbox where kind = 'password_reset'";
    assert_eq!(world.count(written).await, 4, "a mail each, to nobody too");
    let sent = "select count(*) from outbox where kind = 'password_reset' and recipient <> ''";
    assert_eq!(world.count(sent).await, 1, "one goes out");
    let asked = "select count(*) from audit_events where action = 'password.reset_asked'";
    assert_eq!(world.count(asked).await, 4);
}

#[tokio::test]
async fn r1_a_forged_host_shapes_no_link() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    for name in ["x-forwarded-host", "forwarded", "x-original-host"] {
        browser.headers.push((name, "evil.example".to_owned()));
    }
    browser.get("/forgotten-password").await;
    browser.post("/forgotten-password", &[("user_id", TARO.user_id)]).await;
    world.reset_link(TARO).await;
    let mails = world.mails_to(TARO.email).join("\n");
    assert!(mails.contains(&format!("{KLINE}/reset-password")) && !mails.contains("evil"));
    let mut forged = Browser::new(world.router.clone(), "evil.example");
    let page = forged.post("/forgotten-password", &[("user_id", TARO.user_id)]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn r1_three_mails_to_a_person_and_twenty_from_a_place_are_enough() {
    let world = World::new().await;
    for _ in 0..5 {
        assert!(world.forget("klinekenpo", TARO.user_id).await.shows(ANSWER), "the same answer");
        world.deliver().await;
    }
    assert_eq!(mails_with(&world, TARO, "パスワードリセット").await, 3);
    for number in 0..15 {
        assert!(world.forget("klinekenpo", &format!("dare{number}")).await.shows(ANSWER));
    }
    let page = world.forget("klinekenpo", "dare").await;
    assert!(page.shows("メールの送信が続いたため"), "{}", page.text());
    world.clock.advance(Duration::minutes(10));
    assert!(world.forget("klinekenpo", TARO.user_id).await.shows(ANSWER));
    assert_eq!(mails_with(&world, TARO, "パスワードリセット").await, 4);
}

#[tokio::test]
async fn r2_a_person_who_forgot_the_user_id_gets_it_by_birthdate_and_address() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    let path = "/forgotten-user-id";
    let page = browser.get(path).await;
    assert!(page.shows("生年月日、メールアドレスを入力してください。ユーザIDをご案内いたします。"));
    for (birthdate, email, error) in [
        ("", TARO.email, "生年月日を入力してください。"),
        ("19790822", "", "メールアドレスを入力してください。"),
        ("19790822", "taro\r\nBcc: evil@example.com", "無効なメールアドレスです。"),
        ("19790822", &format!("{}@example.jp", "a".repeat(310)), "255文字"),
        ("1979/13/40", TARO.email, "存在しない日付です。"),
        ("79/8/22", TARO.email, "数字8桁"),
    ] {
        let page = browser.post(path, &[("birthdate", birthdate), ("email", email)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{error}");
        assert!(page.shows(error), "{error}: {}", page.text());
    }
    let mut answers = Vec::new();
    for (birthdate, email) in [
        ("昭和54年8月22日", "ＴＡＲＯ@example.jp"),
        ("19790823", "taro@example.jp"),
        ("19790822", "nobody@example.jp"),
    ] {
        let page = browser.post(path, &[("birthdate", birthdate), ("email", email)]).await;
        assert_eq!(page.heading(), "ログイン");
        assert!(page.shows("以下のメールアドレスにメールを送信しました。"), "{}", page.text());
        assert!(page.shows("メールに記載されているユーザIDでログインしてください。"));
        answers.push(page.text().replace("nobody@", "taro@"));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(mails_with(&world, TARO, "ユーザIDのご案内").await, 1);
    let mails = world.mails_to(TARO.email);
    assert!(mails.last().unwrap().contains(TARO.user_id), "{mails:?}");
    let written = "select count(*) from outbox where kind = 'user_id'";
    assert_eq!(world.count(written).await, 3, "the same work");
}

#[tokio::test]
async fn r3_t11_at_nideckenpo_the_link_replaces_lost_devices_too() {
    let world = World::new().await;
    world
        .change_policy("klinekenpo", |policy| {
            policy.lost_device.reset_by = kosmo::tenant::policy::FactorReset::ForgottenPassword;
        })
        .await;
    world.with_passkey(TARO, KLINE).await;
    world.forget("klinekenpo", TARO.user_id).await;
    let token = world.reset_link(TARO).await;
    let page = world.browser("klinekenpo").get(&format!("{RESET}?token={token}")).await;
    assert!(page.shows("登録した端末（認証アプリ・生体認証）も使えなくなった"), "{}", page.text());
    world.reset(TARO, &token, &[]).await;
    let half = world.give_password(&mut world.browser("klinekenpo"), with_new(TARO)).await;
    assert_eq!(half.location(), "/sign-in/passkey", "only whoever says so");

    world.clock.advance(Duration::hours(1));
    world.forget("klinekenpo", TARO.user_id).await;
    let token = world.reset_link(TARO).await;
    let other = [("password", "Mata-wasureta-2026"), ("again", "Mata-wasureta-2026")];
    let mut browser = world.browser("klinekenpo");
    browser.get(&format!("{RESET}?token={token}")).await;
    let fields = [("token", token.as_str()), other[0], other[1], ("lost", "on")];
    assert!(browser.post(RESET, &fields).await.shows("パスワードを変更しました。"));
    let person = Person { password: "Mata-wasureta-2026", ..TARO };
    let half = world.give_password(&mut world.browser("klinekenpo"), person).await;
    assert_eq!(half.location(), "/sign-in/passkey/set-up", "registers anew");
    assert_eq!(mails_with(&world, TARO, "認証方法の初期化のお知らせ").await, 1);
}

#[tokio::test]
async fn r4_staff_reset_who_lost_every_device_and_the_old_one_is_dead() {
    let world = World::new().await;
    let (mut device, mut living) = world.with_passkey(TARO, KLINE).await;
    let mut half = world.browser("klinekenpo");
    world.give_password(&mut half, TARO).await;
    let proof =
        device.prove(crate::support::authenticator::options(&half.get("/sign-in/passkey").await));
    let reset = ["members", "reset-factors", "--tenant", "klinekenpo", TARO.user_id, "--yes"];
    let output = world.kosmo(&reset);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(living.get("/expenses").await.location(), "/sign-in", "at once");
    let page = half.post("/sign-in/passkey", &[("credential", &proof)]).await;
    assert_eq!(page.location(), "/sign-in", "the old device is dead");
    let told = "select count(*) from outbox where kind = 'factors_reset'
                and recipient = 'taro@example.jp'";
    assert_eq!(world.count(told).await, 1);
    let next = world.give_password(&mut world.browser("klinekenpo"), TARO).await;
    assert_eq!(next.location(), "/sign-in/passkey/set-up", "set up anew");
    for (tenant, user_id) in [("klinekenpo", "nobody"), ("nobody", TARO.user_id)] {
        let output = world.kosmo(&["members", "reset-factors", "--tenant", tenant, user_id]);
        assert!(!output.status.success(), "{}", said(&output));
    }
    let lines = "select count(*) from audit_events where action = 'second_factors.reset'";
    assert_eq!(world.count(lines).await, 1);
}

#[tokio::test]
async fn r1_a_database_that_restarts_in_mid_reset_does_nothing_by_halves() {
    let world = World::new().await;
    for person in [SABURO, JIRO, NANA] {
        world.forget(person.union, person.user_id).await;
    }
    let token = world.reset_link(SABURO).await;
    let mut browser = world.browser("jrckenpo");
    browser.get(&format!("{RESET}?token={token}")).await;
    let fields = [("token", token.as_str()), ("password", "Denpa-2027"), ("again", "Denpa-2027")];
    world.execute("alter table password_resets rename to away").await;
    let page = browser.post(RESET, &fields).await;
    assert!(page.status.is_server_error(), "{}", page.status);
    world.execute("alter table away rename to password_resets").await;
    assert!(browser.post(RESET, &fields).await.shows("パスワードを変更しました。"));
    world.deliver().await;
    let nana = world.mails_to(NANA.email);
    assert!(nana.is_empty(), "not registered yet: {nana:?}");
}
