//! Staff find people and see whom they help (A2, A3).

mod medical;
mod person;
mod search;
mod sign_in;
mod timeline;

use kosmo::base::ids::SessionId;
use kosmo::base::realm::Staff;
use kosmo::base::secret::PlainToken;

use crate::support::browser::Browser;
use crate::support::world::World;

/// The plain page for staff without a right.
const REFUSED: &str = "この操作をする権限がありません";

impl World {
    /// Opens a browser at the console, in which a new member of staff has signed in.
    pub async fn staff_browser(&self, slug: &str, roles: &[&str], extra: &[&str]) -> Browser {
        let actor = self.hire(slug, roles, extra).await;
        let (session, token) = (SessionId::<Staff>::new(&self.clock), PlainToken::random());
        let mut admin = self.database.admin().await;
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
        .execute(&mut admin)
        .await
        .expect("a session");
        let mut browser = self.at_console(slug);
        browser.cookies.insert("__Host-kosmo-session".to_owned(), token.expose());
        browser
    }
}
