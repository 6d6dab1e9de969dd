//! Keeping everybody out of an account, and opening it again.

use serde_json::json;

use super::not_me::tell;
use super::{Already, HelpError, subject};
use crate::auth::account_changed::AccountChange;
use crate::auth::context::Context;
use crate::auth::credentials::login::{self, HoldCause};
use crate::auth::staff::act::{Act as _, Hold, Release};
use crate::auth::staff::desk::Desk;
use crate::base::ids::TenantId;
use crate::base::realm::{Realm as _, Subscribers};

/// Holds an account: nobody signs in until staff release it, and every session ends.
///
/// # Errors
/// [`Already::Held`].
pub async fn hold(desk: &mut Desk<Hold>, cx: Context<'_>, code: &str) -> Result<(), HelpError> {
    let subject = subject::take(desk, code).await?;
    let account = subject.account()?;
    if account.held_at.is_some() {
        return Err(HelpError::Done(Already::Held));
    }
    let ended = login::hold(desk.tx(), cx.clock, account.id, HoldCause::Staff).await?;
    tell(desk.tx(), cx, account, AccountChange::Held, Hold::ACTION).await?;
    desk.line().detail = json!({ "sessions": ended });
    Ok(())
}

/// Releases an account that was held, whoever had it held. Locks stay.
///
/// # Errors
/// [`Already::Open`].
pub async fn release(
    desk: &mut Desk<Release>,
    cx: Context<'_>,
    code: &str,
) -> Result<(), HelpError> {
    let subject = subject::take(desk, code).await?;
    let account = subject.account()?;
    if account.held_at.is_none() {
        return Err(HelpError::Done(Already::Open));
    }
    let tx = desk.tx();
    sqlx::query!(
        "update logins set held_at = null, held_cause = null
         where tenant_id = $1 and realm = $2 and id = $3",
        tx.tenant() as TenantId,
        Subscribers::NAME,
        account.id.0
    )
    .execute(tx.conn())
    .await?;
    tell(tx, cx, account, AccountChange::Released, Release::ACTION).await?;
    desk.line().detail = json!({ "held_by_person": account.held_by_person });
    Ok(())
}
