//! Correcting a user ID that a person can't change, or has mistaken.

use serde_json::json;

use super::not_me::tell;
use super::{Already, HelpError, HelpRefusal, subject};
use crate::auth::account_changed::AccountChange;
use crate::auth::context::Context;
use crate::auth::credentials::user_id::{Changed, UserId, exchange};
use crate::auth::staff::act::{Act as _, CorrectUserId};
use crate::auth::staff::desk::Desk;

/// Gives a registered person another user ID, under the union's rules. Sessions, factors and the password stay. The trail
/// tells that it was corrected, and neither ID.
///
/// # Errors
/// [`Already::HasUserId`], or [`HelpRefusal::BadUserId`] or [`HelpRefusal::Taken`].
pub async fn correct(
    desk: &mut Desk<CorrectUserId>,
    cx: Context<'_>,
    code: &str,
    typed: &str,
) -> Result<(), HelpError> {
    let subject = subject::take(desk, code).await?;
    let account = subject.account()?;
    if account.closed_at.is_some() {
        return Err(HelpRefusal::Closed.into());
    }
    if account.registered_at.is_none() {
        return Err(HelpRefusal::NotRegistered.into());
    }
    let user_id = UserId::choose(&cx.tenant.config.user_id, typed)
        .map_err(|error| HelpRefusal::BadUserId(cx.tenant.config.say(&error)))?;
    if user_id.as_str() == account.user_id {
        return Err(HelpError::Done(Already::HasUserId));
    }
    match exchange(desk.tx(), cx.clock, account.id, &account.user_id, &user_id).await? {
        Changed::Done => {}
        Changed::Taken => return Err(HelpRefusal::Taken.into()),
        // The login is locked, so nobody can have changed it meanwhile.
        Changed::Elsewhere => return Err(HelpError::Done(Already::HasUserId)),
    }
    tell(desk.tx(), cx, account, AccountChange::UserIdCorrected, CorrectUserId::ACTION).await?;
    desk.line().detail = json!({});
    Ok(())
}
