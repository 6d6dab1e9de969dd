//! Signing a person out everywhere.

use serde_json::json;

use super::not_me::tell;
use super::{Already, HelpError, subject};
use crate::auth::account_changed::AccountChange;
use crate::auth::context::Context;
use crate::auth::session::store;
use crate::auth::staff::act::{Act as _, EndSessions};
use crate::auth::staff::desk::Desk;

/// Ends all of a person's sessions, also those that a browser keeps, and the links that they asked for. Returns how many
/// there were.
///
/// # Errors
/// [`Already::SignedOut`] if there are none.
pub async fn end(
    desk: &mut Desk<EndSessions>,
    cx: Context<'_>,
    code: &str,
) -> Result<u64, HelpError> {
    let subject = subject::take(desk, code).await?;
    let account = subject.account()?;
    let ended = store::close_others(desk.tx(), cx.clock, account.id, None).await?;
    if ended == 0 {
        return Err(HelpError::Done(Already::SignedOut));
    }
    tell(desk.tx(), cx, account, AccountChange::SignedOut, EndSessions::ACTION).await?;
    desk.line().detail = json!({ "ended": ended });
    Ok(ended)
}
