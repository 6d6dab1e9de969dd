//! What the outbox forgets: the content of letters that nobody put back, and in the end every mail.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use crate::base::clock::Clock;
use crate::db::Db;

const EVERY: Duration = Duration::from_secs(60 * 60);
/// For how long a dead mail keeps its content, so that an operator can put it back.
const KEEP_CONTENT_FOR: TimeDelta = TimeDelta::days(30);
/// For how long anybody may ask what became of a mail.
const KEEP_FOR: TimeDelta = TimeDelta::days(90);
/// So that no transaction holds many rows.
const BATCH: i64 = 1_000;

/// Tidies up now and every hour, until `stop`.
pub async fn run(db: &Db, clock: &Clock, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        match tidy(db, clock).await {
            Ok((0, 0)) => {}
            Ok((emptied, deleted)) => tracing::info!(emptied, deleted, "outbox tidied up"),
            Err(error) => tracing::warn!(%error, "outbox not tidied up"),
        }
        stop.run_until_cancelled(tokio::time::sleep(EVERY)).await;
    }
}

/// How many mails were emptied, and how many deleted.
///
/// # Errors
/// The database's; what was tidied up before stays so.
pub async fn tidy(db: &Db, clock: &Clock) -> Result<(u64, u64), sqlx::Error> {
    let now = clock.now();
    let (mut emptied, mut deleted) = (0, 0);
    loop {
        let mut tx = db.platform().await?;
        let batch = sqlx::query!(
            "update outbox set text_body = '', html_body = ''
             where (tenant_id, id) in (select tenant_id, id from outbox
                                       where state = 'dead' and has_content and finished_at < $1
                                       limit $2 for update skip locked)",
            now - KEEP_CONTENT_FOR,
            BATCH
        )
        .execute(tx.conn())
        .await?
        .rows_affected();
        tx.commit().await?;
        emptied += batch;
        if batch == 0 {
            break;
        }
    }
    loop {
        let mut tx = db.platform().await?;
        let batch = sqlx::query!(
            "delete from outbox
             where (tenant_id, id) in (select tenant_id, id from outbox
                                       where state <> 'queued' and finished_at < $1
                                       limit $2 for update skip locked)",
            now - KEEP_FOR,
            BATCH
        )
        .execute(tx.conn())
        .await?
        .rows_affected();
        tx.commit().await?;
        deleted += batch;
        if batch == 0 {
            return Ok((emptied, deleted));
        }
    }
}
