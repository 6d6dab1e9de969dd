//! Browsers in which a person has signed in before: another one is told by mail (S9).

use chrono::TimeDelta;

use crate::audit::{self, Action};
use crate::auth::context::Context;
use crate::auth::factor::email_code::SendingError;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, SessionId};
use crate::base::japanese::minute;
use crate::base::secret::PlainToken;
use crate::base::user_agent;
use crate::db::TenantTx;
use crate::mail::message::NewBrowserMail;
use crate::mail::outbox;

/// How long a browser is known after its last sign-in, and how long it keeps its cookie.
pub const KNOWN_FOR: TimeDelta = TimeDelta::days(400);

/// Knows from now on the browser in which a session began.
pub(in crate::auth) async fn remember(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId,
) -> Result<(), sqlx::Error> {
    insert(tx, clock, session).await.map(drop)
}

/// Knows the browser of a sign-in that is complete, and tells the person where it is a new one.
pub(in crate::auth) async fn meet(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: SessionId,
) -> Result<(), SendingError> {
    let Context { clock, mail, tenant } = cx;
    let Some(account) = insert(tx, clock, session).await? else { return Ok(()) };
    let detail = serde_json::json!({});
    audit::record(tx, clock, Action::BrowserMet, Some(account), detail).await?;
    forget_old(tx, clock, account).await?;
    let row = sqlx::query!(
        "select a.email, s.remote_address, s.user_agent
         from sessions s join accounts a on a.tenant_id = s.tenant_id and a.id = s.account_id
         where s.id = $1",
        session as SessionId
    )
    .fetch_one(tx.conn())
    .await?;
    let Some(email) = row.email else { return Ok(()) };
    let letter = NewBrowserMail {
        at: minute(clock.now()),
        device: user_agent::device(row.user_agent.as_deref()),
        address: row.remote_address,
        origin: tenant.origin.clone(),
    };
    outbox::enqueue(tx, clock, &mail.write(tenant, &letter)?, &email, None).await?;
    Ok(())
}

/// Returns true if a person has signed in in a browser before.
pub(in crate::auth) async fn is_known(
    tx: &mut TenantTx,
    account: Option<LoginId>,
    browser: &PlainToken,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from known_browsers
                          where account_id = $1 and token_hash = $2) as "known!""#,
        account as Option<LoginId>,
        browser.hashed().to_vec()
    )
    .fetch_one(tx.conn())
    .await
}

/// Returns true if a session began in a browser in which the person had signed in before.
pub(in crate::auth) async fn is_of(
    tx: &mut TenantTx,
    session: SessionId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from sessions s
                          join known_browsers k on k.tenant_id = s.tenant_id
                              and k.account_id = s.account_id and k.token_hash = s.browser_hash
                          where s.id = $1) as "known!""#,
        session as SessionId
    )
    .fetch_one(tx.conn())
    .await
}

/// Counts a try in a known browser before it is checked, as [`crate::auth::credentials::account::count_try`] counts strangers': how
/// many there were in a row, this one included. `None` where none is left, or the lock is for known browsers, too.
pub(in crate::auth) async fn count_try(
    tx: &mut TenantTx,
    account: LoginId,
    browser: &PlainToken,
    lock_after: u16,
) -> Result<Option<i16>, sqlx::Error> {
    sqlx::query_scalar!(
        "update known_browsers k set failures = k.failures + 1
         from accounts a
         where k.account_id = $1 and k.token_hash = $2 and k.failures < $3::int
           and a.tenant_id = k.tenant_id and a.id = k.account_id
           and a.second_factor_locked_at is null
           and (a.locked_at is null or a.lock_spares_known_browsers)
         returning k.failures",
        account as LoginId,
        browser.hashed().to_vec(),
        i32::from(lock_after)
    )
    .fetch_optional(tx.conn())
    .await
}

/// Takes a try back that nobody could check.
pub(in crate::auth) async fn take_try_back(
    tx: &mut TenantTx,
    account: LoginId,
    browser: &PlainToken,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update known_browsers set failures = failures - 1
         where account_id = $1 and token_hash = $2 and failures > 0",
        account as LoginId,
        browser.hashed().to_vec()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Forgets wrong tries in all of a person's browsers.
pub(in crate::auth) async fn forgive_all(
    tx: &mut TenantTx,
    account: LoginId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update known_browsers set failures = 0 where account_id = $1 and failures > 0",
        account as LoginId
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Whose new browser it is; `None` where it is known, or the session tells of none.
async fn insert(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId,
) -> Result<Option<LoginId>, sqlx::Error> {
    let row = sqlx::query!(
        r#"insert into known_browsers (account_id, token_hash, first_seen_at, last_seen_at)
           select account_id, browser_hash, $2, $2 from sessions
           where id = $1 and browser_hash is not null
           on conflict (tenant_id, account_id, token_hash) do update
               set last_seen_at = excluded.last_seen_at
           returning account_id as "account: LoginId", xmax = 0 as "new!""#,
        session as SessionId,
        clock.now()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.filter(|row| row.new).map(|row| row.account))
}

async fn forget_old(tx: &mut TenantTx, clock: &Clock, account: LoginId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from known_browsers where account_id = $1 and last_seen_at < $2",
        account as LoginId,
        clock.now() - KNOWN_FOR
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
