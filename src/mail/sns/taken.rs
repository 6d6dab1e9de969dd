//! The ids of messages already handled. SNS posts each at least once, and a stranger could replay one, but each counts
//! once.

use chrono::TimeDelta;

use crate::base::clock::Clock;
use crate::db::PlatformTx;

/// This has to be longer than [`super::Topic::open`] accepts a message.
const KEEP_FOR: TimeDelta = TimeDelta::days(1);
/// Each new id removes up to this many old ones. So clean-up keeps pace with new ids, and no post waits for a long one.
const BATCH: i64 = 100;

/// Returns true if a message was handled before.
pub async fn is_known(tx: &mut PlatformTx, message_id: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from sns_messages where message_id = $1) as "known!""#,
        message_id
    )
    .fetch_one(tx.conn())
    .await
}

/// Notes that a message was handled, and deletes a batch of ids too old to come again.
pub async fn note(tx: &mut PlatformTx, clock: &Clock, message_id: &str) -> Result<(), sqlx::Error> {
    let now = clock.now();
    sqlx::query!(
        "delete from sns_messages
         where message_id in (select message_id from sns_messages
                              where taken_at < $1 order by taken_at limit $2)",
        now - KEEP_FOR,
        BATCH
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into sns_messages (message_id, taken_at) values ($1, $2) on conflict do nothing",
        message_id,
        now
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
