//! An invited staff member opens the mailed link, sets up a login with a second factor, and signs in at the console (A1).

use axum::http::StatusCode;
use chrono::Duration;
use kosmo::auth::staff::invitation::{self, Invitee};
use kosmo::auth::staff::right::{Rights, StaffRole};
use kosmo::base::email::EmailAddress;

use crate::first_sign_in::{app_code, key};
use crate::support::authenticator::{Device, options};
use crate::support::browser::{Browser, Page};
use crate::support::first_sign_in::hidden;
use crate::support::world::{World, tester};

const UNION: &str = "klinekenpo";
const CONSOLE: &str = "http://klinekenpo-console.localhost:8080";
const HANAKO: &str = "hanako@kenpo.example.jp";
const PASSWORD: &str = "Umikaze-to-hato-26";
const APP: &str = "/sign-in/totp/set-up";
const PASSKEY: &str = "/sign-in/passkey/set-up";

impl World {
    /// Invites a person by the test's clock. Returns the path of the mailed link.
    pub async fn invite_staff(&self, slug: &str, email: &str, role: StaffRole) -> String {
        let union = self.union(slug);
        let rights = Rights::new(vec![role], Vec::new()).unwrap();
        let address = EmailAddress::parse(email).unwrap();
        let invitee = Invitee {
            name: "管理 花子",
            email: &address,
            rights: &rights,
            leaves_on: None,
            member: None,
            invited_by: None,
        };
        let mut tx = self.operator.tenant(union.id, &tester()).await.unwrap();
        invitation::invite(&mut tx, self.app.context(&union), &invitee).await.unwrap();
        tx.commit().await.unwrap();
        self.mailed_invitation(email).await
    }

    /// Mails another link to an invited person, and returns its path.
    async fn invite_again(&self, slug: &str, email: &str) -> String {
        self.clock.advance(Duration::seconds(1));
        let union = self.union(slug);
        let address = EmailAddress::parse(email).unwrap();
        let mut tx = self.operator.tenant(union.id, &tester()).await.unwrap();
        invitation::resend(&mut tx, self.app.context(&union), &address).await.unwrap();
        tx.commit().await.unwrap();
        self.mailed_invitation(email).await
    }

    async fn mailed_invitation(&self, email: &str) -> String {
        self.deliver().await;
        let mail = self.mails_to(email).pop().expect("a mail");
        let (_, rest) = mail.split_once("/invitation?token=").expect("a link");
        format!("/invitation?token={}", rest.split_whitespace().next().unwrap())
    }
}

/// Opens the link and fills in its form.
async fn accept(browser: &mut Browser, link: &str, user_id: &str, method: &str) -> Page {
    let page = browser.get(link).await;
    assert_eq!(page.heading(), "職員の登録", "{}", page.text());
    let token = hidden(&page, "token");
    let fields = [
        ("token", token.as_str()),
        ("user_id", user_id),
        ("password", PASSWORD),
        ("again", PASSWORD),
        ("method", method),
    ];
    browser.post("/invitation", &fields).await
}

/// Gives user ID and password at the console.
async fn give_password(browser: &mut Browser, user_id: &str, password: &str) -> Page {
    browser.get("/sign-in").await;
    browser.post("/sign-in", &[("user_id", user_id), ("password", password)]).await
}

#[tokio::test]
async fn a1_the_link_leads_through_a_password_and_an_app_to_the_home_and_so_does_the_next_sign_in()
{
    let world = World::new().await;
    let link = world.invite_staff(UNION, HANAKO, StaffRole::Admin).await;
    let mut browser = world.at_console(UNION);
    let page = browser.get(&link).await;
    assert!(page.shows("管理 花子さん") && page.shows("12文字以上"), "{}", page.text());
    assert!(!page.shows("メール認証"), "a mailed code is no factor of staff: {}", page.text());
    let done = accept(&mut browser, &link, "hanako", "totp").await;
    let page = browser.follow(done).await;
    assert_eq!(page.heading(), "ワンタイムパスワードの設定", "{}", page.text());
    assert_eq!(browser.get("/sessions").await.location(), APP, "nothing opens before");
    let key = key(&page);
    let code = app_code(&world, &key);
    let done = browser.post(APP, &[("code", &code), ("device_name", "職場の端末")]).await;
    assert_eq!(browser.follow(done).await.heading(), "ホーム");
    for page in ["/sessions", "/sign-in-methods"] {
        assert_eq!(browser.get(page).await.status, StatusCode::OK, "{page}");
    }
    browser.sign_out().await;

    world.clock.advance(Duration::seconds(30));
    assert_eq!(give_password(&mut browser, "hanako", PASSWORD).await.location(), "/sign-in/totp");
    assert_ne!(browser.get("/sessions").await.status, StatusCode::OK);
    let page = browser.get("/sign-in/totp").await;
    let (device, code) = (hidden(&page, "device"), app_code(&world, &key));
    let done = browser.post("/sign-in/totp", &[("device", &device), ("code", &code)]).await;
    let page = browser.follow(done).await;
    assert_eq!(page.heading(), "ホーム");
    assert!(page.shows("管理 花子"));
    let lines = "select count(*) from audit_events
                 where action in ('staff.accept', 'totp.added', 'sign_in.complete')";
    assert_eq!(world.count(lines).await, 4, "two sign-ins");
}

