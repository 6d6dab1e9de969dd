//! Sessions as rows: how they begin and end, and who waits for whom.

use uuid::Uuid;

use crate::audit::{self, Action};
use crate::auth::links;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, SessionId, TenantId};
use crate::base::realm::Realm;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::db::actor::Client;
use crate::mail::message::{EmailCodeMail, Mail as _};
use crate::mail::outbox;
use chrono::{DateTime, Utc};

/// A person may have begun and not finished this many sign-ins, on all machines together.
const MOST_UNFINISHED: i64 = 3;

/// The facts that a session begins with.
#[derive(Debug)]
pub(in crate::auth) struct Beginning<'b, R> {
    pub login: LoginId<R>,
    pub remember_until: Option<DateTime<Utc>>,
    pub client: &'b Client,
    /// The token by which the browser is known later.
    pub browser: &'b PlainToken,
}

/// Begins a session for a person whose passkey was right; a right password begins one by a statement of its own.
pub(in crate::auth) async fn begin<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    beginning: Beginning<'_, R>,
) -> Result<(SessionId<R>, PlainToken), sqlx::Error> {
    let Beginning { login, remember_until, client, browser } = beginning;
    let (id, token) = (SessionId::new(clock), PlainToken::random());
    sqlx::query!(
        "insert into sessions (tenant_id, realm, id, login_id, token_hash, token_at, created_at,
                               last_seen_at, remember_until, remote_address, user_agent,
                               browser_hash)
         values ($1, $2, $3, $4, $5, $6, $6, $6, $7, $8, $9, $10)",
        tx.tenant() as TenantId,
        R::NAME,
        id.0,
        login.0,
        token.hashed().to_vec(),
        clock.now(),
        remember_until,
        client.address.map(|address| address.to_string()),
        client.user_agent,
        browser.hashed().to_vec()
    )
    .execute(tx.conn())
    .await?;
    Ok((id, token))
}

/// Returns true if a token that is not in use any more was one of this union's, in a realm.
pub async fn was_ours<R: Realm>(
    tx: &mut TenantTx,
    token: &PlainToken,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from sessions
                          where tenant_id = $1 and realm = $2 and token_hash = $3)
               or exists (select from sessions
                          where tenant_id = $1 and realm = $2 and previous_token_hash = $3)
               or exists (select from retired_tokens
                          where tenant_id = $1 and realm = $2 and token_hash = $3) as "ours!""#,
        tx.tenant() as TenantId,
        R::NAME,
        token.hashed().to_vec()
    )
    .fetch_one(tx.conn())
    .await
}

/// Ends all of a person's sign-ins that are not complete but the newest, of which `newest` is one; codes that have not
/// gone out for those that end never will. Those in known browsers and those elsewhere are counted apart, so that a
/// stranger who knows the password ends none of the person's own.
pub(in crate::auth) async fn end_unfinished<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<R>,
    newest: SessionId<R>,
    known_browser: bool,
) -> Result<(), sqlx::Error> {
    let ended: Vec<Uuid> = sqlx::query_scalar!(
        "with unfinished as (
             select s.id, row_number() over (order by s.created_at desc, s.id desc) as place
             from sessions s
             where s.tenant_id = $1 and s.realm = $2 and s.login_id = $3 and s.id <> $7
               and s.ended_at is null and s.second_factor_at is null
               and $6 = exists (select from known_browsers k
                                where k.tenant_id = $1 and k.realm = $2
                                  and k.login_id = s.login_id and k.token_hash = s.browser_hash)
         )
         update sessions set ended_at = $5
         where tenant_id = $1 and realm = $2 and login_id = $3
           and id in (select id from unfinished where place >= $4)
         returning id",
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        MOST_UNFINISHED,
        clock.now(),
        known_browser,
        newest.0
    )
    .fetch_all(tx.conn())
    .await?;
    if ended.is_empty() {
        return Ok(());
    }
    outbox::drop_unsent(tx, clock, EmailCodeMail::NAME, &ended).await
}

