//! Maps a host to its union and door, without asking the database.
//!
//! The whole directory is small (Japan has about 1,400 unions), so it is kept in memory and
//! replaced as a whole: at start, when the database notifies of a change (LISTEN/NOTIFY), every half
//! minute in case a notification was lost, and before a job that would begin with an older policy. A
//! union whose policy can't be read keeps its last readable one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::hosts::Door;
use super::maintenance::{self, MaintenanceWindow, Recurring};
use super::notify;
use super::policy::TenantConfig;
use super::registry;
use super::terms::{self, Terms};
use crate::base::ids::TenantId;
use crate::config::{BaseUrl, host_name};
use crate::db::Db;

const REFRESH_EVERY: Duration = Duration::from_secs(30);
const RECONNECT_AFTER: Duration = Duration::from_millis(500);

/// A union as a request sees it.
#[derive(Debug)]
pub struct Tenant {
    pub id: TenantId,
    pub version: i32,
    /// False for a union that is out of service; every page then says so.
    pub enabled: bool,
    pub config: TenantConfig,
    /// The portal's origin: `https://jomkenpo.portal.kosmo-web.jp`. Every link is built from it,
    /// never from the request.
    pub origin: String,
    /// The staff console's origin.
    pub console_origin: String,
    pub terms: Terms,
    /// The union's own maintenance windows (T13).
    maintenance: Option<Recurring>,
}

impl Tenant {
    /// Puts a union together. A maintenance rule that can't be read counts as none; [`super::file`]
    /// lets no such rule pass.
    #[must_use]
    pub fn new(
        id: TenantId,
        version: i32,
        config: TenantConfig,
        base: &BaseUrl,
        terms: Terms,
    ) -> Self {
        let origin = base.origin(config.hosts.canonical.as_str());
        let console_origin = base.origin(&config.hosts.console_label(&config.slug));
        let recurring = config.maintenance.as_ref().map(Recurring::of);
        let maintenance = recurring.and_then(Result::ok);
        Self { id, version, enabled: true, config, origin, console_origin, terms, maintenance }
    }

    /// Returns the origin of one of the union's doors.
    #[must_use]
    pub fn origin_of(&self, door: Door) -> &str {
        match door {
            Door::Portal => &self.origin,
            Door::Console => &self.console_origin,
        }
    }
}

/// The union and door to which a host leads.
#[derive(Debug, Clone)]
pub enum Resolution {
    To(Arc<Tenant>, Door),
    /// An alias, which redirects to the portal's [`Tenant::origin`].
    Alias(Arc<Tenant>),
    Unknown,
}

#[derive(Debug, Default)]
struct Snapshot {
    by_host: HashMap<String, Resolution>,
    by_id: HashMap<TenantId, Arc<Tenant>>,
    maintenance: Vec<MaintenanceWindow>,
}

/// The unions of this deployment.
#[derive(Debug)]
pub struct Directory {
    base: BaseUrl,
    snapshot: ArcSwap<Snapshot>,
    /// One refresh at a time, so that an older copy never takes the place of a newer one.
    refreshing: Mutex<()>,
}

impl Directory {
    /// Reads the directory once.
    pub async fn load(db: &Db, base: BaseUrl) -> Result<Self, sqlx::Error> {
        let directory = Self { base, snapshot: ArcSwap::default(), refreshing: Mutex::default() };
        directory.refresh(db).await?;
        Ok(directory)
    }

    /// Returns the union and door of a `Host` header's value. The port doesn't matter.
    #[must_use]
    pub fn resolve(&self, host: &str) -> Resolution {
        let found = self.snapshot.load().by_host.get(&host_name(host)).cloned();
        found.unwrap_or(Resolution::Unknown)
    }

    /// Returns the portal's next or present maintenance window, once people have to know of it
    /// (T13).
    #[must_use]
    pub fn maintenance(&self, tenant: &Tenant, now: DateTime<Utc>) -> Option<MaintenanceWindow> {
        let platform = maintenance::told(&self.snapshot.load().maintenance, now);
        let own = tenant.maintenance.as_ref().and_then(|own| own.told(now));
        let both: Vec<MaintenanceWindow> = platform.into_iter().chain(own).collect();
        maintenance::told(&both, now)
    }