#[tokio::test]
async fn a1_a_passkey_is_the_consoles_own_and_the_last_one_can_not_be_deleted() {
    let world = World::new().await;
    let link = world.invite_staff(UNION, HANAKO, StaffRole::Editor).await;
    let mut browser = world.at_console(UNION);
    let done = accept(&mut browser, &link, "hanako", "passkey").await;
    let page = browser.follow(done).await;
    let asked = options(&page);
    assert_eq!(asked["rp"]["id"], "klinekenpo-console.localhost");
    let mut device = Device::at(CONSOLE);
    let made = device.make(asked);
    let done = browser.post(PASSKEY, &[("credential", &made), ("name", "鍵")]).await;
    assert_eq!(browser.follow(done).await.heading(), "ホーム");
    browser.sign_out().await;

    assert_eq!(
        give_password(&mut browser, "hanako", PASSWORD).await.location(),
        "/sign-in/passkey"
    );
    let proof = device.prove(options(&browser.get("/sign-in/passkey").await));
    let done = browser.post("/sign-in/passkey", &[("credential", &proof)]).await;
    assert_eq!(browser.follow(done).await.heading(), "ホーム");

    // A passkey alone proves both factors again (S4).
    world.clock.advance(Duration::minutes(6));
    let page = browser.get("/sign-in-methods").await;
    let (_, rest) = page.body.split_once("/sign-in-methods/passkeys/").unwrap();
    let id = rest.split('/').next().unwrap().to_owned();
    let delete = format!("/sign-in-methods/passkeys/{id}/delete");
    let again = browser.get(&delete).await.location().to_owned();
    assert!(again.starts_with("/reauthenticate?next="), "{again}");
    let page = browser.get(&again).await;
    let page = browser.follow(page).await;
    let proof = device.prove(options(&page));
    let fields = [("credential", proof.as_str()), ("next", &delete)];
    let done = browser.post("/reauthenticate/passkey", &fields).await;
    assert_eq!(done.location(), delete, "{}", done.text());
    let page = browser.get(&delete).await;
    let page = browser.follow(page).await;
    assert!(page.shows("最後のデバイスは削除できません"), "{}", page.text());
    browser.post(&delete, &[]).await;
    assert_eq!(world.count("select count(*) from devices where realm = 'staff'").await, 1);
}

#[tokio::test]
async fn a1_only_the_newest_link_opens_for_three_days_once_and_at_its_own_union() {
    let world = World::new().await;
    let first = world.invite_staff(UNION, HANAKO, StaffRole::Admin).await;
    let link = world.invite_again(UNION, HANAKO).await;
    let over = async |slug: &str, link: &str| {
        let page = world.at_console(slug).get(link).await;
        (page.status, page.heading() == "この招待は使えません")
    };
    let gone = (StatusCode::GONE, true);
    assert_eq!(over(UNION, &first).await, gone, "the link before");
    assert_eq!(over("jomkenpo", &link).await, gone, "another union's");
    assert_eq!(over(UNION, "/invitation").await, gone);
    assert_eq!(over(UNION, "/invitation?token=x").await, gone);
    let at_portal = world.browser(UNION).get(&link).await;
    assert_eq!(at_portal.status, StatusCode::NOT_FOUND);

    // A scanner that follows links takes nothing up.
    for _ in 0..3 {
        assert_eq!(world.at_console(UNION).get(&link).await.status, StatusCode::OK);
    }
    world.clock.advance(Duration::hours(71));
    let mut browser = world.at_console(UNION);
    assert_eq!(browser.get(&link).await.status, StatusCode::OK);
    world.clock.advance(Duration::hours(1));
    assert_eq!(over(UNION, &link).await, gone, "after 72 hours");

    let link = world.invite_again(UNION, HANAKO).await;
    let mut browser = world.at_console(UNION);
    let token = hidden(&browser.get(&link).await, "token");
    let fields = [
        ("token", token.as_str()),
        ("user_id", "hanako"),
        ("password", PASSWORD),
        ("again", PASSWORD),
        ("method", "totp"),
    ];
    let clicks = (0..10).map(|_| {
        let mut browser = browser.clone();
        async move { browser.post("/invitation", &fields).await }
    });
    let answers = futures_util::future::join_all(clicks).await;
    let taken = answers.iter().filter(|page| page.location() == "/sign-in/continue").count();
    assert_eq!(taken, 1, "ten clicks, one login");
    assert_eq!(world.count("select count(*) from staff where accepted_at is not null").await, 1);
    assert_eq!(world.count("select count(*) from sessions where realm = 'staff'").await, 1);
    assert_eq!(over(UNION, &link).await, gone, "used");
}

