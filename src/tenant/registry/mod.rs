//! Unions and the versions of their policies, in the database.

mod apply;
mod own;

pub use self::apply::{apply, change_by_staff, check_hosts, set_enabled};
pub use self::own::{OwnPolicy, own_history, own_newest, own_version};

use chrono::{DateTime, Utc};

use super::file::plan::SettingChange;
use super::policy::TenantConfig;
use sqlx::PgConnection;

use crate::base::ids::TenantId;
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::{PlatformTx, TenantTx};

/// A union with the policy in force.
#[derive(Debug, Clone)]
pub struct RegisteredUnion {
    pub id: TenantId,
    pub version: i32,
    /// False for a union that is out of service.
    pub enabled: bool,
    pub config: TenantConfig,
}

/// One version of a union's policy.
#[derive(Debug, Clone)]
pub struct Version {
    pub version: i32,
    pub enabled: bool,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub note: String,
}

/// The numbers of people whom a change of policy can affect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeopleCounts {
    pub members: i64,
    /// The number of members who have a login.
    pub accounts: i64,
    /// The number of members who have a password of their own.
    pub registered: i64,
}

/// The result of applying a file.
#[derive(Debug, PartialEq)]
pub enum Applied {
    Unchanged { version: i32 },
    Changed { version: i32, changes: Vec<SettingChange> },
}

#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("ホスト名「{label}」は組合「{slug}」が使っています")]
    HostTaken { label: String, slug: String },
    #[error("組合「{0}」は登録されていません")]
    UnknownTenant(String),
    #[error("組合「{slug}」に版 {version} はありません")]
    UnknownVersion { slug: String, version: i32 },
    #[error(
        "組合「{slug}」には、戻せる版がありません（版 {version} より前に、内容の違う版はありません）"
    )]
    NoEarlierVersion { slug: String, version: i32 },
    #[error("組合「{slug}」の版 {version} を読めません: {reason}")]
    Unreadable { slug: String, version: i32, reason: String },
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A stored policy. Its config is an error if a newer program wrote it and this one can't read it.
pub struct StoredPolicy {
    pub id: TenantId,
    pub slug: String,
    pub version: i32,
    pub enabled: bool,
    pub config: Result<TenantConfig, serde_json::Error>,
}

/// Lists every union with its newest policy, ordered by slug.
pub async fn load_all(tx: &mut PlatformTx) -> Result<Vec<StoredPolicy>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select t.id as "id: TenantId", t.slug, p.version, p.enabled, p.config
           from tenants t
           join lateral (
               select version, enabled, config from tenant_policies
               where tenant_id = t.id order by version desc limit 1
           ) p on true
           order by t.slug"#
    )
    .fetch_all(tx.conn())
    .await?;
    let stored = |config| serde_json::from_value(config);
    Ok(rows
        .into_iter()
        .map(|row| StoredPolicy {
            id: row.id,
            slug: row.slug,
            version: row.version,
            enabled: row.enabled,
            config: stored(row.config),
        })
        .collect())
}

