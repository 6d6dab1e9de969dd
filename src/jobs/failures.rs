//! Jobs that were given up, for the staff whose union they belong to.

use chrono::{DateTime, TimeDelta, Utc};

use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::db::TenantTx;

/// A failure is told for this long.
const TOLD_FOR: TimeDelta = TimeDelta::days(14);
const MOST_TOLD: i64 = 50;

/// A job that was given up.
#[derive(Debug, Clone)]
pub struct FailedJob {
    pub kind: String,
    pub at: DateTime<Utc>,
}

/// Returns a union's jobs of some kinds that were given up lately, the newest first.
pub async fn lately(
    tx: &mut TenantTx,
    clock: &Clock,
    kinds: &[&str],
) -> Result<Vec<FailedJob>, sqlx::Error> {
    let kinds: Vec<String> = kinds.iter().map(|&kind| kind.to_owned()).collect();
    sqlx::query_as!(
        FailedJob,
        r#"select kind, finished_at as "at!" from jobs
           where tenant_id = $1 and state = 'failed' and finished_at > $2 and kind = any($3)
           order by finished_at desc limit $4"#,
        tx.tenant() as TenantId,
        clock.now() - TOLD_FOR,
        &kinds,
        MOST_TOLD
    )
    .fetch_all(tx.conn())
    .await
}
