//! Some acts need a second pair of eyes, whatever anybody tries (A1).

mod deciding;
mod getting_round;
mod moving;

use chrono::Duration;
use kosmo::base::ids::{ApprovalId, SessionId};
use kosmo::base::realm::Staff;
use kosmo::base::secret::PlainToken;
use kosmo::db::actor::Actor;

use crate::support::browser::{Browser, Page};
use crate::support::world::World;

pub const UNION: &str = "klinekenpo";
pub const REASON: (&str, &str) = ("reason", "担当の変更のため");
/// The plain page for staff without a right.
pub const NO_RIGHT: &str = "この操作をする権限がありません";
pub const VOID: &str = "この申請は無効になりました";
pub const OVER: &str = "すでに処理されています";

impl World {
    /// Opens a browser at the console in which a hired member of staff has signed in.
    pub async fn seat(&self, slug: &str, actor: &Actor) -> Browser {
        let (session, token) = (SessionId::<Staff>::new(&self.clock), PlainToken::random());
        sqlx::query(
            "with owned as (
                 update logins set password_hash = 'none', password_set_at = $4, registered_at = $4
                 where realm = 'staff' and id = $2
             )
             insert into sessions (tenant_id, realm, id, login_id, token_hash, token_at, created_at,
                                   last_seen_at, second_factor_at)
             values ($1, 'staff', $3, $2, $5, $4, $4, $4, $4)",
        )
        .bind(self.tenant(slug))
        .bind(actor.id)
        .bind(session.0)
        .bind(self.clock.now())
        .bind(token.hashed().to_vec())
        .execute(&mut self.database.admin().await)
        .await
        .expect("a session");
        let mut browser = self.at_console(slug);
        browser.cookies.insert("__Host-kosmo-session".to_owned(), token.expose());
        browser
    }

    /// Lets everybody who is signed in prove again who they are.
    pub async fn all_reauthenticate(&self) {
        sqlx::query("update sessions set reauthenticated_at = $1 where realm = 'staff'")
            .bind(self.clock.now())
            .execute(&mut self.database.admin().await)
            .await
            .expect("sessions");
    }

    /// Returns the newest request.
    pub async fn newest_request(&self) -> ApprovalId {
        let newest =
            "select id from approvals order by state = 'waiting' desc, requested_at desc limit 1";
        sqlx::query_scalar(newest)
            .fetch_one(&mut self.database.admin().await)
            .await
            .expect("a request")
    }

    pub async fn request_state(&self, id: ApprovalId) -> String {
        sqlx::query_scalar("select state from approvals where id = $1")
            .bind(id)
            .fetch_one(&mut self.database.admin().await)
            .await
            .expect("a request")
    }
}

pub fn id(actor: &Actor) -> String {
    actor.id.expect("a login").to_string()
}

/// Asks for roles and rights of a colleague, through the form.
pub async fn ask(browser: &mut Browser, colleague: &Actor, boxes: &[&str]) -> Page {
    let address = format!("/staff/{}/rights", id(colleague));
    browser.get(&address).await;
    let fields: Vec<_> = boxes.iter().map(|name| (*name, "on")).chain([REASON]).collect();
    let page = browser.post(&address, &fields).await;
    browser.follow(page).await
}

/// Sends the form of a request's page, whether the person may see that page or not.
pub async fn grant(browser: &mut Browser, id: ApprovalId) -> Page {
    browser.get("/sign-out").await;
    let page = browser.post(&format!("/approvals/{id}"), &[("answer", "grant")]).await;
    browser.follow(page).await
}

/// A 管理者, who has asked for 医療情報閲覧 for a colleague, and a person who may approve that.
pub struct Asked {
    pub world: World,
    pub author: Actor,
    pub colleague: Actor,
    pub approver: Actor,
    pub authors: Browser,
    pub approvers: Browser,
    pub request: ApprovalId,
}

impl Asked {
    pub async fn new() -> Self {
        let world = World::new().await;
        let author = world.hire(UNION, &["admin"], &["approve"]).await;
        let colleague = world.hire(UNION, &["viewer"], &["approve"]).await;
        let approver = world.hire(UNION, &["viewer"], &["approve"]).await;
        let mut authors = world.seat(UNION, &author).await;
        let approvers = world.seat(UNION, &approver).await;
        world.clock.advance(Duration::seconds(1));
        let boxes = ["role_viewer", "right_approve", "right_medical"];
        let page = ask(&mut authors, &colleague, &boxes).await;
        assert!(page.shows("申請しました"), "{}", page.text());
        let request = world.newest_request().await;
        Self { world, author, colleague, approver, authors, approvers, request }
    }

    pub async fn rights(&self) -> Vec<String> {
        sqlx::query_scalar("select roles || extra_rights from staff where login_id = $1")
            .bind(self.colleague.id)
            .fetch_one(&mut self.world.database.admin().await)
            .await
            .expect("a colleague")
    }

    pub async fn state(&self) -> String {
        self.world.request_state(self.request).await
    }

    /// Opens the request and grants it, after a proof of who the approver is.
    pub async fn granted(&mut self) -> Page {
        self.approvers.get(&format!("/approvals/{}", self.request)).await;
        self.world.all_reauthenticate().await;
        grant(&mut self.approvers, self.request).await
    }
}
