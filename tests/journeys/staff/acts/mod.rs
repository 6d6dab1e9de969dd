//! The acts of staff on a person (A3, R4, L2): each over HTTP, as a staff member's browser does it.

mod caller;
mod hold;
mod letters;
mod mails;
mod races;
mod reset;
mod rights;
mod unlock;

use axum::http::StatusCode;
use kosmo::base::ids::SessionId;
use kosmo::base::realm::Staff;
use kosmo::base::secret::PlainToken;
use kosmo::db::actor::Actor;

use crate::support::browser::{Browser, Page};
use crate::support::world::World;

/// Taro's page.
pub const TAROS: &str = "/people/K1";
const REASON: (&str, &str) = ("reason", "電話での依頼");

/// What Taro says on the telephone.
pub const RIGHT: [(&str, &str); 6] = [
    ("name", "てすと たろう"),
    ("symbol", "１０１"),
    ("number", "11"),
    ("birthdate", "昭和54年8月22日"),
    ("further", "branch"),
    ("further_words", "0"),
];

impl World {
    /// Opens a browser at a union's console in which a staff member with these roles has signed in.
    pub async fn at_desk(&self, slug: &str, roles: &[&str]) -> (Browser, Actor) {
        let actor = self.hire(slug, roles, &[]).await;
        (self.desk_of(slug, &actor).await, actor)
    }

    /// Opens another browser of a staff member.
    pub async fn desk_of(&self, slug: &str, actor: &Actor) -> Browser {
        let (token, id) = (PlainToken::random(), SessionId::<Staff>::new(&self.clock));
        sqlx::query(
            "insert into sessions (tenant_id, realm, id, login_id, token_hash, token_at, token_shown,
                                   created_at, last_seen_at, second_factor_at, reauthenticated_at)
             values ($1, 'staff', $2, $3, $4, $5, true, $5, $5, $5, $5)",
        )
        .bind(self.tenant(slug).0)
        .bind(id.0)
        .bind(actor.id.expect("a login"))
        .bind(token.hashed().to_vec())
        .bind(self.clock.now())
        .execute(&mut self.database.admin().await)
        .await
        .expect("a session");
        let mut browser = self.at_console(slug);
        browser.cookies.insert("__Host-kosmo-session".to_owned(), token.expose());
        browser
    }

    /// Passes Taro's check of the caller.
    pub async fn know_taro(&self, staff: &mut Browser) {
        let page = ask(staff, TAROS, &RIGHT).await;
        assert!(page.shows("すべての項目が一致しました。"), "{}", page.text());
    }

    /// Returns the link 「心当たりがない」 of the newest mail to an address.
    pub async fn not_me_link(&self, address: &str) -> String {
        self.deliver().await;
        let mails = self.mails_to(address);
        let mut words = mails.iter().flat_map(|mail| mail.split_whitespace());
        let link = words.rfind(|word| word.contains("/not-me?token=")).expect("a link");
        link.split_once(":8080").expect("an address").1.to_owned()
    }

    async fn lines(&self, action: &str) -> i64 {
        let lines = format!(
            "select count(*) from audit_events where action = '{action}' and outcome = 'ok'"
        );
        self.count(&lines).await
    }
}

/// Opens the page of an act and sends its form, with the usual reason.
pub async fn send(staff: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let page = staff.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text());
    let all: Vec<_> = fields.iter().copied().chain([REASON]).collect();
    staff.post(path, &all).await
}

/// Sends the form of an act whose page shows none, or none any more.
pub async fn send_anyway(staff: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    staff.get("/sign-out").await;
    let all: Vec<_> = fields.iter().copied().chain([REASON]).collect();
    staff.post(path, &all).await
}

/// Asks a caller, and returns the page with the answers.
pub async fn ask(staff: &mut Browser, person: &str, words: &[(&str, &str)]) -> Page {
    let path = format!("{person}/caller");
    assert_eq!(staff.get(&path).await.status, StatusCode::OK);
    staff.post(&path, words).await
}

/// Asserts that an act was done: it leads to the person's page.
pub fn done(page: &Page) {
    assert_eq!(page.location(), TAROS, "{} {}", page.status, page.text());
}
