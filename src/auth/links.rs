//! Links that were mailed and have not been used.

use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::Realm;
use crate::db::TenantTx;

/// Ends a person's links. Any change of password, address or factors does this, since a stranger may have asked for them.
pub(super) async fn kill<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<R>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update email_confirmations set expires_at = $4
         where tenant_id = $1 and realm = $2 and login_id = $3
           and confirmed_at is null and expires_at > $4",
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from password_resets where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