/// Notes that the first own password was set in this session. `whole`: the union asks for no more, so
/// that nobody asks for that password again a moment later (S4).
pub(in crate::auth) async fn note_registration<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId<R>,
    whole: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update sessions
         set registered_at = $4,
             reauthenticated_at = case when $5 then $4 else reauthenticated_at end
         where tenant_id = $1 and realm = $2 and id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        session.0,
        clock.now(),
        whole
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Locks the login whose session a token is: a request that proves, locks or ends takes the login first,
/// so that none waits for the other in a circle.
pub(in crate::auth) async fn lock_login_of_token<R: Realm>(
    tx: &mut TenantTx,
    token: &PlainToken,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select l.id from logins l
         join sessions s on s.tenant_id = l.tenant_id and s.realm = l.realm and s.login_id = l.id
         where l.tenant_id = $1 and l.realm = $2 and s.tenant_id = $1 and s.realm = $2
           and (s.token_hash = $3 or s.previous_token_hash = $3)
         for update of l",
        tx.tenant() as TenantId,
        R::NAME,
        token.hashed().to_vec()
    )
    .fetch_optional(tx.conn())
    .await
    .map(drop)
}

/// Locks a login, whose owner may have no session.
pub(in crate::auth) async fn lock_login<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select from logins where tenant_id = $1 and realm = $2 and id = $3 for update",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_one(tx.conn())
    .await
    .map(drop)
}

/// Locks the login whose session it is.
pub(super) async fn lock_login_of<R: Realm>(
    tx: &mut TenantTx,
    session: SessionId<R>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select l.id from logins l
         join sessions s on s.tenant_id = l.tenant_id and s.realm = l.realm and s.login_id = l.id
         where s.tenant_id = $1 and s.realm = $2 and s.id = $3 for update of l",
        tx.tenant() as TenantId,
        R::NAME,
        session.0
    )
    .fetch_one(tx.conn())
    .await
    .map(drop)
}

/// Returns true if a session still lives, which it does until this transaction ends: whatever takes time
/// between finding it and changing something asks again.
pub(in crate::auth) async fn still_lives<R: Realm>(
    tx: &mut TenantTx,
    session: SessionId<R>,
) -> Result<bool, sqlx::Error> {
    lock_login_of(tx, session).await?;
    sqlx::query_scalar!(
        r#"select ended_at is null as "lives!" from sessions
           where tenant_id = $1 and realm = $2 and id = $3 for update"#,
        tx.tenant() as TenantId,
        R::NAME,
        session.0
    )
    .fetch_one(tx.conn())
    .await
}

/// Ends a session; ending it again changes nothing. Returns true if it lived.
pub async fn end<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId<R>,
) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query!(
        "update sessions set ended_at = $4
         where tenant_id = $1 and realm = $2 and id = $3 and ended_at is null",
        tx.tenant() as TenantId,
        R::NAME,
        session.0,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(ended.rows_affected() > 0)
}

/// Ends every session of a login but `keep` (L7), and kills the link that one of them may have
/// asked for. Returns the number of sessions that were alive.
pub async fn end_others<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<R>,
    keep: Option<SessionId<R>>,
) -> Result<u64, sqlx::Error> {
    let ended = close_others(tx, clock, login, keep).await?;
    if ended > 0 {
        let detail = serde_json::json!({ "ended": ended, "kept": keep });
        audit::record_of(tx, clock, Action::SessionsEnded, Some(login), detail).await?;
    }
    Ok(ended)
}

/// Does what [`end_others`] does, for an act whose own line tells of it.
pub(in crate::auth) async fn close_others<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<R>,
    keep: Option<SessionId<R>>,
) -> Result<u64, sqlx::Error> {
    lock_login(tx, login).await?;
    links::kill(tx, clock, login).await?;
    let ended = sqlx::query!(
        "update sessions set ended_at = $5
         where tenant_id = $1 and realm = $2 and login_id = $3 and ended_at is null
           and id is distinct from $4",
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        keep.map(|keep| keep.0),
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(ended.rows_affected())
}

/// Locks a login until staff unlock it, and ends all that was begun with it. `by` names what
/// went wrong too often.
pub(in crate::auth) async fn lock<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<R>,
    by: &'static str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update logins
         set locked_at = coalesce(locked_at, $4), lock_spares_known_browsers = false
         where tenant_id = $1 and realm = $2 and id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    let detail = serde_json::json!({ "by": by });
    audit::record_of(tx, clock, Action::Locked, Some(login), detail).await?;
    end_others(tx, clock, login, None).await.map(drop)
}
