//! The pace at which mail may leave: a token bucket for each provider, shared by all workers.

use chrono::{DateTime, Utc};

use crate::base::clock::Clock;
use crate::db::{Db, PlatformTx};
use crate::jobs::turns;

/// Sets how many mails a provider takes in a second, over all workers.
pub async fn set(
    db: &Db,
    clock: &Clock,
    provider: &str,
    per_second: u32,
) -> Result<(), sqlx::Error> {
    let per_second = i32::try_from(per_second).unwrap_or(i32::MAX);
    let mut tx = db.platform().await?;
    let now = turns::time(tx.conn(), clock).await?;
    sqlx::query!(
        "insert into mail_rates (provider, per_second, tokens, refilled_at) values ($1, $2, 1, $3)
         on conflict (provider) do update set per_second = excluded.per_second",
        provider,
        per_second,
        now
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await
}

/// Takes up to `most` whole tokens out of a provider's bucket, which holds the tokens of a tenth of a second. Returns
/// the number of tokens taken, which is `most` if the provider has no rate. Other workers wait here until the transaction ends.
pub(super) async fn take(
    tx: &mut PlatformTx,
    now: DateTime<Utc>,
    provider: &str,
    most: i64,
) -> Result<i64, sqlx::Error> {
    let tokens = sqlx::query_scalar!(
        r#"update mail_rates
           set tokens = least(
                   greatest(per_second / 10.0, 1),
                   tokens + greatest(extract(epoch from $2::timestamptz - refilled_at), 0)
                            * per_second),
               refilled_at = greatest(refilled_at, $2)
           where provider = $1
           returning floor(tokens)::bigint as "tokens!""#,
        provider,
        now
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(tokens) = tokens else { return Ok(most) };
    let taken = tokens.min(most);
    add(tx, provider, -taken).await?;
    Ok(taken)
}

/// Returns tokens that no mail needed.
pub(super) async fn give_back(db: &Db, provider: &str, tokens: i64) -> Result<(), sqlx::Error> {
    let mut tx = db.platform().await?;
    add(&mut tx, provider, tokens).await?;
    tx.commit().await
}

async fn add(tx: &mut PlatformTx, provider: &str, tokens: i64) -> Result<(), sqlx::Error> {
    if tokens == 0 {
        return Ok(());
    }
    sqlx::query!(
        "update mail_rates set tokens = tokens + $2::bigint where provider = $1",
        provider,
        tokens
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
