//! A union's staff change the settings that the operator opened to it (A7).

mod changing;
mod limits;

use super::approvals::UNION;
use crate::support::browser::{Browser, Page};
use crate::support::first_sign_in::hidden;
use crate::support::world::World;

const REASON: (&str, &str) = ("reason", "窓口の案内に合わせるため");

/// Two people who may change settings together.
struct Office {
    world: World,
    admins: Browser,
    approvers: Browser,
}

impl Office {
    async fn new() -> Self {
        let world = World::new().await;
        let admin = world.hire(UNION, &["admin"], &[]).await;
        let approver = world.hire(UNION, &["viewer"], &["approve"]).await;
        let admins = world.seat(UNION, &admin).await;
        let approvers = world.seat(UNION, &approver).await;
        Self { world, admins, approvers }
    }

    /// Sends settings as the form does, to be looked at or asked for.
    async fn send(&mut self, step: &str, settings: &[(&str, &str)]) -> Page {
        let page = self.admins.get("/policy").await;
        let version = hidden(&page, "version");
        let fields = [("step", step), ("version", version.as_str()), REASON];
        let fields: Vec<_> = fields.into_iter().chain(settings.iter().copied()).collect();
        let page = self.admins.post("/policy", &fields).await;
        self.admins.follow(page).await
    }

    async fn versions(&self) -> i64 {
        let tenant = self.world.tenant(UNION);
        let count = format!("select count(*) from tenant_policies where tenant_id = '{tenant}'");
        self.world.count(&count).await
    }

    async fn requests(&self) -> i64 {
        self.world.count("select count(*) from approvals where kind = 'policy.change'").await
    }
}
