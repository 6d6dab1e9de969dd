//! The versions of one union's policy, as its own transaction reads them: a server's copy may be a moment old.

use super::Version;
use crate::base::ids::TenantId;
use crate::db::TenantTx;
use crate::tenant::policy::TenantConfig;

/// The policy in force for the transaction's union.
#[derive(Debug, Clone)]
pub struct OwnPolicy {
    pub version: i32,
    pub config: TenantConfig,
}

/// Reads the newest version. Returns `None` if a newer program wrote it.
pub async fn own_newest(tx: &mut TenantTx) -> Result<Option<OwnPolicy>, sqlx::Error> {
    let row = sqlx::query!(
        "select version, config from tenant_policies where tenant_id = $1
         order by version desc limit 1",
        tx.tenant() as TenantId
    )
    .fetch_one(tx.conn())
    .await?;
    let config = serde_json::from_value(row.config).ok();
    Ok(config.map(|config| OwnPolicy { version: row.version, config }))
}

/// Reads one version. Returns `None` if there is none, or a newer program wrote it.
pub async fn own_version(
    tx: &mut TenantTx,
    version: i32,
) -> Result<Option<TenantConfig>, sqlx::Error> {
    let config = sqlx::query_scalar!(
        "select config from tenant_policies where tenant_id = $1 and version = $2",
        tx.tenant() as TenantId,
        version
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(config.and_then(|config| serde_json::from_value(config).ok()))
}

/// Lists the newest versions, at most `most`.
pub async fn own_history(tx: &mut TenantTx, most: i64) -> Result<Vec<Version>, sqlx::Error> {
    sqlx::query_as!(
        Version,
        "select version, enabled, created_at, created_by, note from tenant_policies
         where tenant_id = $1 order by version desc limit $2",
        tx.tenant() as TenantId,
        most
    )
    .fetch_all(tx.conn())
    .await
}
