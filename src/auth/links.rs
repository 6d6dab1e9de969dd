//! Links that were mailed and wait for their owner.

use crate::base::clock::Clock;
use crate::base::ids::LoginId;
use crate::db::TenantTx;

/// Kills those of a person: any change of password, address or factors does.
///
/// # Errors
/// The database's.
pub(in crate::auth) async fn kill(
    tx: &mut TenantTx,
    clock: &Clock,
    account: LoginId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update email_confirmations set expires_at = $2
         where account_id = $1 and confirmed_at is null and expires_at > $2",
        account as LoginId,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from password_resets where account_id = $1", account as LoginId)
        .execute(tx.conn())
        .await
        .map(drop)
}
