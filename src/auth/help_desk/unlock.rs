//! Letting a person who is locked out try again (L2).

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::not_me::tell;
use super::subject::{self, HelpLogin};
use super::{Already, HelpError};
use crate::audit::Action;
use crate::auth::account_changed::AccountChange;
use crate::auth::context::Context;
use crate::auth::credentials::login;
use crate::auth::staff::act::{Act, OpenHelp, Unlock};
use crate::auth::staff::desk::Desk;
use crate::base::ids::TenantId;

/// Wrong tries that led to a lock came within this time before it.
const TRIES_WITHIN: TimeDelta = TimeDelta::days(1);

/// Ends a person's locks, of the password and of the second factor, and forgets their wrong tries. Sessions, factors and
/// the password stay as they are; an account that is held stays held.
///
/// # Errors
/// [`Already::Unlocked`] if there is no lock and no wrong try.
pub async fn unlock(desk: &mut Desk<Unlock>, cx: Context<'_>, code: &str) -> Result<(), HelpError> {
    let subject = subject::take(desk, code).await?;
    let account = subject.account()?;
    if !account.is_locked() && !account.wrong_tries {
        return Err(HelpError::Done(Already::Unlocked));
    }
    login::forgive(desk.tx(), account.id).await?;
    tell(desk.tx(), cx, account, AccountChange::Unlocked, Unlock::ACTION).await?;
    desk.line().detail = json!({
        "password": account.password_locked_at.is_some(),
        "second_factor": account.second_factor_locked_at.is_some(),
    });
    Ok(())
}

/// Returns from how many addresses the wrong tries before a lock came.
pub async fn places(
    desk: &mut Desk<OpenHelp>,
    account: &HelpLogin,
    locked_at: DateTime<Utc>,
) -> Result<i64, HelpError> {
    let tx = desk.tx();
    let places = sqlx::query_scalar!(
        r#"select count(distinct remote_address) as "places!" from audit_events
           where tenant_id = $1 and subject_login = $2 and action = $3 and at > $4 and at <= $5"#,
        tx.tenant() as TenantId,
        account.id.0,
        Action::SignInRefused.name(),
        locked_at - TRIES_WITHIN,
        locked_at
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(places)
}
