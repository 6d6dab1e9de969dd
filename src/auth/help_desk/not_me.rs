//! 「心当たりがない」: the mail of an act of staff has a link by which its person stops the use of the account.
//!
//! Opening the link changes nothing, since mail scanners open links, too; the button on its page does. What was done is
//! not undone: staff hear of it, and release the account once they know who it was.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::subject::HelpLogin;
use crate::audit::{self, Action};
use crate::auth::account_changed::AccountChange;
use crate::auth::context::{Context, SendingError};
use crate::auth::credentials::login::{self, HoldCause};
use crate::auth::session::store;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;

/// A link works for this long.
pub const VALID_FOR: TimeDelta = TimeDelta::days(7);

/// The state of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotMeLink {
    /// The person may stop the use of the account.
    Waiting,
    /// It was used: the account was held.
    Used,
    Expired,
    /// It was never ours.
    Unknown,
}

/// Tells a person of an act, at their present address, with a link of its own.
pub(super) async fn tell(
    tx: &mut TenantTx,
    cx: Context<'_>,
    account: &HelpLogin,
    change: AccountChange,
    act: Action,
) -> Result<(), SendingError> {
    let Some(email) = &account.email else { return Ok(()) };
    let url = link(tx, cx, account.id, act).await?;
    change.tell_with_link(tx, cx, email, Some(url)).await
}

/// Makes the link of an act.
pub(super) async fn link(
    tx: &mut TenantTx,
    cx: Context<'_>,
    login: LoginId,
    act: Action,
) -> Result<String, sqlx::Error> {
    let (token, now) = (PlainToken::random(), cx.clock.now());
    sqlx::query!(
        "insert into not_me_links (tenant_id, token_hash, login_id, act, sent_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
        tx.tenant() as TenantId,
        token.hashed().to_vec(),
        login.0,
        act.name(),
        now,
        now + VALID_FOR
    )
    .execute(tx.conn())
    .await?;
    Ok(cx.mail.not_me(cx.tenant, &token.expose()))
}

struct LinkRow {
    login: LoginId,
    act: String,
    expires_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
}

impl LinkRow {
    fn state(&self, now: DateTime<Utc>) -> NotMeLink {
        if self.used_at.is_some() {
            NotMeLink::Used
        } else if self.expires_at <= now {
            NotMeLink::Expired
        } else {
            NotMeLink::Waiting
        }
    }
}

async fn read(tx: &mut TenantTx, token: &PlainToken) -> Result<Option<LinkRow>, sqlx::Error> {
    sqlx::query_as!(
        LinkRow,
        r#"select login_id as "login: LoginId", act, expires_at, used_at from not_me_links
           where tenant_id = $1 and token_hash = $2"#,
        tx.tenant() as TenantId,
        token.hashed().to_vec()
    )
    .fetch_optional(tx.conn())
    .await
}

/// Returns the state of a link without using it.
pub async fn look_at(
    tx: &mut TenantTx,
    clock: &Clock,
    token: &PlainToken,
) -> Result<NotMeLink, sqlx::Error> {
    let row = read(tx, token).await?;
    Ok(row.map_or(NotMeLink::Unknown, |row| row.state(clock.now())))
}

/// Uses a link: the account is held, its sessions end, and its person is told. Using it again changes nothing.
pub async fn report(
    tx: &mut TenantTx,
    cx: Context<'_>,
    token: &PlainToken,
) -> Result<NotMeLink, SendingError> {
    let now = cx.clock.now();
    let Some(found) = read(tx, token).await? else { return Ok(NotMeLink::Unknown) };
    store::lock_login(tx, found.login).await?;
    // Another click may have come first.
    let Some(found) = read(tx, token).await? else { return Ok(NotMeLink::Unknown) };
    match found.state(now) {
        NotMeLink::Waiting => {}
        state => return Ok(state),
    }
    sqlx::query!(
        "update not_me_links set used_at = $3 where tenant_id = $1 and token_hash = $2",
        tx.tenant() as TenantId,
        token.hashed().to_vec(),
        now
    )
    .execute(tx.conn())
    .await?;
    let ended = login::hold(tx, cx.clock, found.login, HoldCause::NotMe).await?;
    let detail = json!({ "act": found.act, "sessions": ended });
    audit::record(tx, cx.clock, Action::NotMeReported, Some(found.login), detail).await?;
    if let Some(email) = address(tx, found.login).await? {
        AccountChange::NotMe.tell_address(tx, cx, &email).await?;
    }
    Ok(NotMeLink::Used)
}

async fn address(tx: &mut TenantTx, login: LoginId) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select email from logins where tenant_id = $1 and realm = $2 and id = $3",
        tx.tenant() as TenantId,
        Subscribers::NAME,
        login.0
    )
    .fetch_one(tx.conn())
    .await
}
