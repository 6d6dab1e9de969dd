//! The method that a person chose for the second factor.

use crate::audit::{self, Action};
use crate::auth::context::{Context, SendingError};
use crate::auth::factor::device::{self, DeviceKind};
use crate::auth::factor::email_code;
use crate::auth::links;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::auth::session::{proof, store};
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::Realm;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::policy::SecondFactor;

/// Notes the choice of a method at the end of a sign-in, and sends a code if codes by mail were chosen. Set-ups that
/// were begun for another method are forgotten.
pub async fn choose<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
    token: &PlainToken,
    method: SecondFactor,
) -> Result<(), SendingError> {
    let clock = cx.clock;
    if !proof::owes_proof(tx, clock, session.id).await? {
        return Ok(());
    }
    note_choice(tx, clock, session.login, method).await?;
    sqlx::query!(
        "delete from totp_enrolments
         where tenant_id = $1 and realm = $2 and session_id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        session.id.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from passkey_ceremonies
         where tenant_id = $1 and realm = $2 and session_id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        session.id.0
    )
    .execute(tx.conn())
    .await?;
    if method == SecondFactor::EmailCode {
        email_code::send(tx, cx, session, token).await?;
    }
    Ok(())
}

/// Makes a method the one that counts, and notes that on the trail.
async fn note_choice<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<R>,
    method: SecondFactor,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update logins set second_factor = $4 where tenant_id = $1 and realm = $2 and id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        method as SecondFactor
    )
    .execute(tx.conn())
    .await?;
    let detail = serde_json::json!({ "method": method });
    audit::record_of(tx, clock, Action::MethodChosen, Some(login), detail).await
}

/// The result of changing to another method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MethodChange {
    /// It counts from now on.
    Counts,
    /// It counts once it is set up.
    SetUp,
    /// It can't count: the person has confirmed no address to which a code could be mailed.
    NoAddress,
}

/// Changes to a method at once if it is set up. Otherwise the session remembers it, and it counts when its set-up ends
/// (S2). Wanting the one that counts makes the session forget an earlier wish.
pub async fn want<R: People>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session<R>,
    method: SecondFactor,
) -> Result<MethodChange, sqlx::Error> {
    // Without the lock, the method of a device that is deleted meanwhile would be chosen.
    store::lock_login(tx, session.login).await?;
    if method == SecondFactor::EmailCode && session.confirmed_email().is_none() {
        return Ok(MethodChange::NoAddress);
    }
    let ready = match DeviceKind::of(method) {
        None => true,
        Some(kind) => !device::list_of(tx, session.login, kind).await?.is_empty(),
    };
    if ready {
        note_choice(tx, clock, session.login, method).await?;
        links::kill(tx, clock, session.login).await?;
    }
    let wanted = (!ready).then_some(method);
    sqlx::query!(
        "update sessions set wanted_second_factor = $4
         where tenant_id = $1 and realm = $2 and id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        session.id.0,
        wanted as Option<SecondFactor>
    )
    .execute(tx.conn())
    .await?;
    Ok(if ready { MethodChange::Counts } else { MethodChange::SetUp })
}

/// Returns true if a method is the one that counts now; what the session read before may have changed.
pub async fn is_in_use<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
    method: SecondFactor,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select second_factor is not distinct from $4 as "is!" from logins
           where tenant_id = $1 and realm = $2 and id = $3"#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        method.name()
    )
    .fetch_one(tx.conn())
    .await
}

/// Changes to a method whose set-up has ended, if this session wanted that.
pub(in crate::auth) async fn take_wanted<R: People>(
    tx: &mut TenantTx,
    session: &Session<R>,
    method: SecondFactor,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with taken as (
             update sessions set wanted_second_factor = null
             where tenant_id = $1 and realm = $2 and id = $3 and wanted_second_factor = $4
             returning login_id
         )
         update logins l set second_factor = $4
         from taken where l.tenant_id = $1 and l.realm = $2 and l.id = taken.login_id",
        tx.tenant() as TenantId,
        R::NAME,
        session.id.0,
        method.name()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
