//! Subscribers and staff of one union: what one realm hands out opens nothing in the other.
//!
//! Taro's login has a twin among the staff, with the same user ID and even the same id, so a look-up that forgot the
//! realm would find the wrong one.

mod hosts;
pub mod twins;

use chrono::Duration;
use kosmo::auth::credentials::user_id::UserId;
use kosmo::auth::factor::device;
use kosmo::auth::factor::email_code::{self, CodePurpose, Sending};
use kosmo::auth::factor::enrolled::Enrolled;
use kosmo::auth::factor::passkey::{self, Visit};
use kosmo::auth::factor::proved::Proved;
use kosmo::auth::factor::recovery_code;
use kosmo::auth::factor::totp::{self, Apps};
use kosmo::auth::first_sign_in::email_confirmation::{self, Asking, Link};
use kosmo::auth::recovery::Reset;
use kosmo::auth::session::{self, Lookup};
use kosmo::auth::sign_in::SignInOutcome;
use kosmo::base::email::EmailAddress;
use kosmo::base::realm::{Staff, Subscribers};
use kosmo::base::secret::PlainToken;
use kosmo::db::actor::Client;

use self::twins::{Door, SignedIn, Twins};
use crate::first_sign_in::app_code;
use crate::support::authenticator::Device;
use crate::support::people::TARO;
use crate::support::world::World;

#[tokio::test]
async fn a_password_opens_nothing_in_the_other_realm() {
    async fn tried<A: Door, B: Door>(twins: &Twins) {
        let wrong = twins.try_password::<B>(A::PASSWORD).await;
        assert!(matches!(wrong, SignInOutcome::Refused), "{} in {}: {wrong:?}", A::NAME, B::NAME);
        let failures = format!(
            "select sum(password_failures) from logins where email = '{}' and realm = '{}'",
            A::EMAIL,
            A::NAME
        );
        assert_eq!(twins.world.count(&failures).await, 0, "a guess there is none here");
        let right = twins.try_password::<B>(B::PASSWORD).await;
        assert!(matches!(right, SignInOutcome::Accepted { .. }), "{}: {right:?}", B::NAME);
    }
    let twins = Twins::new().await;
    tried::<Subscribers, Staff>(&twins).await;
    tried::<Staff, Subscribers>(&twins).await;
}

#[tokio::test]
async fn a_lock_and_a_spent_place_of_one_realm_leave_the_other_open() {
    async fn tried<A: Door, B: Door>(twins: &Twins) {
        twins.try_password::<A>("Chigau-2026").await;
        let empty = "update throttles set full_at = full_at + 86400000000";
        for change in [empty, "update logins set locked_at = now()"] {
            twins.world.execute(&format!("{change} where realm = '{}'", A::NAME)).await;
        }
        let shut = twins.try_password::<A>(A::PASSWORD).await;
        assert!(matches!(shut, SignInOutcome::TooMany), "{}: {shut:?}", A::NAME);
        let open = twins.try_password::<B>(B::PASSWORD).await;
        assert!(matches!(open, SignInOutcome::Accepted { .. }), "{}: {open:?}", B::NAME);
    }
    tried::<Subscribers, Staff>(&Twins::new().await).await;
    tried::<Staff, Subscribers>(&Twins::new().await).await;
}

#[tokio::test]
async fn a_sessions_token_opens_nothing_in_the_other_realm_and_ends_nothing_there() {
    async fn tried<A: Door, B: Door>(twins: &Twins) {
        let (one, other) = (twins.sign_in::<A>().await, twins.sign_in::<B>().await);
        assert!(matches!(twins.look::<B>(&one.token).await, Lookup::Unknown));
        let mut tx = twins.tx().await;
        assert!(!session::was_ours::<B>(&mut tx, &one.token).await.unwrap());
        assert!(session::was_ours::<A>(&mut tx, &one.token).await.unwrap());
        assert_eq!(one.session.login.0, other.session.login.0, "twins");
        let clock = &twins.world.clock;
        session::end_others(&mut tx, clock, one.session.login, None).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(twins.look::<A>(&one.token).await, Lookup::Unknown));
        assert!(matches!(twins.look::<B>(&other.token).await, Lookup::Living(_)));
    }
    tried::<Subscribers, Staff>(&Twins::new().await).await;
    tried::<Staff, Subscribers>(&Twins::new().await).await;
}

