//! Each minute, the new lines of every union's trail are sealed, and looked at for what is strange.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::audit::alerts::watch::watch;
use crate::audit::seals::make::{MOST_LINES, SealError, seal};
use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::db::Db;
use crate::db::actor::Actor;
use crate::tenant::directory::Directory;

const EVERY: Duration = Duration::from_secs(60);
/// A union with many new lines makes others wait for so many of its seals.
const SEALS_IN_TURN: usize = 20;

/// Seals until `stop`. While a union has lines left, all unions have another turn at once.
pub(super) async fn seal_every_minute(
    db: &Db,
    clock: &Clock,
    directory: &Directory,
    stop: &CancellationToken,
) {
    while !stop.is_cancelled() {
        let mut more = false;
        for tenant in directory.all() {
            if stop.is_cancelled() {
                return;
            }
            match seal_union(db, clock, tenant.id).await {
                Ok(is_full) => more |= is_full,
                Err(error) => {
                    let tenant = tenant.config.slug.as_str();
                    tracing::error!(tenant, %error, "the trail can't be sealed");
                }
            }
        }
        if !more {
            stop.run_until_cancelled(tokio::time::sleep(EVERY)).await;
        }
    }
}

/// Makes a union's seals that are due, up to a few. Returns true if there may be more.
///
/// # Errors
/// [`SealError::NumbersRanBackwards`] if this database's trail can't be sealed until an operator has helped.
pub async fn seal_union(db: &Db, clock: &Clock, tenant: TenantId) -> Result<bool, SealError> {
    let actor = Actor::system("worker");
    for _ in 0..SEALS_IN_TURN {
        let mut tx = db.tenant(tenant, &actor).await?;
        let sealed = seal(&mut tx, clock).await?;
        watch(&mut tx, clock, &sealed).await?;
        tx.commit().await?;
        if i64::try_from(sealed.len()).unwrap_or(MOST_LINES) < MOST_LINES {
            return Ok(false);
        }
    }
    Ok(true)
}
