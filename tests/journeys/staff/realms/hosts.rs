//! The two doors of a union over HTTP: a session of one realm is nobody's at the other, and nothing opens at the console
//! to staff who have not proved a second factor or are not in office.

use axum::http::StatusCode;
use chrono::Duration;
use kosmo::auth::journey::Step;
use kosmo::auth::sign_in::SignInOutcome;
use kosmo::base::realm::Staff;

use super::twins::{STAFFS_EMAIL, STAFFS_NAME, STAFFS_PASSWORD, Twins};
use crate::support::browser::Browser;
use crate::support::people::TARO;

const SIGNED_IN: &str = "ホーム";

/// Checks that somebody is nobody at the console: the first page is everybody's, and others lead to it.
async fn is_nobody_at_console(twins: &Twins, browser: &mut Browser, why: &str) {
    let everybodys = twins.world.at_console(TARO.union).get("/").await;
    let page = browser.get("/").await;
    assert_eq!((page.status, &page.body), (StatusCode::OK, &everybodys.body), "{why}");
    let page = browser.get("/sign-out").await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/sign-in"), "{why}");
}

/// Checks that a person who gave the password is nobody yet, and is led to the passkey that has to be set up.
async fn is_halfway_at_console(twins: &Twins, browser: &mut Browser) {
    let everybodys = twins.world.at_console(TARO.union).get("/").await;
    assert_eq!(browser.get("/").await.body, everybodys.body, "the password alone");
    assert_eq!(browser.get("/sign-out").await.location(), "/sign-in/passkey/set-up");
}

#[tokio::test]
async fn t15_a_session_opens_the_door_of_its_own_realm_alone() {
    let twins = Twins::new().await;
    let mut taro = twins.world.sign_in(TARO).await;
    let mut staff = twins.at_console(true).await;
    let page = staff.get("/").await;
    assert_eq!(page.heading(), SIGNED_IN);
    assert!(page.shows(STAFFS_NAME) && page.shows("ログアウト"), "{}", page.text());

    let mut at_portal = twins.world.browser(TARO.union);
    at_portal.cookies = staff.cookies.clone();
    let page = at_portal.get("/").await;
    assert_eq!(page.heading(), "KOSMO Communication Web へようこそ");
    assert!(!page.shows(STAFFS_NAME));
    at_portal.cookies = staff.cookies.clone();
    assert_eq!(at_portal.get("/expenses").await.location(), "/sign-in");
    let mut at_console = twins.world.at_console(TARO.union);
    at_console.cookies = taro.cookies.clone();
    is_nobody_at_console(&twins, &mut at_console, "a subscriber").await;

    for realm in ["staff", "subscriber"] {
        let noted = format!(
            "select count(*) from audit_events
             where action = 'foreign.refused' and actor_kind = '{realm}' and actor_id is null
               and detail ->> 'shown' = 'session'"
        );
        assert!(twins.world.count(&noted).await > 0, "{realm}");
    }
    assert_eq!(staff.get("/").await.heading(), SIGNED_IN, "it goes on at its own door");
    assert!(taro.get("/").await.heading().starts_with("ようこそ"));
}

#[tokio::test]
async fn t15_a_session_of_staff_is_nobodys_at_another_unions_console() {
    let twins = Twins::new().await;
    let staff = twins.at_console(true).await;
    let mut other = twins.world.at_console("jomkenpo");
    let everybodys = other.get("/").await;
    other.cookies = staff.cookies.clone();
    assert_eq!(other.get("/").await.body, everybodys.body);
    assert_eq!(other.get("/sign-out").await.location(), "/sign-in");
}