#[tokio::test]
async fn a_mailed_code_opens_nothing_in_the_other_realm() {
    async fn tried<A: Door, B: Door>(twins: &Twins) {
        let SignedIn { token, session } = twins.sign_in::<A>().await;
        let cx = twins.world.app.context(&twins.union);
        let mut tx = twins.tx().await;
        // A subscriber's sign-in has mailed one a moment ago; a staff member's mails none.
        let sent = email_code::send(&mut tx, cx, &session, &token).await.unwrap();
        assert!(matches!(sent, Sending::Sent | Sending::TooSoon { .. }), "{sent:?}");
        tx.commit().await.unwrap();
        let code = twins.world.mailed_code(A::EMAIL).await;
        let mut tx = twins.tx().await;
        let typed =
            email_code::prove::<B>(&mut tx, cx, &token, CodePurpose::SignIn, &code).await.unwrap();
        assert!(matches!(typed, Proved::NothingDue), "{typed:?}");
        tx.commit().await.unwrap();
        // Session and code, copied row by row into the other realm, still don't work there.
        for (table, columns) in [
            ("sessions", "id, login_id, token_hash, token_at, created_at, last_seen_at"),
            ("email_codes", "session_id, code_hash, sent_at, expires_at"),
        ] {
            let id = if table == "sessions" { "id" } else { "session_id" };
            let copy = format!(
                "insert into {table} (tenant_id, realm, {columns})
                 select tenant_id, '{}', {columns} from {table} where {id} = '{}'",
                B::NAME,
                session.id
            );
            twins.world.execute(&copy).await;
        }
        let mut tx = twins.tx().await;
        let typed =
            email_code::prove::<B>(&mut tx, cx, &token, CodePurpose::SignIn, &code).await.unwrap();
        assert!(matches!(typed, Proved::Wrong), "{typed:?}");
        let typed =
            email_code::prove::<A>(&mut tx, cx, &token, CodePurpose::SignIn, &code).await.unwrap();
        assert!(matches!(typed, Proved::Done(_)), "{typed:?}");
    }
    tried::<Subscribers, Staff>(&Twins::new().await).await;
    tried::<Staff, Subscribers>(&Twins::new().await).await;
}

#[tokio::test]
async fn a_link_to_confirm_an_address_confirms_nothing_in_the_other_realm() {
    async fn tried<A: Door, B: Door>(twins: &Twins) {
        let (one, other) = (twins.sign_in::<A>().await, twins.sign_in::<B>().await);
        let address = EmailAddress::parse("atarashii@example.jp").unwrap();
        let cx = twins.world.app.context(&twins.union);
        let mut tx = twins.tx().await;
        for asked in [
            email_confirmation::ask(&mut tx, cx, other.session.login, &address).await.unwrap(),
            email_confirmation::ask(&mut tx, cx, one.session.login, &address).await.unwrap(),
        ] {
            assert_eq!(asked, Asking::Sent);
        }
        tx.commit().await.unwrap();
        let link = twins.mailed_token(address.as_str()).await;
        let mut tx = twins.tx().await;
        let clock = &twins.world.clock;
        assert_eq!(
            email_confirmation::look_at::<B>(&mut tx, clock, &link).await.unwrap(),
            Link::Unknown
        );
        let used = email_confirmation::confirm::<B>(&mut tx, cx, &link).await.unwrap();
        assert_eq!(used, Link::Unknown);
        let used = email_confirmation::confirm::<A>(&mut tx, cx, &link).await.unwrap();
        assert_eq!(used, Link::Confirmed);
        tx.commit().await.unwrap();
        let theirs = format!(
            "select count(*) from logins where realm = '{}' and email = '{}'",
            B::NAME,
            B::EMAIL
        );
        assert_eq!(twins.world.count(&theirs).await, 1, "theirs is as it was");
    }
    tried::<Subscribers, Staff>(&Twins::new().await).await;
    tried::<Staff, Subscribers>(&Twins::new().await).await;
}

#[tokio::test]
async fn a_link_to_a_new_password_sets_none_in_the_other_realm() {
    async fn tried<A: Door, B: Door>(twins: &Twins) {
        let (user_id, new) = (UserId::parse(TARO.user_id).unwrap(), "Wasurenai-2026".into());
        let sign_in = twins.world.app.sign_in(&twins.actor);
        let client = Client::default();
        // The twin's own link is stored under the same login id.
        sign_in.ask_for_reset::<B>(&twins.union, Some(&user_id), &client).await.unwrap();
        let theirs = twins.mailed_token(B::EMAIL).await;
        sign_in.ask_for_reset::<A>(&twins.union, Some(&user_id), &client).await.unwrap();
        let link = twins.mailed_token(A::EMAIL).await;
        assert_eq!(sign_in.whose_reset::<B>(&twins.union, &link).await.unwrap(), None);
        let set = sign_in.reset_password::<B>(&twins.union, &link, &new, false).await.unwrap();
        assert!(matches!(set, Reset::Over), "{set:?}");
        let set = sign_in.reset_password::<A>(&twins.union, &link, &new, false).await.unwrap();
        assert!(matches!(set, Reset::Done), "{set:?}");
        let open = twins.try_password::<B>(B::PASSWORD).await;
        assert!(matches!(open, SignInOutcome::Accepted { .. }), "{}: {open:?}", B::NAME);
        let whose = sign_in.whose_reset::<B>(&twins.union, &theirs).await.unwrap();
        assert_eq!(whose.as_deref(), Some(TARO.user_id), "theirs waits still");
    }
    tried::<Subscribers, Staff>(&Twins::new().await).await;
    tried::<Staff, Subscribers>(&Twins::new().await).await;
}

