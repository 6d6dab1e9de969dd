//! Cookies, tokens and links that a browser shows at a union and that the union never gave out. They leave a line on its
//! trail, since they may have been carried over from another union. The line does not tell whose they are: nobody looks.

use crate::audit::{self, Action};
use crate::auth::context::SignIn;
use crate::auth::guard::throttle::{FOREIGN_ADDRESS, FOREIGN_UNION};
use crate::base::realm::Realm;
use crate::db::actor::Client;
use crate::tenant::directory::Tenant;

/// A thing that a browser showed and that is not the union's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// The cookie of a session that the union never had.
    Session,
    /// A cookie that this union did not seal.
    Cookie,
    /// The token of a form.
    Form,
    /// A link by mail.
    Link,
    /// The answer of a passkey to a question that nobody asked here.
    Passkey,
    /// A request that a page of another site made.
    Origin,
}

impl Foreign {
    const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Cookie => "cookie",
            Self::Form => "form",
            Self::Link => "link",
            Self::Passkey => "passkey",
            Self::Origin => "origin",
        }
    }
}

impl SignIn<'_> {
    /// Writes the line, unless many came from that place, or at that union, a moment ago.
    pub async fn note_foreign<R: Realm>(
        &self,
        tenant: &Tenant,
        client: &Client,
        shown: Foreign,
    ) -> Result<(), sqlx::Error> {
        let (clock, place) = (self.clock, client.place());
        if !FOREIGN_ADDRESS.take_apart::<R>(self.db, clock, tenant.id, &place, 1).await?
            || !self.leases.take_one::<R>(self.db, clock, tenant.id, FOREIGN_UNION).await?
        {
            return Ok(());
        }
        let detail = serde_json::json!({ "shown": shown.name() });
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        audit::record(&mut tx, self.clock, Action::ForeignRefused, None, detail).await?;
        tx.commit().await
    }
}