    /// The union with this id.
    #[must_use]
    pub fn find(&self, id: TenantId) -> Option<Arc<Tenant>> {
        self.snapshot.load().by_id.get(&id).cloned()
    }

    /// Returns a union with the policy that is in force now, even if no notification of it has arrived yet.
    pub async fn in_force(
        &self,
        db: &Db,
        id: TenantId,
    ) -> Result<Option<Arc<Tenant>>, sqlx::Error> {
        let mut tx = db.platform().await?;
        let newest = sqlx::query_scalar!(
            "select max(version) from tenant_policies where tenant_id = $1",
            id as TenantId
        )
        .fetch_one(tx.conn())
        .await?;
        tx.commit().await?;
        let known = self.find(id);
        if known.as_ref().map(|tenant| tenant.version) == newest {
            return Ok(known);
        }
        self.refresh(db).await?;
        Ok(self.find(id))
    }

    /// Every union, ordered by slug.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Tenant>> {
        let mut tenants: Vec<_> = self.snapshot.load().by_id.values().cloned().collect();
        tenants.sort_by(|a, b| a.config.slug.cmp(&b.config.slug));
        tenants
    }

    /// Reads the directory again. After an error it stays as it was.
    pub async fn refresh(&self, db: &Db) -> Result<(), sqlx::Error> {
        let _turn = self.refreshing.lock().await;
        let mut tx = db.platform().await?;
        let stored = registry::load_all(&mut tx).await?;
        let all_terms = terms::load_all(&mut tx).await?;
        let planned = maintenance::planned(&mut tx, DateTime::UNIX_EPOCH).await?;
        tx.commit().await?;
        let before = self.snapshot.load();
        let maintenance = planned.into_iter().map(|(_, window)| window).collect();
        let mut next = Snapshot { maintenance, ..Snapshot::default() };
        for entry in stored {
            let terms = Terms::of(entry.id, &all_terms).ok_or(sqlx::Error::RowNotFound)?;
            let tenant = match (entry.config, before.by_id.get(&entry.id)) {
                (_, Some(known)) if known.version == entry.version && known.terms == terms => {
                    known.clone()
                }
                (Ok(config), _) => {
                    let tenant = self.tenant(entry.id, entry.version, config, terms);
                    Arc::new(Tenant { enabled: entry.enabled, ..tenant })
                }
                (Err(error), known) => {
                    tracing::error!(tenant = entry.slug, version = entry.version, %error, "policy unreadable");
                    let Some(known) = known else { continue };
                    let tenant = self.tenant(known.id, known.version, known.config.clone(), terms);
                    Arc::new(Tenant { enabled: entry.enabled, ..tenant })
                }
            };
            for host in tenant.config.hosts.uses(&tenant.config.slug) {
                let resolution = match host.canonical {
                    true => Resolution::To(tenant.clone(), host.door),
                    false => Resolution::Alias(tenant.clone()),
                };
                next.by_host.insert(self.base.host(&host.label), resolution);
            }
            next.by_id.insert(tenant.id, tenant);
        }
        self.snapshot.store(Arc::new(next));
        Ok(())
    }

    /// Keeps the directory fresh until `stop`, through every restart of the database.
    pub async fn follow(&self, db: &Db, stop: &CancellationToken) {
        let until_lost = async {
            loop {
                if let Err(error) = self.follow_one_connection(db).await {
                    tracing::warn!(%error, "tenant directory lost its connection");
                }
                tokio::time::sleep(RECONNECT_AFTER).await;
            }
        };
        stop.run_until_cancelled(until_lost).await;
    }

    async fn follow_one_connection(&self, db: &Db) -> Result<(), sqlx::Error> {
        let mut listener = db.listen(notify::CHANNEL).await?;
        loop {
            self.refresh(db).await?;
            match tokio::time::timeout(REFRESH_EVERY, listener.try_recv()).await {
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(error)) => return Err(error),
                Ok(Ok(Some(_))) | Err(_) => {}
            }
        }
    }

    fn tenant(&self, id: TenantId, version: i32, config: TenantConfig, terms: Terms) -> Tenant {
        Tenant::new(id, version, config, &self.base, terms)
    }
}
