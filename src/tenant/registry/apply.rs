//! Putting another version of a policy in force: a file that an operator applies, and a change by the union's staff.

use sqlx::PgConnection;

use super::{Applied, RegistryError, is_enabled, newest, version};
use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::db::{PlatformTx, TenantTx};
use crate::tenant::file::plan::changes;
use crate::tenant::hosts::HostUse;
use crate::tenant::notify;
use crate::tenant::policy::TenantConfig;

/// Puts a configuration in force: as a new union, as a new version, or not at all if it is in force
/// already.
///
/// # Errors
/// Returns [`RegistryError::HostTaken`] if another union has one of its hosts. Nothing is written
/// then.
pub async fn apply(
    tx: &mut PlatformTx,
    clock: &Clock,
    config: &TenantConfig,
    by: &str,
    note: &str,
) -> Result<Applied, RegistryError> {
    lock(tx.conn()).await?;
    let slug = config.slug.as_str();
    let (id, before) = match newest(tx, slug).await {
        Ok(found) => found,
        Err(RegistryError::UnknownTenant(_)) => (create(tx, clock, slug).await?, 0),
        Err(error) => return Err(error),
    };
    // A version that this program can't read may be replaced like any other.
    let current = match version(tx, slug, id, before).await {
        Ok(current) => Some(current),
        Err(RegistryError::Unreadable { .. } | RegistryError::UnknownVersion { .. }) => None,
        Err(error) => return Err(error),
    };
    let changes = changes(current.as_ref(), config);
    if current.is_some() && changes.is_empty() {
        return Ok(Applied::Unchanged { version: before });
    }
    check_hosts(tx, Some(id), config).await?;
    let version = before + 1;
    // Applying a file doesn't bring a union back that is out of service.
    let enabled = before == 0 || is_enabled(tx.conn(), id).await?;
    let row = NewVersion { version, config, by, note, enabled };
    insert(tx.conn(), clock, id, row).await?;
    replace_hosts(tx, id, config).await?;
    Ok(Applied::Changed { version, changes })
}

/// Takes a union out of service, or brings it back, by a new version with the same policy. Returns
/// the version's number, or `None` if nothing changes.
///
/// # Errors
/// Returns [`RegistryError::UnknownTenant`] if the slug is unknown.
pub async fn set_enabled(
    tx: &mut PlatformTx,
    clock: &Clock,
    slug: &str,
    enabled: bool,
    by: &str,
    note: &str,
) -> Result<Option<i32>, RegistryError> {
    lock(tx.conn()).await?;
    let (id, newest) = newest(tx, slug).await?;
    let version = sqlx::query_scalar!(
        "insert into tenant_policies (tenant_id, version, config, created_at, created_by, note, enabled)
         select tenant_id, version + 1, config, $3, $4, $5, $6 from tenant_policies
         where tenant_id = $1 and version = $2 and enabled <> $6
         returning version",
        id as TenantId,
        newest,
        clock.now(),
        by,
        note,
        enabled
    )
    .fetch_optional(tx.conn())
    .await?;
    if version.is_some() {
        notify::changed(tx.conn()).await?;
    }
    Ok(version)
}

/// Puts another version of the policy of the transaction's union in force, as its staff want it. They can't move its hosts
/// nor take it out of service. Returns the number, or `None` if `before` is not the newest version any more.
pub async fn change_by_staff(
    tx: &mut TenantTx,
    clock: &Clock,
    before: i32,
    config: &TenantConfig,
    by: &str,
    note: &str,
) -> Result<Option<i32>, sqlx::Error> {
    let tenant = tx.tenant();
    lock(tx.conn()).await?;
    let newest = sqlx::query!(
        "select version, enabled from tenant_policies where tenant_id = $1
         order by version desc limit 1",
        tenant as TenantId
    )
    .fetch_one(tx.conn())
    .await?;
    if newest.version != before {
        return Ok(None);
    }
    let version = before + 1;
    let row = NewVersion { version, config, by, note, enabled: newest.enabled };
    insert(tx.conn(), clock, tenant, row).await?;
    Ok(Some(version))
}

struct NewVersion<'v> {
    version: i32,
    config: &'v TenantConfig,
    by: &'v str,
    note: &'v str,
    enabled: bool,
}

/// Adds a version, and notifies all servers of it.
async fn insert(
    conn: &mut PgConnection,
    clock: &Clock,
    id: TenantId,
    NewVersion { version, config, by, note, enabled }: NewVersion<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into tenant_policies (tenant_id, version, config, created_at, created_by, note, enabled)
         values ($1, $2, $3, $4, $5, $6, $7)",
        id as TenantId,
        version,
        serde_json::json!(config),
        clock.now(),
        by,
        note,
        enabled
    )
    .execute(&mut *conn)
    .await?;
    notify::changed(conn).await
}

/// Makes people who change policies at the same time take turns.
async fn lock(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('kosmo tenants', 0))")
        .execute(conn)
        .await
        .map(drop)
}

async fn create(tx: &mut PlatformTx, clock: &Clock, slug: &str) -> Result<TenantId, sqlx::Error> {
    let id = TenantId::new(clock);
    sqlx::query!(
        "insert into tenants (id, slug, created_at) values ($1, $2, $3)",
        id as TenantId,
        slug,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// Checks that a union's hosts are free for it.
///
/// # Errors
/// Returns [`RegistryError::HostTaken`] if another union has one of them.
pub async fn check_hosts(
    tx: &mut PlatformTx,
    id: Option<TenantId>,
    config: &TenantConfig,
) -> Result<(), RegistryError> {
    let taken = sqlx::query!(
        "select h.label, t.slug from tenant_hosts h join tenants t on t.id = h.tenant_id
         where h.label = any($1) and h.tenant_id is distinct from $2 limit 1",
        &labels(&config.hosts.uses(&config.slug)),
        id as Option<TenantId>
    )
    .fetch_optional(tx.conn())
    .await?;
    match taken {
        Some(taken) => Err(RegistryError::HostTaken { label: taken.label, slug: taken.slug }),
        None => Ok(()),
    }
}

async fn replace_hosts(
    tx: &mut PlatformTx,
    id: TenantId,
    config: &TenantConfig,
) -> Result<(), sqlx::Error> {
    let uses = config.hosts.uses(&config.slug);
    sqlx::query!("delete from tenant_hosts where tenant_id = $1", id as TenantId)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "insert into tenant_hosts (label, tenant_id, door, canonical)
         select label, $1, door, canonical
         from unnest($2::text[], $3::text[], $4::boolean[]) as host (label, door, canonical)",
        id as TenantId,
        &labels(&uses),
        &uses.iter().map(|host| host.door.name().to_owned()).collect::<Vec<_>>(),
        &uses.iter().map(|host| host.canonical).collect::<Vec<_>>()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

fn labels(uses: &[HostUse]) -> Vec<String> {
    uses.iter().map(|host| host.label.clone()).collect()
}