#[tokio::test]
async fn a1_what_is_wrong_with_the_choices_is_told_and_nothing_is_taken_up() {
    let world = World::new().await;
    let link = world.invite_staff(UNION, HANAKO, StaffRole::Viewer).await;
    let other = world.invite_staff(UNION, "jiro@kenpo.example.jp", StaffRole::Viewer).await;
    let mut jiro = world.at_console(UNION);
    accept(&mut jiro, &other, "jimu_jiro", "totp").await;
    let mut browser = world.at_console(UNION);
    let token = hidden(&browser.get(&link).await, "token");
    for (user_id, password, again, method, told) in [
        ("", PASSWORD, PASSWORD, "totp", "ユーザIDを入力してください"),
        ("hanako", "", "", "totp", "パスワードを入力してください"),
        ("hanako", "Kaze-26", "Kaze-26", "totp", "12文字以上"),
        ("hanako", PASSWORD, "Umikaze", "totp", "一致していません"),
        ("hanako", PASSWORD, PASSWORD, "", "認証方法を選択してください"),
        ("hanako", PASSWORD, PASSWORD, "email_code", "認証方法を選択してください"),
        ("jimu_jiro", PASSWORD, PASSWORD, "totp", "このユーザIDは利用できません"),
    ] {
        let fields = [
            ("token", token.as_str()),
            ("user_id", user_id),
            ("password", password),
            ("again", again),
            ("method", method),
        ];
        let page = browser.post("/invitation", &fields).await;
        assert!(page.shows(told), "{told}: {}", page.text());
    }
    assert_eq!(world.count("select count(*) from staff where accepted_at is null").await, 1);
    let refused = give_password(&mut world.at_console(UNION), "hanako", PASSWORD).await;
    assert!(refused.shows("無効なユーザIDまたはパスワードです"), "{}", refused.text());
}

#[tokio::test]
async fn l2_the_eleventh_wrong_password_locks_staff_out_too() {
    let world = World::new().await;
    let link = world.invite_staff(UNION, HANAKO, StaffRole::Viewer).await;
    accept(&mut world.at_console(UNION), &link, "hanako", "totp").await;
    for _ in 0..11 {
        world.clock.advance(Duration::minutes(5));
        give_password(&mut world.at_console(UNION), "hanako", "wrong").await;
    }
    let page = give_password(&mut world.at_console(UNION), "hanako", PASSWORD).await;
    assert!(page.shows("無効なユーザIDまたはパスワードです"), "{}", page.text());
    let locked = "select count(*) from logins where realm = 'staff' and locked_at is not null";
    assert_eq!(world.count(locked).await, 1);
}

#[tokio::test]
async fn a1_a_colleague_who_is_invited_anew_is_not_locked_out_by_what_was_before() {
    let world = World::new().await;
    let link = world.invite_staff(UNION, HANAKO, StaffRole::Admin).await;
    world
        .execute(
            "update logins set locked_at = now(), password_failures = 11 where realm = 'staff'",
        )
        .await;
    accept(&mut world.at_console(UNION), &link, "hanako", "totp").await;
    let mut browser = world.at_console(UNION);
    let page = give_password(&mut browser, "hanako", PASSWORD).await;
    assert_eq!(page.location(), APP, "{}", page.text());
}

#[tokio::test]
async fn a1_mails_to_staff_lead_to_the_console() {
    let world = World::new().await;
    let link = world.invite_staff(UNION, HANAKO, StaffRole::Admin).await;
    let mut browser = world.at_console(UNION);
    let done = accept(&mut browser, &link, "hanako", "totp").await;
    let page = browser.follow(done).await;
    let code = app_code(&world, &key(&page));
    browser.post(APP, &[("code", &code), ("device_name", "職場の端末")]).await;
    world.deliver().await;
    let told = world.mails_to(HANAKO);
    let told: Vec<_> = told.iter().filter(|mail| !mail.contains("/invitation?token=")).collect();
    assert!(!told.is_empty());
    for mail in told {
        assert!(mail.contains(CONSOLE) && !mail.contains("//www.klinekenpo."), "{mail}");
    }
}
