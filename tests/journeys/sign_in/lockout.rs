//! Wrong passwords: the eleventh locks (L1, L2), after throttles have slowed it down.

use axum::http::StatusCode;
use chrono::Duration;

use crate::operator::said;
use crate::support::browser::Page;
use crate::support::people::{GORO, JIRO, Person, SHIRO, TARO};
use crate::support::world::World;

const REFUSED: &str = "無効なユーザIDまたはパスワードです。";
const LOCKED: &str = "select count(*) from logins where locked_at is not null";

fn wrong(person: Person) -> Person {
    Person { password: "chigau-2026", ..person }
}

impl World {
    async fn guess(&self, person: Person) -> Page {
        self.give_password(&mut self.browser(person.union), person).await
    }

    pub async fn guess_often(&self, person: Person, times: usize) {
        for time in 0..times {
            assert!(self.guess(wrong(person)).await.shows(REFUSED), "{time}");
        }
    }
}

#[tokio::test]
async fn l2_the_eleventh_wrong_password_in_a_row_locks_until_staff_unlock() {
    let world = World::new().await;
    let mut living = world.sign_in(TARO).await;
    world.guess_often(TARO, 10).await;
    assert_eq!(world.guess(TARO).await.location(), "/sign-in/code", "a right one forgives");
    world.guess_often(TARO, 10).await;
    assert_eq!(world.count(LOCKED).await, 0);
    world.guess_often(TARO, 1).await;
    assert_eq!(world.count(LOCKED).await, 1);
    let page = world.guess(TARO).await;
    assert!(page.shows(REFUSED) && page.shows("川崎汽船健康保険組合までお問い合わせください"));
    assert_eq!(living.get("/expenses").await.status, StatusCode::OK, "who is signed in stays so");
    world.deliver().await;
    let told = world.mails_to(TARO.email);
    assert_eq!(told.iter().filter(|mail| mail.contains("ログインのロック")).count(), 1, "{told:?}");

    for answer in ["解除しました", "ロックされていません"] {
        let unlock = ["members", "unlock", "--tenant", "klinekenpo", TARO.user_id];
        let said = said(&world.kosmo(&unlock));
        assert!(said.contains(answer), "{said}");
    }
    let lines = "select count(*) from audit_events where action = 'account.unlocked'";
    assert_eq!(world.count(lines).await, 1, "however often pressed");
    world.sign_in(TARO).await;
    world.guess_often(TARO, 10).await;
    world.sign_in(TARO).await;
}

#[tokio::test]
async fn l2_fifty_guesses_at_once_verify_eleven_and_not_one_more() {
    let world = World::new().await;
    let guesses = (0..50).map(|_| world.guess(wrong(TARO)));
    for page in futures_util::future::join_all(guesses).await {
        // The queue has room for all of them: each gets an answer, and all get the same.
        assert!(page.shows(REFUSED), "{}", page.text());
    }
    let counted = "select password_failures::bigint from logins where user_id = 'taro_k'
                   and tenant_id = (select id from tenants where slug = 'klinekenpo')";
    assert_eq!(world.count(counted).await, 11);
    assert_eq!(world.count(LOCKED).await, 1);
    let lines = "select count(*) from audit_events where action = 'account.locked'";
    assert_eq!(world.count(lines).await, 1);
    assert!(world.guess(TARO).await.shows(REFUSED), "the right one comes too late");
}

#[tokio::test]
async fn l1_nobody_tells_the_locked_the_unknown_and_the_unregistered_apart() {
    let world = World::new().await;
    world.guess_often(TARO, 11).await;
    let nobody = Person { user_id: "daremo_inai", ..TARO };
    let unregistered = Person { union: "klinekenpo", ..SHIRO };
    let pages = [TARO, wrong(GORO), nobody, unregistered].map(|person| world.guess(person));
    let pages = futures_util::future::join_all(pages).await;
    for page in &pages {
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(page.text(), pages[0].text());
        let names = |page: &Page| page.headers.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(page), names(&pages[0]));
    }
}

