//! Tokens: each change of privilege brings a new one, and a remembered session (L11) gets another every
//! hour that it is used. One that was used up and comes back was copied: its session ends.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Lookup, end, lock_account_by_id};
use crate::audit::{self, Action};
use crate::auth::account_changed::Change;
use crate::auth::context::Context;
use crate::auth::factor::email_code::SendingError;
use crate::auth::links;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, SessionId};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;

/// How long a remembered session keeps a token.
const ROTATED_EVERY: TimeDelta = TimeDelta::hours(1);
/// Requests that were on their way still bear the token before.
const ON_THEIR_WAY: TimeDelta = TimeDelta::minutes(1);

/// How a session's newest token came, and fared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Newest {
    pub at: DateTime<Utc>,
    /// Whether the browser has shown it.
    pub shown: bool,
    /// Whether it came by rotation alone.
    pub rotated: bool,
}

/// What the token before the newest is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// As good as the newest: one of several requests at once.
    Good,
    /// The newest never reached the browser; it needs another.
    Lost,
    /// The session goes on under the newest: a double click's second request.
    Superseded,
    /// The newest is in use already: one of the two was copied.
    Copied,
}

impl Newest {
    pub(super) fn is_due(self, now: DateTime<Utc>) -> bool {
        now - self.at >= ROTATED_EVERY
    }

    pub(super) fn before(self, now: DateTime<Utc>) -> Before {
        let on_its_way = now - self.at <= ON_THEIR_WAY;
        match (on_its_way, self.shown, self.rotated) {
            (false, true, _) => Before::Copied,
            (true, _, true) => Before::Good,
            (false, false, true) => Before::Lost,
            (_, _, false) => Before::Superseded,
        }
    }
}

/// Gives the session a new token, as at each change of privilege; `old` is dead from now.
pub(in crate::auth) async fn renew(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId,
    old: &PlainToken,
) -> Result<PlainToken, sqlx::Error> {
    let token = PlainToken::random();
    retire(tx, clock, session, old).await?;
    // A rotated token that the browser never showed leaves the one before in its place.
    sqlx::query!(
        "update sessions
         set token_hash = $2, last_seen_at = $4,
             previous_token_hash = case when token_rotated and not token_shown
                                        then previous_token_hash else $3 end,
             token_at = $4, token_shown = false, token_rotated = false
         where id = $1",
        session as SessionId,
        token.hashed().to_vec(),
        old.hashed().to_vec(),
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(token)
}

/// Gives a remembered session a new token in place of `old`; `None` where another request just did.
pub(super) async fn rotate(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId,
    old: &PlainToken,
    newest: Newest,
) -> Result<Option<PlainToken>, sqlx::Error> {
    let token = PlainToken::random();
    let rotated = sqlx::query!(
        "with was as (
             select tenant_id, id, token_hash from sessions
             where id = $1 and token_at = $5 and ended_at is null for update
         ), retired as (
             insert into retired_tokens (token_hash, session_id, retired_at)
             select token_hash, id, $4 from was on conflict do nothing
         )
         update sessions s
         set token_hash = $2, previous_token_hash = $3, token_at = $4, token_shown = false,
             token_rotated = true
         from was where s.tenant_id = was.tenant_id and s.id = was.id",
        session as SessionId,
        token.hashed().to_vec(),
        old.hashed().to_vec(),
        clock.now(),
        newest.at
    )
    .execute(tx.conn())
    .await?;
    Ok((rotated.rows_affected() > 0).then_some(token))
}

/// Remembers a session's newest token, and the one that was shown, as those of before.
async fn retire(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId,
    old: &PlainToken,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into retired_tokens (token_hash, session_id, retired_at)
         select token_hash, id, $3::timestamptz from sessions where id = $2
         union select $1::bytea, $2::uuid, $3::timestamptz
         on conflict do nothing",
        old.hashed().to_vec(),
        session as SessionId,
        clock.now()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// What becomes of a token that a living session had before: one of a moment ago is on its way still,
/// an older one was copied, and ends the session.
pub(super) async fn of_before(
    tx: &mut TenantTx,
    cx: Context<'_>,
    token: &PlainToken,
) -> Result<Lookup, SendingError> {
    let had = sqlx::query!(
        r#"select s.id as "id: SessionId", s.account_id as "account: LoginId", r.retired_at
           from retired_tokens r
           join sessions s on s.tenant_id = r.tenant_id and s.id = r.session_id
           where r.token_hash = $1 and s.ended_at is null"#,
        token.hashed().to_vec()
    )
    .fetch_optional(tx.conn())
    .await?;
    match had {
        Some(session) if cx.clock.now() - session.retired_at <= ON_THEIR_WAY => {
            Ok(Lookup::Superseded { session: session.id, account: session.account })
        }
        Some(session) => {
            end_copied(tx, cx, session.id, session.account).await?;
            Ok(Lookup::Unknown)
        }
        None => Ok(Lookup::Unknown),
    }
}

/// Ends a session of which a token was copied, and tells the person.
pub(super) async fn end_copied(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: SessionId,
    account: LoginId,
) -> Result<(), SendingError> {
    lock_account_by_id(tx, account).await?;
    if !end(tx, cx.clock, session).await? {
        return Ok(());
    }
    links::kill(tx, cx.clock, account).await?;
    let detail = serde_json::json!({ "session": session });
    audit::record(tx, cx.clock, Action::TokenCopied, Some(account), detail).await?;
    let email = sqlx::query_scalar!("select email from accounts where id = $1", account as LoginId);
    match email.fetch_one(tx.conn()).await? {
        Some(email) => Change::TokenCopied.tell_address(tx, cx, &email).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l11_what_the_token_before_is_worth() {
        let at: DateTime<Utc> = "2026-11-21T00:00:00Z".parse().unwrap();
        for (seconds, shown, rotated, worth) in [
            (0, false, true, Before::Good),
            (60, true, true, Before::Good),
            (61, false, true, Before::Lost),
            (61, true, true, Before::Copied),
            (0, false, false, Before::Superseded),
            (60, true, false, Before::Superseded),
            (3600, false, false, Before::Superseded),
            (3600, true, false, Before::Copied),
        ] {
            let newest = Newest { at, shown, rotated };
            let now = at + TimeDelta::seconds(seconds);
            assert_eq!(newest.before(now), worth, "{seconds} {shown} {rotated}");
        }
    }
}
