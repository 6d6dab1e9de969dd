//! Taking all second factors away from a person who lost them (R4).

use serde::Serialize;

use crate::audit::{self, Action};
use crate::auth::context::{Context, SendingError};
use crate::auth::session::store;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::japanese::minute;
use crate::base::realm::{Realm, Subscribers};
use crate::db::TenantTx;
use crate::mail::message::FactorsResetMail;
use crate::mail::outbox;

/// The numbers of things that a reset took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TakenAway {
    pub apps: u64,
    pub passkeys: u64,
    pub recovery_codes: u64,
    pub sessions: u64,
}

/// Takes all of a person's apps, passkeys and recovery codes away: each is dead at once, every session ends, and the
/// person is told by mail. The next sign-in sets up anew what the person's method asks for. `by` stands on the trail.
pub async fn reset<R: Realm>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    login: LoginId<R>,
    by: &str,
) -> Result<TakenAway, SendingError> {
    let Context { clock, mail, tenant } = cx;
    let (taken, email) = take_away(tx, clock, login).await?;
    let detail = serde_json::json!({ "by": by, "apps": taken.apps, "passkeys": taken.passkeys });
    audit::record_of(tx, clock, Action::FactorsReset, Some(login), detail).await?;
    if let Some(email) = email {
        let (at, origin) = (minute(clock.now()), tenant.origin.clone());
        let message = mail.write(tenant, &FactorsResetMail { at, origin, not_me: None })?;
        outbox::enqueue(tx, clock, &message, &email, None).await?;
    }
    Ok(taken)
}

/// Takes all factors away and ends every session, for an act whose own line and mail tell of it. Returns the person's
/// address, too.
pub(in crate::auth) async fn take_away<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<R>,
) -> Result<(TakenAway, Option<String>), sqlx::Error> {
    store::lock_login(tx, login).await?;
    let devices = sqlx::query!(
        r#"with gone as (
               delete from devices where tenant_id = $1 and realm = $2 and login_id = $3 returning kind
           )
           select count(*) filter (where kind = 'totp') as "apps!",
                  count(*) filter (where kind = 'passkey') as "passkeys!"
           from gone"#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_one(tx.conn())
    .await?;
    let codes = sqlx::query!(
        "delete from recovery_codes where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .execute(tx.conn())
    .await?;
    let email = sqlx::query_scalar!(
        "update logins set second_factor_failures = 0, second_factor_locked_at = null
         where tenant_id = $1 and realm = $2 and id = $3 returning email",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_one(tx.conn())
    .await?;
    let taken = TakenAway {
        apps: devices.apps.unsigned_abs(),
        passkeys: devices.passkeys.unsigned_abs(),
        recovery_codes: codes.rows_affected(),
        sessions: store::close_others(tx, clock, login, None).await?,
    };
    Ok((taken, email))
}

/// Lets the person set up another factor only after a code that is mailed to the address known until now.
pub(in crate::auth) async fn owe_address(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update logins set factors_reset_at = $4 where tenant_id = $1 and realm = $2 and id = $3",
        tx.tenant() as TenantId,
        Subscribers::NAME,
        login.0,
        clock.now()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