#[tokio::test]
async fn l2_one_place_runs_out_of_tries_before_it_locks_a_union_out() {
    let world = World::new().await;
    for number in 0..100 {
        let user_id: &'static str = format!("daremo{number}").leak();
        let page = world.guess(Person { user_id, ..TARO }).await;
        assert!(page.shows(REFUSED), "{number}: {}", page.text());
    }
    let page = world.guess(TARO).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.shows("受け付けを一時的に止めています"), "{}", page.text());
    assert!(page.headers.contains_key("retry-after"));
    let refused = "select count(*) from audit_events where action = 'sign_in.refused'";
    assert_eq!(world.count(refused).await, 100, "nothing was checked");
    assert!(world.guess(JIRO).await.status.is_redirection(), "another union's people come in");
    // Six seconds give one token back, and a right password gives its own back.
    world.clock.advance(Duration::seconds(6));
    for _ in 0..5 {
        assert_eq!(world.guess(TARO).await.location(), "/sign-in/code");
    }
    assert!(world.guess(wrong(TARO)).await.shows(REFUSED));
    assert_eq!(world.guess(TARO).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn l2_a_flood_from_many_places_leaves_known_browsers_alone() {
    let world = World::new().await;
    let mut known = world.sign_in(TARO).await;
    let empty = "update throttles set full_at = full_at + 86400000000
                 where bucket = 'sign_in.union'";
    world.execute(empty).await;
    let nobody = Person { user_id: "daremo_inai", ..TARO };
    let mut held = 0;
    while world.guess(nobody).await.status != StatusCode::TOO_MANY_REQUESTS {
        held += 1;
        assert!(held <= 20, "a server holds a lease of the union's tries, and no more");
    }
    assert_eq!(world.guess(TARO).await.status, StatusCode::TOO_MANY_REQUESTS);
    known.sign_out().await;
    assert_eq!(world.give_password(&mut known, TARO).await.location(), "/sign-in/code");
    assert_eq!(
        world.give_password(&mut known, GORO).await.status,
        StatusCode::TOO_MANY_REQUESTS,
        "known to be Taro's alone"
    );
}

#[tokio::test]
async fn l2_a_stricter_policy_locks_people_already_beyond_it_and_staff_unlock_them() {
    let world = World::new().await;
    world.guess_often(TARO, 8).await;
    world.change_policy("klinekenpo", |policy| policy.sign_in.lock_after = 5).await;
    assert!(world.guess(TARO).await.shows(REFUSED));
    assert_eq!(world.count(LOCKED).await, 1, "told and unlocked like everybody else");
    let unlock = ["members", "unlock", "--tenant", "klinekenpo", TARO.user_id];
    assert!(said(&world.kosmo(&unlock)).contains("解除しました"));
    world.sign_in(TARO).await;
    // A server that was killed left this count behind.
    world.execute("update logins set password_failures = 5 where user_id = 'taro_k'").await;
    assert!(world.guess(TARO).await.shows(REFUSED));
    assert!(said(&world.kosmo(&unlock)).contains("解除しました"));
    world.sign_in(TARO).await;
}

#[tokio::test]
async fn l2_strangers_who_guess_lock_themselves_out_and_not_the_persons_own_browser() {
    let world = World::new().await;
    let mut own = world.sign_in(TARO).await;
    own.sign_out().await;
    world.guess_often(TARO, 11).await;
    assert_eq!(world.count(LOCKED).await, 1);
    assert!(world.guess(TARO).await.shows(REFUSED), "a stranger's right one comes too late");
    assert_eq!(world.give_password(&mut own, TARO).await.location(), "/sign-in/code");
    assert_eq!(world.count(LOCKED).await, 1, "and nobody is unlocked by that");
    assert!(world.guess(TARO).await.shows(REFUSED));
    // A second click beside the eleventh try, which is still being checked, does not lock.
    let mut checked = own.clone();
    world.execute("update known_browsers set failures = 11").await;
    assert!(world.give_password(&mut checked, TARO).await.shows(REFUSED));
    let spared = "select count(*) from logins where lock_spares_known_browsers";
    assert_eq!(world.count(spared).await, 1);
    world.execute("update known_browsers set failures = 0").await;
    // A known browser has its own count, which then locks the login everywhere.
    own.get("/sign-in").await;
    for time in 0..11 {
        let page = world.give_password(&mut own, wrong(TARO)).await;
        assert!(page.shows(REFUSED), "{time}");
    }
    assert!(world.give_password(&mut own, TARO).await.shows(REFUSED));
    let unlock = ["members", "unlock", "--tenant", "klinekenpo", TARO.user_id];
    assert!(said(&world.kosmo(&unlock)).contains("解除しました"));
    assert_eq!(world.give_password(&mut own, TARO).await.location(), "/sign-in/code");
    assert_eq!(world.guess(TARO).await.location(), "/sign-in/code");
}

#[tokio::test]
async fn l2_a_last_try_whose_server_died_locks_at_the_next_one_as_a_wrong_one_does() {
    let world = World::new().await;
    let mut own = world.sign_in(TARO).await;
    own.sign_out().await;
    let unlock = ["members", "unlock", "--tenant", "klinekenpo", TARO.user_id];
    // A server counts a try before it checks it, and may die in between.
    world.guess_often(TARO, 10).await;
    world.execute("update logins set password_failures = 11 where user_id = 'taro_k'").await;
    for _ in 0..2 {
        assert!(world.guess(TARO).await.shows(REFUSED));
        assert_eq!(world.count(LOCKED).await, 0, "it may still be checked, and be right");
        world.clock.advance(Duration::seconds(140));
    }
    world.clock.advance(Duration::seconds(21));
    for _ in 0..2 {
        assert!(world.guess(TARO).await.shows(REFUSED));
        assert_eq!(world.count(LOCKED).await, 1);
    }
    let lines = "select count(*) from audit_events where action = 'account.locked'";
    assert_eq!(world.count(lines).await, 1);
    world.deliver().await;
    let told = world.mails_to(TARO.email);
    assert_eq!(told.iter().filter(|mail| mail.contains("ログインのロック")).count(), 1, "{told:?}");
    assert_eq!(world.give_password(&mut own, TARO).await.location(), "/sign-in/code");
    assert!(said(&world.kosmo(&unlock)).contains("解除しました"));

    // A known browser has its own count, and locks everywhere.
    own.get("/sign-in").await;
    world.give_password(&mut own, wrong(TARO)).await;
    world.execute("update known_browsers set failures = 11").await;
    assert!(world.give_password(&mut own, TARO).await.shows(REFUSED));
    assert_eq!(world.count(LOCKED).await, 0);
    world.clock.advance(Duration::minutes(6));
    assert!(world.give_password(&mut own, TARO).await.shows(REFUSED));
    let everywhere = "select count(*) from logins where locked_at is not null and not lock_spares_known_browsers";
    assert_eq!(world.count(everywhere).await, 1);
}
