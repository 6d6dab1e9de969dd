//! Who may do what, and who gives and takes that (A1).

mod anew;
mod giving;
mod inviting;
mod own_data;
mod review;
mod taking;

use kosmo::db::actor::Actor;

use super::approvals::{REASON, id};
use crate::support::browser::{Browser, Page};
use crate::support::world::World;

impl World {
    /// Gives a hired member of staff an address, as the invitation does.
    async fn give_address(&self, actor: &Actor, email: &str) {
        let give = format!(
            "update logins set email = '{email}', email_confirmed_at = now() where id = '{}'",
            id(actor)
        );
        self.execute(&give).await;
    }

    async fn count_denied(&self, act: &str) -> i64 {
        let lines = format!(
            "select count(*) from audit_events
             where action = 'authz.denied' and outcome = 'refused' and detail ->> 'act' = '{act}'"
        );
        self.count(&lines).await
    }
}

/// Does one of the acts with a reason.
async fn act(browser: &mut Browser, name: &str, colleague: &Actor) -> Page {
    let address = format!("/staff/{}/{name}", id(colleague));
    browser.get(&address).await;
    let page = browser.post(&address, &[REASON]).await;
    browser.follow(page).await
}
