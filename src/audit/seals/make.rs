//! Makes seals of the lines that are new.

use super::seal::{self, Seal};
use super::stored::{self, Place, StoredLine};
use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::db::TenantTx;

/// The most lines that one seal covers.
pub const MOST_LINES: i64 = 1_000;

/// The reason why nothing can be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(
        "the trail was written by a cluster that was ahead of this one: before its first start, the cluster that a dump is \
         restored into needs pg_resetwal with a higher --epoch"
    )]
    NumbersRanBackwards,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Seals a batch of a union's new lines. Returns them, the oldest first; none if there are none yet, or if another worker
/// was faster.
///
/// # Errors
/// [`SealError::NumbersRanBackwards`] if lines of this database were written under higher transaction numbers than it
/// has now.
pub async fn seal(tx: &mut TenantTx, clock: &Clock) -> Result<Vec<StoredLine>, SealError> {
    // Only what a later statement sees is complete up to here.
    let running = sqlx::query!(
        r#"select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "oldest!",
                  pg_snapshot_xmax(pg_current_snapshot())::text::bigint as "next!""#
    )
    .fetch_one(tx.conn())
    .await?;
    let last = seal::last(tx).await?;
    let after = last.as_ref().map_or(Place::BEGINNING, |last| last.place());
    if after.written_in >= running.next {
        return Err(SealError::NumbersRanBackwards);
    }
    let through = Place::before_transaction(running.oldest);
    let lines = stored::between(tx, after, through, MOST_LINES).await?;
    let Some(made) = Seal::of(tx.tenant(), last.as_ref(), &lines, clock.now()) else {
        return Ok(Vec::new());
    };
    let is_ours = sqlx::query!(
        "insert into audit_seals (tenant_id, no, encoding, first_id, last_written_in, last_at, last_id, count,
                                  lines, prev_hash, hash, sealed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (tenant_id, no) do nothing",
        tx.tenant() as TenantId,
        made.no,
        made.encoding,
        made.first_id,
        made.last_written_in,
        made.last_at,
        made.last_id,
        made.count,
        made.lines,
        made.prev_hash,
        made.hash,
        made.sealed_at
    )
    .execute(tx.conn())
    .await?
    .rows_affected()
        == 1;
    Ok(if is_ours { lines } else { Vec::new() })
}
