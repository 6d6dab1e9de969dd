//! Wrong passwords in a row, and the lock that they end in (L2).

use chrono::TimeDelta;

use crate::audit::{self, Action};
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::Realm;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;

/// A try that was counted is answered within this time, since no statement and no wait for a connection lasts longer than
/// seconds. If it is not, it never will be: its server died.
const ANSWERED_WITHIN: TimeDelta = TimeDelta::minutes(5);

/// A try that was refused.
#[derive(Debug, Clone, Copy)]
pub(in crate::auth) struct WrongTry<'t> {
    /// The known browser that it came from. `None` for a stranger's.
    pub browser: Option<&'t PlainToken>,
    /// The number of wrong tries that lock.
    pub last: i32,
    /// False if the person had no try left.
    pub is_counted: bool,
}

/// Takes back a try that could not be checked.
pub(in crate::auth) async fn take_try_back<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update logins set password_failures = password_failures - 1
         where tenant_id = $1 and realm = $2 and id = $3 and password_failures > 0",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Locks a login whose wrong tries have used up its count. Sessions that live go on. Strangers' tries leave the person's
/// known browsers open; those of a known browser lock these, too. Returns the address to notify if the lock is new. Without
/// a login it takes as long.
///
/// A try that was not counted comes beside the last one, which may prove right: it locks only if there were more than that
/// (`lock_after` was lowered), or if the last one was never answered because its server died. Nobody knows if that one was
/// wrong. It stays counted, so that no death of a server lets anybody guess once more.
pub(in crate::auth) async fn lock_out<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: Option<LoginId<R>>,
    wrong: WrongTry<'_>,
) -> Result<Option<String>, sqlx::Error> {
    let WrongTry { browser, last, is_counted } = wrong;
    let least = if is_counted { last } else { last + 1 };
    let browser = browser.map(|browser| browser.hashed().to_vec());
    let spares_known = browser.is_none();
    let locked = sqlx::query!(
        "update logins l
         set locked_at = coalesce(l.locked_at, $4), lock_spares_known_browsers = $5::bytea is null
         where l.tenant_id = $1 and l.realm = $2 and l.id = $3
           and case when $5::bytea is null
                    then l.locked_at is null
                         and (l.password_failures >= $6::int
                              or l.password_failures >= $7::int and l.password_tried_at < $8)
               else (l.locked_at is null or l.lock_spares_known_browsers)
                    and exists (select from known_browsers k
                                where k.tenant_id = $1 and k.realm = $2 and k.login_id = l.id
                                  and k.token_hash = $5
                                  and (k.failures >= $6::int
                                       or k.failures >= $7::int and k.tried_at < $8)) end
         returning l.id, l.email",
        tx.tenant() as TenantId,
        R::NAME,
        login.map(|login| login.0),
        clock.now(),
        browser,
        least,
        last,
        clock.now() - ANSWERED_WITHIN
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(locked) = locked else { return Ok(None) };
    let detail = serde_json::json!({ "by": "password", "spares_known_browsers": spares_known });
    let login = LoginId::<R>::from_uuid(locked.id);
    audit::record_of(tx, clock, Action::Locked, Some(login), detail).await?;
    Ok(locked.email)
}
