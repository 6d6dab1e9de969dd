//! The work that is done every hour for each union.

use chrono::TimeDelta;

use super::eligibility;
use crate::auth::guard::known_browser::KNOWN_FOR;
use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::db::TenantTx;
use crate::tenant::policy::TenantConfig;

/// Codes, challenges and links to a new password are kept for this long after they run out, so that a late answer is told
/// why it fails.
const IS_OVER: TimeDelta = TimeDelta::days(1);
/// A person who comes back to the first sign-in within this time finds it as it was left.
const IS_FORGOTTEN: TimeDelta = TimeDelta::days(30);
/// A person's recent sign-ins show address and browser of sessions of the last 90 days (S9).
const SESSION_IS_HISTORY: TimeDelta = TimeDelta::days(100);
/// A command takes the letters of its issue once the last one is made. That takes minutes, or days if no worker runs, as
/// over the New Year holidays.
const LETTER_WAITS: TimeDelta = TimeDelta::days(14);
/// The trail keeps what came of a caller's answers; the rows are of use for a day.
const CHECK_IS_HISTORY: TimeDelta = TimeDelta::days(30);
/// No transaction deletes more rows of a kind than this, so that none holds many locks.
const BATCH: i64 = 1_000;

/// Closes logins whose time is over (T12). Returns how many.
pub async fn tidy(
    tx: &mut TenantTx,
    clock: &Clock,
    policy: &TenantConfig,
) -> Result<usize, sqlx::Error> {
    eligibility::close_due(tx, clock, &policy.after_loss).await
}

