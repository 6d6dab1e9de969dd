//! A union's staff write its terms of use, and see who agreed (A5).

mod agreed;
mod publishing;
mod writing;

use kosmo::db::actor::Actor;

use super::approvals::{REASON, UNION};
use crate::support::browser::{Browser, Page};
use crate::support::first_sign_in::hidden;
use crate::support::world::World;

pub const TEXT: &str = "# 独自の規約\n\n第1条 目的\n\n第2条 範囲";
pub const DAY: &str = "2027-04-01";

/// Writes a draft through the form, and returns its address.
async fn write(browser: &mut Browser, day: &str, text: &str) -> String {
    let page = browser.get("/terms/new").await;
    assert!(page.shows("利用規約の下書き"), "{}", page.text());
    let page = browser.post("/terms/new", &[("effective_on", day), ("body", text)]).await;
    assert!(page.location().starts_with("/terms/drafts/"), "{}", page.text());
    page.location().to_owned()
}

/// Asks for the publication of a draft, through its page.
async fn ask(browser: &mut Browser, draft: &str) -> Page {
    let page = browser.get(draft).await;
    let seen = hidden(&page, "seen");
    let page = browser.post(draft, &[("seen", &seen), REASON]).await;
    browser.follow(page).await
}

/// An editor who has written a draft, and two people who may publish it together.
struct Drafted {
    world: World,
    editors: Browser,
    admin: Actor,
    admins: Browser,
    approvers: Browser,
    draft: String,
}

impl Drafted {
    async fn new() -> Self {
        let world = World::new().await;
        let editor = world.hire(UNION, &["editor"], &[]).await;
        let admin = world.hire(UNION, &["admin"], &[]).await;
        let approver = world.hire(UNION, &["viewer"], &["approve"]).await;
        let mut editors = world.seat(UNION, &editor).await;
        let admins = world.seat(UNION, &admin).await;
        let approvers = world.seat(UNION, &approver).await;
        let draft = write(&mut editors, DAY, TEXT).await;
        Self { world, editors, admin, admins, approvers, draft }
    }

    async fn published(&self) -> i64 {
        self.world.count("select count(*) from tenant_terms").await
    }
}
