//! The news that a person wants by mail. Without a choice, a person gets what the union sends.

use crate::base::ids::{LoginId, TenantId};
use crate::db::TenantTx;
use crate::tenant::policy::UpdateMail;

/// Returns true unless the person refused such mails.
pub async fn wants(
    tx: &mut TenantTx,
    login: LoginId,
    kind: UpdateMail,
) -> Result<bool, sqlx::Error> {
    let wanted = sqlx::query_scalar!(
        "select wanted from mail_preferences
         where tenant_id = $1 and login_id = $2 and kind = $3",
        tx.tenant() as TenantId,
        login.0,
        kind.name()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(wanted.unwrap_or(true))
}

/// Stores what the person wants.
pub async fn set(
    tx: &mut TenantTx,
    login: LoginId,
    kind: UpdateMail,
    wanted: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into mail_preferences (tenant_id, login_id, kind, wanted) values ($1, $2, $3, $4)
         on conflict (tenant_id, login_id, kind) do update set wanted = excluded.wanted",
        tx.tenant() as TenantId,
        login.0,
        kind.name(),
        wanted
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
