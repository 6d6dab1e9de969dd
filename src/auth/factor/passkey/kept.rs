//! Passkeys as they are kept.

use sqlx::types::Json;
use webauthn_rs::prelude::{AuthenticationResult, Passkey};

use crate::base::clock::Clock;
use crate::base::ids::{DeviceId, LoginId, TenantId};
use crate::base::realm::Realm;
use crate::db::TenantTx;

pub(super) async fn all<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
) -> Result<Vec<(DeviceId, Passkey)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id: DeviceId", credential as "credential: Json<Passkey>"
           from passkeys
                where tenant_id = $1 and realm = $2 and login_id = $3 order by id for update"#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.credential.0)).collect())
}

pub(super) async fn passkey_of<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
    credential_id: &[u8],
) -> Result<Option<(DeviceId, Passkey)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select id as "id: DeviceId", credential as "credential: Json<Passkey>"
           from passkeys
                where tenant_id = $1 and realm = $2 and login_id = $3 and credential_id = $4 for update"#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        credential_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.id, row.credential.0)))
}

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
        "update passkeys set credential = $4, last_used_at = $5
         where tenant_id = $1 and realm = $2 and login_id = $6 and id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        id as DeviceId,
        Json(&passkey) as _,
        clock.now(),
        login.0
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
