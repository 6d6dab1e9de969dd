//! Subscribers' logins, as operators and imports read and change them.

use super::user_id::UserId;
use crate::audit::{self, Action};
use crate::auth::guard::known_browser;
use crate::auth::session::store;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;

/// Returns the members of a list who have a login.
pub async fn existing(tx: &mut TenantTx, members: &[String]) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select member_code from subscribers where tenant_id = $1 and member_code = any($2)",
        tx.tenant() as TenantId,
        members
    )
    .fetch_all(tx.conn())
    .await
}

/// Finds the login with a user ID.
pub async fn id_of(tx: &mut TenantTx, user_id: &UserId) -> Result<Option<LoginId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select id as "id: LoginId" from logins
           where tenant_id = $1 and realm = $2 and user_id = $3"#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        user_id.as_str()
    )
    .fetch_optional(tx.conn())
    .await
}

/// Unlocks a login and forgets wrong tries. Returns true if it was locked or had wrong tries; `None` if nobody has the ID.
pub async fn unlock(
    tx: &mut TenantTx,
    clock: &Clock,
    user_id: &UserId,
) -> Result<Option<bool>, sqlx::Error> {
    let Some(login) = sqlx::query!(
        r#"select id as "id: LoginId",
                  coalesce(locked_at, second_factor_locked_at) is not null
                      or password_failures > 0
                      or exists (select from known_browsers k
                                 where k.tenant_id = $1 and k.realm = $2 and k.login_id = l.id
                                   and k.failures > 0) as "locked!"
           from logins l where l.tenant_id = $1 and l.realm = $2 and l.user_id = $3 for update"#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        user_id.as_str()
    )
    .fetch_optional(tx.conn())
    .await?
    else {
        return Ok(None);
    };
    if login.locked {
        forgive(tx, login.id).await?;
        let detail = serde_json::json!({});
        audit::record(tx, clock, Action::Unlocked, Some(login.id), detail).await?;
    }
    Ok(Some(login.locked))
}

/// Ends a person's locks and forgets their wrong tries, for an act whose own line tells of it.
pub(in crate::auth) async fn forgive(tx: &mut TenantTx, login: LoginId) -> Result<(), sqlx::Error> {
    known_browser::forgive_all(tx, login).await?;
    sqlx::query!(
        "with forgiven as (
             update logins set locked_at = null, second_factor_locked_at = null,
                               second_factor_failures = 0, password_failures = 0,
                               lock_spares_known_browsers = false
             where tenant_id = $1 and realm = $2 and id = $3
             returning id
         )
         update subscribers s set birthdate_failures = 0
         from forgiven f where s.tenant_id = $1 and s.login_id = f.id",
        tx.tenant() as TenantId,
        Subscribers::NAME,
        login.0
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// The person who had an account held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::auth) enum HoldCause {
    Staff,
    /// The person said that an act of staff was none of theirs.
    NotMe,
}

impl HoldCause {
    pub(in crate::auth) const fn name(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::NotMe => "not_me",
        }
    }
}

/// Holds an account, if it is not held already, and ends its sessions and links. Returns the number of sessions.
pub(in crate::auth) async fn hold(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId,
    cause: HoldCause,
) -> Result<u64, sqlx::Error> {
    let ended = store::close_others(tx, clock, login, None).await?;
    sqlx::query!(
        "update logins set held_at = $4, held_cause = $5
         where tenant_id = $1 and realm = $2 and id = $3 and held_at is null",
        tx.tenant() as TenantId,
        Subscribers::NAME,
        login.0,
        clock.now(),
        cause.name()
    )
    .execute(tx.conn())
    .await?;
    Ok(ended)
}
