//! The state that every handler can reach.

use std::sync::Arc;

use axum::http::HeaderName;

use super::page::Pages;
use super::prose::Shelf;
use super::turns::Turns;
use crate::auth::context::Context;
use crate::auth::context::SignIn;
use crate::auth::credentials::hashing::PasswordHasher;
use crate::auth::guard::leases::Leases;
use crate::base::clock::Clock;
use crate::base::sealed::Sealer;
use crate::config::SecuritySettings;
use crate::db::Db;
use crate::db::actor::Actor;
use crate::mail::message::MailRoom;
use crate::mail::sns::Topic;
use crate::pdf::Printer;
use crate::signing::SigningKeys;
use crate::tenant::directory::{Directory, Tenant};

pub type AppState = Arc<App>;

/// The parts of a running server, put together once.
#[derive(Debug)]
pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub directory: Directory,
    pub hasher: PasswordHasher,
    pub leases: Leases,
    pub mail: MailRoom,
    /// The topic on which SES reports bounced mail.
    pub returned_mail: Option<Topic>,
    pub sealer: Sealer,
    pub printer: Printer,
    /// The keys with which unions sign files for e-Tax.
    pub signing: SigningKeys,
    /// The contact for weaknesses.
    pub security: SecuritySettings,
    pub turns: Turns,
    pub pages: Pages,
    /// Terms of use as HTML.
    pub prose: Shelf,
    /// True if browsers reach the portal by TLS only.
    pub https: bool,
    /// The header in which the reverse proxy passes the browser's address on.
    pub client_address_header: Option<HeaderName>,
}

impl App {
    #[must_use]
    pub const fn context<'c>(&'c self, tenant: &'c Tenant) -> Context<'c> {
        Context { clock: &self.clock, mail: &self.mail, tenant }
    }

    #[must_use]
    pub fn sign_in<'s>(&'s self, actor: &'s Actor) -> SignIn<'s> {
        SignIn {
            actor,
            db: &self.db,
            clock: &self.clock,
            hasher: &self.hasher,
            mail: &self.mail,
            leases: &self.leases,
        }
    }
}