#[tokio::test]
async fn an_apps_code_opens_nothing_in_the_other_realm() {
    async fn tried<A: Door, B: Door>(twins: &Twins) {
        let (one, other) = (twins.sign_in::<A>().await, twins.sign_in::<B>().await);
        let (cx, sealer) = (twins.world.app.context(&twins.union), &twins.world.app.sealer);
        let apps = Apps { cx, sealer, session: &one.session };
        let mut tx = twins.tx().await;
        let key = apps.enrolment(&mut tx).await.unwrap().key();
        let code = app_code(&twins.world, &key);
        let enrolled = apps.enrol(&mut tx, &one.token, &code, "スマホ").await.unwrap();
        assert!(matches!(enrolled, Enrolled::Done(_)), "{enrolled:?}");
        tx.commit().await.unwrap();
        twins.world.clock.advance(Duration::seconds(30));
        let code = app_code(&twins.world, &key);
        let theirs = Apps { cx, sealer, session: &other.session };
        let mut tx = twins.tx().await;
        let devices = device::list(&mut tx, one.session.login).await.unwrap();
        let device = devices[0].id;
        let typed = theirs.prove(&mut tx, &other.token, device, &code).await.unwrap();
        assert!(matches!(typed, Proved::Wrong), "{typed:?}");
        drop(tx);
        // The app itself, copied into the other realm, is sealed for its own.
        let copy = format!(
            "insert into devices (tenant_id, realm, id, login_id, kind, name, secret, key_id, last_step, created_at)
             select tenant_id, '{}', id, login_id, kind, name, secret, key_id, last_step, created_at
             from devices",
            B::NAME
        );
        twins.world.execute(&copy).await;
        let mut tx = twins.tx().await;
        let typed = theirs.prove(&mut tx, &other.token, device, &code).await;
        assert!(matches!(typed, Err(totp::TotpError::Sealed(_))), "{typed:?}");
    }
    tried::<Subscribers, Staff>(&Twins::new().await).await;
    tried::<Staff, Subscribers>(&Twins::new().await).await;
}

