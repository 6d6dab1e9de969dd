//! Decides which union's turn it is in a queue. The union that was served longest ago is next, no matter which worker
//! served it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::db::{PlatformTx, TenantTx};

#[derive(Debug)]
pub struct UnionTurn {
    pub tenant: TenantId,
    pub slug: String,
}

/// Gives up to `most` of these unions their turn in a queue. The unions that have waited longest come first.
pub async fn take(
    tx: &mut PlatformTx,
    queue: &str,
    unions: &[TenantId],
    most: i64,
    now: DateTime<Utc>,
) -> Result<Vec<UnionTurn>, sqlx::Error> {
    let unions: Vec<Uuid> = unions.iter().map(|union| union.0).collect();
    // The rows are written in the order of their ids, so that two workers can't deadlock.
    sqlx::query_as!(
        UnionTurn,
        r#"with next as materialized (
               select t.id, t.slug, q.served_at
               from tenants t left join queue_turns q on q.tenant_id = t.id and q.queue = $1
               where t.id = any($2) order by q.served_at nulls first, t.id limit $4
           ), turn as (
               insert into queue_turns (queue, tenant_id, served_at)
               select $1, id, $3 from next order by id
               on conflict (queue, tenant_id) do update set served_at = excluded.served_at
           )
           select id as "tenant: TenantId", slug from next order by served_at nulls first, id"#,
        queue,
        &unions,
        now,
        most
    )
    .fetch_all(tx.conn())
    .await
}

/// Returns the time that decides if work is due. It is the database's time, which is the same for all workers and
/// servers.
pub async fn time(conn: &mut PgConnection, clock: &Clock) -> Result<DateTime<Utc>, sqlx::Error> {
    match clock.held() {
        Some(now) => Ok(now),
        None => sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(conn).await,
    }
}

/// Tells the workers of new work once the transaction is committed. Several equal notices of a transaction arrive as
/// one.
pub async fn announce(tx: &mut TenantTx, channel: &str, payload: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(r#"select pg_notify($1, $2) as "told: String""#, channel, payload)
        .fetch_one(tx.conn())
        .await
        .map(drop)
}
