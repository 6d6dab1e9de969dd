//! What comes of a browser's answer.

use super::relying_party::PasskeyError;
use crate::audit::{self, Action};
use crate::auth::context::Context;
use crate::auth::factor::failures;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::base::clock::Clock;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;

/// What came of a browser's answer.
#[derive(Debug)]
pub enum Answer {
    Done(PlainToken),
    /// It doesn't answer the challenge, or too late.
    Refused,
    /// Another of the person's passkeys has this name.
    NameTaken,
    /// The person has as many as anybody may.
    TooMany,
    /// Too many were wrong; the login is locked.
    Locked,
    /// The factor was proved before: a second click's request.
    NothingDue,
}

/// Refuses an answer that is no guess, for which `reason` is on the trail.
pub(super) async fn refuse<R: People>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session<R>,
    reason: Option<&str>,
) -> Result<Answer, PasskeyError> {
    let detail = serde_json::json!({ "reason": reason });
    audit::record_of(tx, clock, Action::PasskeyRefused, Some(session.login), detail).await?;
    Ok(Answer::Refused)
}

/// A proof at sign-in that proves nothing.
pub(super) async fn wrong<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
) -> Result<Answer, PasskeyError> {
    let (login, refused) = (session.login, Action::PasskeyRefused);
    let locked = failures::count_failure(tx, cx, login, refused).await?;
    Ok(if locked { Answer::Locked } else { Answer::Refused })
}