#[tokio::test]
async fn the_console_opens_only_after_a_second_factor_which_is_never_a_code_by_mail() {
    let mut twins = Twins::new().await;
    let mut halfway = twins.at_console(false).await;
    is_halfway_at_console(&twins, &mut halfway).await;
    for method in ["null", "'email_code'"] {
        let choose = format!("update logins set second_factor = {method} where realm = 'staff'");
        twins.world.execute(&choose).await;
        let outcome = twins.try_password::<Staff>(STAFFS_PASSWORD).await;
        let SignInOutcome::Accepted { step, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(step, Step::PasskeySetUp, "{method}");
    }
    // A union that asks its subscribers for a password alone asks its staff for more.
    twins
        .world
        .change_policy(TARO.union, |policy| {
            policy.sign_in.second_factors = Vec::new();
            policy.sign_in.recommended = None;
        })
        .await;
    twins.union = twins.world.union(TARO.union);
    let outcome = twins.try_password::<Staff>(STAFFS_PASSWORD).await;
    assert!(matches!(outcome, SignInOutcome::Accepted { step: Step::PasskeySetUp, .. }));
    let mut halfway = twins.at_console(false).await;
    is_halfway_at_console(&twins, &mut halfway).await;
    twins.world.deliver().await;
    assert_eq!(twins.world.mails_to(STAFFS_EMAIL), Vec::<String>::new());
}

#[tokio::test]
async fn nothing_opens_for_staff_who_are_not_in_office_from_the_next_request_on() {
    let twins = Twins::new().await;
    let mut staff = twins.at_console(true).await;
    let sessions = "select count(*) from sessions where realm = 'staff'";
    for (change, undone) in [
        ("suspended_at = now()", "suspended_at = null"),
        ("accepted_at = null", "accepted_at = now()"),
        ("leaves_on = '2026-11-20'", "leaves_on = '2026-11-21'"),
    ] {
        let begun = twins.world.count(sessions).await;
        twins.world.execute(&format!("update staff set {change}")).await;
        is_nobody_at_console(&twins, &mut staff.clone(), change).await;
        let refused = twins.try_password::<Staff>(STAFFS_PASSWORD).await;
        assert!(matches!(refused, SignInOutcome::Refused), "{change}: {refused:?}");
        assert_eq!(twins.world.count(sessions).await, begun, "{change}");
        twins.world.execute(&format!("update staff set {undone}")).await;
        assert_eq!(staff.get("/").await.heading(), SIGNED_IN, "{undone}");
        let accepted = twins.try_password::<Staff>(STAFFS_PASSWORD).await;
        assert!(matches!(accepted, SignInOutcome::Accepted { .. }), "{undone}: {accepted:?}");
    }
}

#[tokio::test]
async fn staff_sign_out_by_a_form_of_their_own() {
    let twins = Twins::new().await;
    let mut staff = twins.at_console(true).await;
    assert_eq!(staff.get("/sign-out").await.heading(), "ログアウトしてもよろしいですか？");
    let mut taro = twins.world.sign_in(TARO).await;
    taro.get("/sign-out").await;
    for foreign in [taro.csrf.clone(), String::new()] {
        let mut misled = staff.clone();
        misled.csrf = foreign;
        assert_eq!(misled.post("/sign-out", &[]).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(staff.get("/").await.heading(), SIGNED_IN);

    let with_cookies = staff.clone();
    assert_eq!(staff.post("/sign-out", &[]).await.location(), "/");
    for mut browser in [staff, with_cookies] {
        is_nobody_at_console(&twins, &mut browser, "signed out").await;
    }
    let line = format!(
        "select count(*) from audit_events
         where action = 'sign_out' and actor_kind = 'staff' and actor_label = '{STAFFS_NAME}'"
    );
    assert_eq!(twins.world.count(&line).await, 1);
    assert!(taro.get("/").await.heading().starts_with("ようこそ"), "his own goes on");
}

#[tokio::test]
async fn a_session_of_staff_rests_for_a_quarter_of_an_hour_and_ends_after_ten() {
    let twins = Twins::new().await;
    let mut staff = twins.at_console(true).await;
    for _ in 0..42 {
        assert_eq!(staff.get("/").await.heading(), SIGNED_IN);
        twins.world.clock.advance(Duration::minutes(14));
    }
    assert_eq!(staff.get("/").await.heading(), SIGNED_IN, "in use for 9 hours and 48 minutes");
    twins.world.clock.advance(Duration::minutes(14));
    is_nobody_at_console(&twins, &mut staff, "in use for more than ten hours").await;
    let mut staff = twins.at_console(true).await;
    twins.world.clock.advance(Duration::minutes(17));
    let page = staff.get("/sign-out").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.shows("しばらく操作がなかったため"), "{}", page.text());
    is_nobody_at_console(&twins, &mut staff, "left alone").await;
}