#[tokio::test]
async fn a_passkey_opens_nothing_in_the_other_realm_after_a_password_or_alone() {
    async fn tried<A: Door, B: Door>(twins: &Twins) {
        let (one, other) = (twins.sign_in::<A>().await, twins.sign_in::<B>().await);
        let cx = twins.world.app.context(&twins.union);
        let asked = |options: String| {
            let options: serde_json::Value = serde_json::from_str(&options).unwrap();
            options.get("publicKey").cloned().unwrap_or(options)
        };
        let mut tx = twins.tx().await;
        // Both have a passkey, so both are asked for it.
        let mut devices = [Device::at(A::ORIGIN), Device::at(B::ORIGIN)];
        let options = passkey::begin_set_up(&mut tx, cx, &other.session).await.unwrap();
        let made = devices[1].make(asked(options));
        passkey::enrol(&mut tx, cx, &other.session, &other.token, &made, "鍵").await.unwrap();
        let options = passkey::begin_set_up(&mut tx, cx, &one.session).await.unwrap();
        let made = devices[0].make(asked(options));
        let kept = passkey::enrol(&mut tx, cx, &one.session, &one.token, &made, "鍵").await;
        assert!(matches!(kept, Ok(Enrolled::Done(_))), "{kept:?}");
        tx.commit().await.unwrap();

        // The device lies about the door at which it was made, which a browser would not do.
        devices[0].origin = B::ORIGIN.to_owned();
        let another = twins.sign_in::<B>().await;
        let mut tx = twins.tx().await;
        let options = passkey::begin_proof(&mut tx, cx, &another.session).await.unwrap();
        let proof = devices[0].prove(asked(options));
        let answered = passkey::prove(&mut tx, cx, &another.session, &another.token, &proof).await;
        assert!(matches!(answered, Ok(Proved::Wrong)), "{answered:?}");
        tx.commit().await.unwrap();

        let app = &twins.world.app;
        let visit =
            Visit { sealer: &app.sealer, clock: &app.clock, tenant: &twins.union, secret: "visit" };
        let alone = async |device: &mut Device, offer: passkey::Offer, realm: &str| {
            let answer = device.prove(asked(offer.options));
            let (client, browser) = (Client::default(), PlainToken::random());
            let given = passkey::PasskeyAnswer {
                ticket: &offer.ticket,
                answer: &answer,
                remember: false,
                client: &client,
                browser: &browser,
            };
            match realm == A::NAME {
                true => {
                    app.sign_in(&twins.actor).with_passkey::<A>(visit, None, given).await.unwrap()
                }
                false => {
                    app.sign_in(&twins.actor).with_passkey::<B>(visit, None, given).await.unwrap()
                }
            }
        };
        let offered = alone(&mut devices[0], visit.offer::<B>().unwrap(), B::NAME).await;
        assert!(matches!(offered, SignInOutcome::Refused), "{}'s passkey: {offered:?}", A::NAME);
        let carried = alone(&mut devices[1], visit.offer::<A>().unwrap(), B::NAME).await;
        assert!(matches!(carried, SignInOutcome::Refused), "{}'s question: {carried:?}", A::NAME);
        devices[0].origin = A::ORIGIN.to_owned();
        let own = alone(&mut devices[0], visit.offer::<A>().unwrap(), A::NAME).await;
        assert!(matches!(own, SignInOutcome::Accepted { .. }), "{}: {own:?}", A::NAME);
    }
    tried::<Subscribers, Staff>(&Twins::new().await).await;
    tried::<Staff, Subscribers>(&Twins::new().await).await;
}

#[tokio::test]
async fn a_recovery_code_opens_nothing_in_the_other_realm() {
    async fn tried<A: Door, B: Door>(twins: &Twins) {
        let (one, other) = (twins.sign_in::<A>().await, twins.sign_in::<B>().await);
        let (app, cx) = (&twins.world.app, twins.world.app.context(&twins.union));
        let sign_in = app.sign_in(&twins.actor);
        let theirs = sign_in.new_recovery_codes(&twins.union, &other.session).await.unwrap();
        let ours = sign_in.new_recovery_codes(&twins.union, &one.session).await.unwrap();
        let mut tx = twins.tx().await;
        recovery_code::renew(&mut tx, cx, &other.session, 0, theirs).await.unwrap().unwrap();
        let codes = recovery_code::renew(&mut tx, cx, &one.session, 0, ours).await.unwrap();
        let code = codes.unwrap().remove(0);
        tx.commit().await.unwrap();
        let typed = sign_in.recovery_code(&twins.union, &other.session, &code).await.unwrap();
        let mut tx = twins.tx().await;
        let used = recovery_code::prove(&mut tx, cx, &other.session, &other.token, &typed).await;
        assert!(matches!(used, Ok(Proved::Wrong)), "{used:?}");
        tx.commit().await.unwrap();
        let typed = sign_in.recovery_code(&twins.union, &one.session, &code).await.unwrap();
        let mut tx = twins.tx().await;
        let used = recovery_code::prove(&mut tx, cx, &one.session, &one.token, &typed).await;
        assert!(matches!(used, Ok(Proved::Done(_))), "{used:?}");
    }
    tried::<Subscribers, Staff>(&Twins::new().await).await;
    tried::<Staff, Subscribers>(&Twins::new().await).await;
}

/// Checks the database's catalogue: every key of what belongs to a login contains the realm.
#[tokio::test]
async fn the_realm_stands_in_every_key_of_what_belongs_to_a_login() {
    let world = World::empty().await;
    let without = "select count(*) from pg_constraint c
                   where c.contype in ('p', 'u', 'f') and c.connamespace = 'public'::regnamespace
                     and exists (select from pg_attribute a
                                 where a.attrelid = c.conrelid and a.attname = 'realm'
                                   and a.attgenerated = '')
                     and not exists (select from pg_attribute a
                                     where a.attrelid = c.conrelid and a.attname = 'realm'
                                       and a.attnum = any(c.conkey))
                     and c.confrelid <> 'tenants'::regclass";
    assert_eq!(world.count(without).await, 0);
    let with = "select count(distinct conrelid) from pg_constraint c
                join pg_attribute a on a.attrelid = c.conrelid and a.attname = 'realm'
                where c.contype = 'p' and a.attnum = any(c.conkey)";
    assert!(world.count(with).await >= 15);
}