/// Finds one union. Returns `None` if the slug is unknown.
///
/// # Errors
/// Returns [`RegistryError::Unreadable`] if a newer program wrote the policy.
pub async fn find(
    tx: &mut PlatformTx,
    slug: &str,
) -> Result<Option<RegisteredUnion>, RegistryError> {
    match newest(tx, slug).await {
        Ok((id, number)) => {
            let config = version(tx, slug, id, number).await?;
            let enabled = is_enabled(tx.conn(), id).await?;
            Ok(Some(RegisteredUnion { id, version: number, enabled, config }))
        }
        Err(RegistryError::UnknownTenant(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the number of a union's newest version, even one that can't be read.
///
/// # Errors
/// Returns [`RegistryError::UnknownTenant`] if the slug is unknown.
pub async fn newest(tx: &mut PlatformTx, slug: &str) -> Result<(TenantId, i32), RegistryError> {
    let row = sqlx::query!(
        r#"select t.id as "id: TenantId", max(p.version) as "version!"
           from tenants t join tenant_policies p on p.tenant_id = t.id
           where t.slug = $1 group by t.id"#,
        slug
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| (row.id, row.version))
        .ok_or_else(|| RegistryError::UnknownTenant(slug.to_owned()))
}

/// Finds one union, and fails if there is none.
///
/// # Errors
/// Returns [`RegistryError::UnknownTenant`] if the slug is unknown, and
/// [`RegistryError::Unreadable`] as [`find`] does.
pub async fn get(tx: &mut PlatformTx, slug: &str) -> Result<RegisteredUnion, RegistryError> {
    find(tx, slug).await?.ok_or_else(|| RegistryError::UnknownTenant(slug.to_owned()))
}

/// Lists the ids and slugs of all unions, ordered by slug.
pub async fn ids(tx: &mut PlatformTx) -> Result<Vec<(TenantId, String)>, sqlx::Error> {
    let rows = sqlx::query!(r#"select id as "id: TenantId", slug from tenants order by slug"#)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.slug)).collect())
}

/// Reads the policy of one version.
///
/// # Errors
/// Returns [`RegistryError::UnknownVersion`] if there is none, and [`RegistryError::Unreadable`] if
/// a newer program wrote it.
pub async fn version(
    tx: &mut PlatformTx,
    slug: &str,
    id: TenantId,
    version: i32,
) -> Result<TenantConfig, RegistryError> {
    let config = sqlx::query_scalar!(
        "select config from tenant_policies where tenant_id = $1 and version = $2",
        id as TenantId,
        version
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or_else(|| RegistryError::UnknownVersion { slug: slug.to_owned(), version })?;
    serde_json::from_value(config).map_err(|error| RegistryError::Unreadable {
        slug: slug.to_owned(),
        version,
        reason: error.to_string(),
    })
}

/// Lists all versions of a union, newest first.
pub async fn history(tx: &mut PlatformTx, id: TenantId) -> Result<Vec<Version>, sqlx::Error> {
    sqlx::query_as!(
        Version,
        "select version, enabled, created_at, created_by, note from tenant_policies
         where tenant_id = $1 order by version desc",
        id as TenantId
    )
    .fetch_all(tx.conn())
    .await
}

/// Returns the newest version before `than` whose policy differs from it.
///
/// # Errors
/// Returns [`RegistryError::NoEarlierVersion`] if there is none.
pub async fn earlier(
    tx: &mut PlatformTx,
    slug: &str,
    id: TenantId,
    than: i32,
) -> Result<i32, RegistryError> {
    let earlier = sqlx::query_scalar!(
        "select max(p.version) from tenant_policies p
         join tenant_policies newest on newest.tenant_id = p.tenant_id and newest.version = $2
         where p.tenant_id = $1 and p.version < $2 and p.config <> newest.config",
        id as TenantId,
        than
    )
    .fetch_one(tx.conn())
    .await?;
    earlier.ok_or_else(|| RegistryError::NoEarlierVersion { slug: slug.to_owned(), version: than })
}

/// Returns true if a union's portal is in service now.
async fn is_enabled(conn: &mut PgConnection, id: TenantId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        "select enabled from tenant_policies where tenant_id = $1 order by version desc limit 1",
        id as TenantId
    )
    .fetch_one(conn)
    .await
}

/// Counts the people of the transaction's union.
pub async fn people(tx: &mut TenantTx) -> Result<PeopleCounts, sqlx::Error> {
    sqlx::query_as!(
        PeopleCounts,
        r#"select (select count(*) from members where tenant_id = $1) as "members!",
                  count(*) as "accounts!",
                  count(password_hash) as "registered!"
           from logins where tenant_id = $1 and realm = $2"#,
        tx.tenant() as TenantId,
        Subscribers::NAME
    )
    .fetch_one(tx.conn())
    .await
}
