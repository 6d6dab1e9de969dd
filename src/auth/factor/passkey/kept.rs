//! Passkeys as the database keeps them.

use sqlx::types::Json;
use webauthn_rs::prelude::{AuthenticationResult, Passkey};

use crate::base::clock::Clock;
use crate::base::ids::{DeviceId, LoginId, TenantId};
use crate::base::realm::Realm;
use crate::db::TenantTx;

/// Returns all passkeys of a person.
pub(super) async fn all<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
) -> Result<Vec<Passkey>, sqlx::Error> {
    let kept = sqlx::query_scalar!(
        r#"select credential as "credential!: Json<Passkey>" from devices
           where tenant_id = $1 and realm = $2 and login_id = $3 and kind = 'passkey' order by id"#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(kept.into_iter().map(|Json(passkey)| passkey).collect())
}

/// Returns the person's passkey that browsers call by this id, and locks it, so that its counter is read and written by
/// one request at a time.
pub(super) async fn find<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
    credential_id: &[u8],
) -> Result<Option<(DeviceId, Passkey)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select id as "id: DeviceId", credential as "credential!: Json<Passkey>" from devices
           where tenant_id = $1 and realm = $2 and login_id = $3 and kind = 'passkey' and credential_id = $4
           for update"#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        credential_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.id, row.credential.0)))
}

/// Notes that a passkey was used, with the counter and the backup flags that its device told.
pub(super) async fn note_use<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<R>,
    id: DeviceId,
    mut passkey: Passkey,
    proof: &AuthenticationResult,
) -> Result<(), sqlx::Error> {
    passkey.update_credential(proof);
    sqlx::query!(
        "update devices set credential = $5, last_used_at = $6
         where tenant_id = $1 and realm = $2 and id = $3 and login_id = $4 and kind = 'passkey'",
        tx.tenant() as TenantId,
        R::NAME,
        id as DeviceId,
        login.0,
        Json(&passkey) as _,
        clock.now()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
