//! Wrong second factors have a count and a lock of their own, over all methods, sessions and resends
//! (L2).

use crate::audit::{self, Action};
use crate::auth::context::Context;
use crate::auth::guard::throttle::REPLAY_PERSON;
use crate::auth::session::store;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::Realm;
use crate::db::TenantTx;

/// Notes that a right one came again, which `action` names. Nobody guessed, so that it counts for nothing; after some
/// it isn't noted either, so that nobody fills the trail with it.
pub(in crate::auth) async fn note_replay<R: Realm>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    login: LoginId<R>,
    action: Action,
) -> Result<(), sqlx::Error> {
    if !REPLAY_PERSON.take_one::<R>(tx, cx.clock, &login.to_string()).await? {
        return Ok(());
    }
    let detail = serde_json::json!({ "replayed": true });
    audit::record_of(tx, cx.clock, action, Some(login), detail).await
}

/// Counts a wrong one, which `action` names. Returns true if the login is locked now, and all of its
/// sessions have ended.
pub(in crate::auth) async fn count_failure<R: Realm>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    login: LoginId<R>,
    action: Action,
) -> Result<bool, sqlx::Error> {
    let Context { clock, tenant, .. } = cx;
    let failures = sqlx::query_scalar!(
        "update logins set second_factor_failures = second_factor_failures + 1
         where tenant_id = $1 and realm = $2 and id = $3 returning second_factor_failures",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_one(tx.conn())
    .await?;
    let detail = serde_json::json!({ "failures": failures });
    audit::record_of(tx, clock, action, Some(login), detail).await?;
    if i32::from(failures) < i32::from(tenant.config.sign_in.lock_after) {
        return Ok(false);
    }
    sqlx::query!(
        "update logins set second_factor_locked_at = coalesce(second_factor_locked_at, $4)
         where tenant_id = $1 and realm = $2 and id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    let detail = serde_json::json!({ "by": "second_factor" });
    audit::record_of(tx, clock, Action::Locked, Some(login), detail).await?;
    store::end_others(tx, clock, login, None).await?;
    Ok(true)
}
