//! The things that almost everything in this room needs.

use crate::auth::credentials::hashing::{HashingError, HashingTurn, PasswordHasher};
use crate::auth::guard::leases::Leases;
use crate::base::clock::Clock;
use crate::db::actor::Actor;
use crate::db::{Db, Passing};
use crate::mail::message::MailRoom;
use crate::tenant::directory::Tenant;

/// The union, the clock, and the room that writes mails.
#[derive(Debug, Clone, Copy)]
pub struct Context<'c> {
    pub clock: &'c Clock,
    pub mail: &'c MailRoom,
    pub tenant: &'c Tenant,
}

/// A mail that can't be written or queued.
#[derive(Debug, thiserror::Error)]
pub enum SendingError {
    #[error("mail: {0}")]
    Mail(#[from] tera::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Passing for SendingError {
    fn is_passing(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_passing())
    }
}

/// The things that work with passwords needs.
pub struct SignIn<'s> {
    /// The person who asks.
    pub actor: &'s Actor,
    pub db: &'s Db,
    pub clock: &'s Clock,
    pub hasher: &'s PasswordHasher,
    pub mail: &'s MailRoom,
    pub leases: &'s Leases,
}

/// The reason why such work could not be done.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Sending(#[from] SendingError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl<'s> SignIn<'s> {
    /// Waits for a turn to have a password hashed; see [`PasswordHasher::turn`].
    pub(super) async fn turn(
        &self,
        tenant: &Tenant,
        who: &str,
    ) -> Result<HashingTurn<'s>, HashingError> {
        self.hasher.turn(tenant.id, who).await
    }

    pub(super) const fn context(&self, tenant: &'s Tenant) -> Context<'s> {
        Context { clock: self.clock, mail: self.mail, tenant }
    }
}