/// Deletes a batch of each kind of row that has no more use, and passwords that no command took into its file. Returns true if there may be more.
pub async fn sweep(tx: &mut TenantTx, clock: &Clock) -> Result<bool, sqlx::Error> {
    let now = clock.now();
    let tenant = tx.tenant();
    let sweeps = [
        sqlx::query!(
            "delete from throttles t using (
                 select realm, bucket, key_hash from throttles
                 where tenant_id = $1 and full_at < $2 limit $3) old
             where t.tenant_id = $1 and t.realm = old.realm and t.bucket = old.bucket
               and t.key_hash = old.key_hash",
            tenant as TenantId,
            now.timestamp_micros(),
            BATCH
        ),
        sqlx::query!(
            "delete from password_resets r using (
                 select realm, login_id from password_resets
                 where tenant_id = $1 and expires_at < $2 limit $3) old
             where r.tenant_id = $1 and r.realm = old.realm and r.login_id = old.login_id",
            tenant as TenantId,
            now - IS_OVER,
            BATCH
        ),
        sqlx::query!(
            "delete from email_confirmations c using (
                 select realm, login_id from email_confirmations
                 where tenant_id = $1 and expires_at < $2 limit $3) old
             where c.tenant_id = $1 and c.realm = old.realm and c.login_id = old.login_id",
            tenant as TenantId,
            now - IS_FORGOTTEN,
            BATCH
        ),
        sqlx::query!(
            "delete from registration_drafts d using (
                 select login_id from registration_drafts
                 where tenant_id = $1 and typed_at < $2 limit $3) old
             where d.tenant_id = $1 and d.login_id = old.login_id",
            tenant as TenantId,
            now - IS_FORGOTTEN,
            BATCH
        ),
        sqlx::query!(
            "delete from email_codes c using (
                 select realm, session_id from email_codes
                 where tenant_id = $1 and expires_at < $2 limit $3) old
             where c.tenant_id = $1 and c.realm = old.realm and c.session_id = old.session_id",
            tenant as TenantId,
            now - IS_OVER,
            BATCH
        ),
        sqlx::query!(
            "delete from totp_enrolments e using (
                 select realm, session_id from totp_enrolments
                 where tenant_id = $1 and begun_at < $2 limit $3) old
             where e.tenant_id = $1 and e.realm = old.realm and e.session_id = old.session_id",
            tenant as TenantId,
            now - IS_OVER,
            BATCH
        ),
        sqlx::query!(
            "delete from passkey_ceremonies c using (
                 select realm, session_id from passkey_ceremonies
                 where tenant_id = $1 and begun_at < $2 limit $3) old
             where c.tenant_id = $1 and c.realm = old.realm and c.session_id = old.session_id",
            tenant as TenantId,
            now - IS_OVER,
            BATCH
        ),
        sqlx::query!(
            "delete from known_browsers k using (
                 select realm, login_id, token_hash from known_browsers
                 where tenant_id = $1 and last_seen_at < $2 limit $3) old
             where k.tenant_id = $1 and k.realm = old.realm and k.login_id = old.login_id
               and k.token_hash = old.token_hash",
            tenant as TenantId,
            now - KNOWN_FOR,
            BATCH
        ),
        sqlx::query!(
            "update letters w set password = null, key_id = null from (
                 select id from letters
                 where tenant_id = $1 and issued_at < $2 and password is not null limit $3) old
             where w.tenant_id = $1 and w.id = old.id",
            tenant as TenantId,
            now - LETTER_WAITS,
            BATCH
        ),
        sqlx::query!(
            "delete from caller_checks c using (
                 select id from caller_checks
                 where tenant_id = $1 and at < $2 limit $3) old
             where c.tenant_id = $1 and c.id = old.id",
            tenant as TenantId,
            now - CHECK_IS_HISTORY,
            BATCH
        ),
        sqlx::query!(
            "delete from not_me_links l using (
                 select token_hash from not_me_links
                 where tenant_id = $1 and expires_at < $2 limit $3) old
             where l.tenant_id = $1 and l.token_hash = old.token_hash",
            tenant as TenantId,
            now - IS_OVER,
            BATCH
        ),
        sqlx::query!(
            "delete from retired_tokens r using (
                 select t.realm, t.token_hash from retired_tokens t
                 join sessions s on s.tenant_id = t.tenant_id and s.realm = t.realm
                     and s.id = t.session_id
                 where t.tenant_id = $1 and s.tenant_id = $1
                   and (s.ended_at is not null or s.last_seen_at < $2) limit $3) old
             where r.tenant_id = $1 and r.realm = old.realm and r.token_hash = old.token_hash",
            tenant as TenantId,
            now - SESSION_IS_HISTORY,
            BATCH
        ),
    ];
    let mut most = 0;
    for sweep in sweeps {
        most = most.max(sweep.execute(tx.conn()).await?.rows_affected());
    }
    most = most.max(sweep_sessions(tx, clock).await?);
    Ok(most >= BATCH.unsigned_abs())
}

/// Deletes sessions that were not used for long, except those that a browser still keeps (L11). A session with rows that
/// refer to it is left for the next time.
async fn sweep_sessions(tx: &mut TenantTx, clock: &Clock) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query!(
        "delete from sessions s using (
             select o.realm, o.id from sessions o
             where o.tenant_id = $1 and o.last_seen_at < $2
               and (o.ended_at is not null or o.remember_until is null or o.remember_until < $3)
               and not exists (select from retired_tokens t
                               where t.tenant_id = $1 and t.realm = o.realm and t.session_id = o.id)
               and not exists (select from email_codes c
                               where c.tenant_id = $1 and c.realm = o.realm and c.session_id = o.id)
               and not exists (select from totp_enrolments e
                               where e.tenant_id = $1 and e.realm = o.realm and e.session_id = o.id)
               and not exists (select from passkey_ceremonies p
                               where p.tenant_id = $1 and p.realm = o.realm and p.session_id = o.id)
             limit $4) old
         where s.tenant_id = $1 and s.realm = old.realm and s.id = old.id",
        tx.tenant() as TenantId,
        clock.now() - SESSION_IS_HISTORY,
        clock.now(),
        BATCH
    )
    .execute(tx.conn())
    .await?;
    Ok(swept.rows_affected())
}
