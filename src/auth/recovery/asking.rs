//! Requests for a mail that lets a person back in.
//!
//! Everybody gets the same answer after the same work. For an unknown user a link is stored and a mail is written as well,
//! but the mail is never sent.

use sha2::{Digest as _, Sha256};

use crate::auth::context::{SendingError, SignIn};
use crate::base::ids::LoginId;
use crate::db::TenantTx;
use crate::mail::message::Mail;
use crate::mail::outbox;
use crate::tenant::directory::Tenant;

/// The answer to a person who asks for a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailAsked {
    /// The same answer for everybody.
    Answered,
    /// Too many were asked for from this place.
    TooMany,
}

/// Returns the id of a login that nobody has. It is the same each time the same user ID is typed.
pub(super) fn nobody<R>(typed: &str) -> LoginId<R> {
    let hash = Sha256::digest(typed);
    LoginId::from_uuid(
        uuid::Builder::from_random_bytes(hash.first_chunk().copied().unwrap_or_default())
            .into_uuid(),
    )
}

impl SignIn<'_> {
    pub(super) async fn post<M: Mail>(
        &self,
        tx: &mut TenantTx,
        tenant: &Tenant,
        mail: &M,
        recipient: &str,
    ) -> Result<(), SendingError> {
        let letter = self.mail.write(tenant, mail)?;
        outbox::enqueue(tx, self.clock, &letter, recipient, None).await?;
        Ok(())
    }
}
