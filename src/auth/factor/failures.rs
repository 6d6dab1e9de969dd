//! Wrong second factors have a count and a lock of their own, over all methods, sessions and resends
//! (L2).

use crate::audit::{self, Action};
use crate::auth::context::Context;
use crate::auth::guard::throttle::REPLAY_PERSON;
use crate::auth::session;
use crate::base::ids::LoginId;
use crate::db::TenantTx;

/// Notes that a right one came again, which `action` names. Nobody guessed, so that it counts for nothing; after some
/// it isn't noted either, so that nobody fills the trail with it.
pub(in crate::auth) async fn note_replay(
    tx: &mut TenantTx,
    cx: Context<'_>,
    account: LoginId,
    action: Action,
) -> Result<(), sqlx::Error> {
    if !REPLAY_PERSON.take_one(tx, cx.clock, &account.to_string()).await? {
        return Ok(());
    }
    let detail = serde_json::json!({ "replayed": true });
    audit::record(tx, cx.clock, action, Some(account), detail).await
}

/// Counts a wrong one, which `action` names. Whether the account is locked now, and all of its
/// sessions ended.
pub(in crate::auth) async fn count_failure(
    tx: &mut TenantTx,
    cx: Context<'_>,
    account: LoginId,
    action: Action,
) -> Result<bool, sqlx::Error> {
    let Context { clock, tenant, .. } = cx;
    let failures = sqlx::query_scalar!(
        "update accounts set second_factor_failures = second_factor_failures + 1
         where id = $1 returning second_factor_failures",
        account as LoginId
    )
    .fetch_one(tx.conn())
    .await?;
    let detail = serde_json::json!({ "failures": failures });
    audit::record(tx, clock, action, Some(account), detail).await?;
    if i32::from(failures) < i32::from(tenant.config.sign_in.lock_after) {
        return Ok(false);
    }
    sqlx::query!(
        "update accounts set second_factor_locked_at = coalesce(second_factor_locked_at, $2)
         where id = $1",
        account as LoginId,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    let detail = serde_json::json!({ "by": "second_factor" });
    audit::record(tx, clock, Action::Locked, Some(account), detail).await?;
    session::end_others(tx, clock, account, None).await?;
    Ok(true)
}
