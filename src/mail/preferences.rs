//! Which news a person wants by mail; who never said takes what the union sends.

use crate::base::ids::LoginId;
use crate::db::TenantTx;
use crate::tenant::policy::UpdateMail;

/// # Errors
/// The database's.
pub async fn wants(
    tx: &mut TenantTx,
    account: LoginId,
    kind: UpdateMail,
) -> Result<bool, sqlx::Error> {
    let wanted = sqlx::query_scalar!(
        "select wanted from mail_preferences where account_id = $1 and kind = $2",
        account as LoginId,
        kind.name()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(wanted.unwrap_or(true))
}

/// # Errors
/// The database's.
pub async fn set(
    tx: &mut TenantTx,
    account: LoginId,
    kind: UpdateMail,
    wanted: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into mail_preferences (account_id, kind, wanted) values ($1, $2, $3)
         on conflict (tenant_id, account_id, kind) do update set wanted = excluded.wanted",
        account as LoginId,
        kind.name(),
        wanted
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
