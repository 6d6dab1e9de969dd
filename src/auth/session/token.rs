//! Tokens: each change of privilege brings a new one, and a remembered session (L11) gets another every
//! hour that it is used.

use super::judgement::IN_FLIGHT;
use super::living::Lookup;
use super::store::{end, lock_login};
use crate::audit::{self, Action};
use crate::auth::account_changed::AccountChange;
use crate::auth::context::{Context, SendingError};
use crate::auth::links;
use crate::auth::people::People;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, SessionId, TenantId};
use crate::base::realm::Realm;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use chrono::{DateTime, Utc};

/// Gives the session a new token, as at each change of privilege; `old` is dead from now.
pub(in crate::auth) async fn renew<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId<R>,
    old: &PlainToken,
) -> Result<PlainToken, sqlx::Error> {
    let token = PlainToken::random();
    // A rotated token that the browser never showed leaves the one before in its place. Both are remembered as retired
    // tokens: the newest one, and the one that was shown.
    sqlx::query!(
        "with retired as (
             insert into retired_tokens (tenant_id, realm, token_hash, session_id, retired_at)
             select $1::uuid, $2::text, token_hash, id, $6::timestamptz from sessions
             where tenant_id = $1 and realm = $2 and id = $3
             union select $1::uuid, $2::text, $5::bytea, $3::uuid, $6::timestamptz
             on conflict do nothing
         )
         update sessions
         set token_hash = $4, last_seen_at = $6,
             previous_token_hash = case when token_rotated and not token_shown
                                        then previous_token_hash else $5 end,
             token_at = $6, token_shown = false, token_rotated = false
         where tenant_id = $1 and realm = $2 and id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        session.0,
        token.hashed().to_vec(),
        old.hashed().to_vec(),
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(token)
}

/// Gives a remembered session a new token in place of `old`, and notes that it was used; `None` where another request
/// just did.
pub(super) async fn rotate<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId<R>,
    old: &PlainToken,
    token_at: DateTime<Utc>,
) -> Result<Option<PlainToken>, sqlx::Error> {
    let token = PlainToken::random();
    let rotated = sqlx::query!(
        "with was as (
             select id, token_hash from sessions
             where tenant_id = $1 and realm = $2 and id = $3 and token_at = $7
               and ended_at is null for update
         ), retired as (
             insert into retired_tokens (tenant_id, realm, token_hash, session_id, retired_at)
             select $1, $2, token_hash, id, $6 from was on conflict do nothing
         )
         update sessions s
         set token_hash = $4, previous_token_hash = $5, token_at = $6, token_shown = false,
             token_rotated = true, last_seen_at = $6
         from was where s.tenant_id = $1 and s.realm = $2 and s.id = was.id",
        tx.tenant() as TenantId,
        R::NAME,
        session.0,
        token.hashed().to_vec(),
        old.hashed().to_vec(),
        clock.now(),
        token_at
    )
    .execute(tx.conn())
    .await?;
    Ok((rotated.rows_affected() > 0).then_some(token))
}

/// Looks up a token that a living session had before. If it was retired less than a minute ago, the request was in
/// flight. If it is older, it is a replay, which ends the session.
pub(super) async fn of_before<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    token: &PlainToken,
) -> Result<Lookup<R>, SendingError> {
    let had = sqlx::query!(
        "select s.id, s.login_id, r.retired_at
         from retired_tokens r
         join sessions s on s.tenant_id = r.tenant_id and s.realm = r.realm and s.id = r.session_id
         where r.tenant_id = $1 and r.realm = $2 and r.token_hash = $3 and s.ended_at is null",
        tx.tenant() as TenantId,
        R::NAME,
        token.hashed().to_vec()
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(had) = had else { return Ok(Lookup::Unknown) };
    let (session, login) = (SessionId::from_uuid(had.id), LoginId::from_uuid(had.login_id));
    if cx.clock.now() - had.retired_at <= IN_FLIGHT {
        return Ok(Lookup::Superseded { session, login });
    }
    end_copied::<R>(tx, cx, session, login).await?;
    Ok(Lookup::Unknown)
}

/// Ends a session of which a token was copied, and tells the person.
pub(super) async fn end_copied<R: Realm>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: SessionId<R>,
    login: LoginId<R>,
) -> Result<(), SendingError> {
    lock_login(tx, login).await?;
    if !end(tx, cx.clock, session).await? {
        return Ok(());
    }
    links::kill(tx, cx.clock, login).await?;
    let detail = serde_json::json!({ "session": session });
    audit::record_of(tx, cx.clock, Action::TokenCopied, Some(login), detail).await?;
    let email = sqlx::query_scalar!(
        "select email from logins where tenant_id = $1 and realm = $2 and id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    );
    match email.fetch_one(tx.conn()).await? {
        Some(email) => AccountChange::TokenCopied.tell_address(tx, cx, &email).await,
        None => Ok(()),
    }
}
