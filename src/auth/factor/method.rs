//! The second factor a person chose.

use crate::audit::{self, Action};
use crate::auth::context::Context;
use crate::auth::factor::device::{self, Kind};
use crate::auth::factor::email_code::{self, SendingError};
use crate::auth::links;
use crate::auth::session::{self, Session};
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, SessionId};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::policy::SecondFactor;

/// Notes another choice; a code by mail goes out where that was chosen.
///
/// # Errors
/// All of [`SendingError`].
pub async fn choose(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session,
    token: &PlainToken,
    method: SecondFactor,
) -> Result<(), SendingError> {
    let clock = cx.clock;
    if !session::owes_proof(tx, clock, session.id).await? {
        return Ok(());
    }
    sqlx::query!(
        "update accounts set second_factor = $2 where id = $1",
        session.account as LoginId,
        method as SecondFactor
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from totp_enrolments where session_id = $1", session.id as SessionId)
        .execute(tx.conn())
        .await?;
    sqlx::query!("delete from passkey_ceremonies where session_id = $1", session.id as SessionId)
        .execute(tx.conn())
        .await?;
    let detail = serde_json::json!({ "method": method });
    audit::record(tx, clock, Action::MethodChosen, Some(session.account), detail).await?;
    if method == SecondFactor::EmailCode {
        email_code::send(tx, cx, session, token).await?;
    }
    Ok(())
}

/// What came of wanting a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// It counts from now on.
    Counts,
    /// It counts once it is set up.
    SetUp,
    /// No code could be mailed: the person has confirmed no address.
    NoAddress,
}

/// Changes to a method at once where it is set up; else it is wanted, and counts when its set-up ends
/// (S2). Wanting the one that counts forgets an earlier wish.
///
/// # Errors
/// The database's.
pub async fn want(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session,
    method: SecondFactor,
) -> Result<Wanted, sqlx::Error> {
    // A device that is deleted meanwhile must not leave its method behind.
    session::lock_account_by_id(tx, session.account).await?;
    if method == SecondFactor::EmailCode && session.confirmed_email().is_none() {
        return Ok(Wanted::NoAddress);
    }
    let kind = match method {
        SecondFactor::EmailCode => None,
        SecondFactor::Totp => Some(Kind::Totp),
        SecondFactor::Passkey => Some(Kind::Passkey),
    };
    let ready = match kind {
        None => true,
        Some(kind) => !device::list(tx, session.account, kind).await?.is_empty(),
    };
    if ready {
        sqlx::query!(
            "update accounts set second_factor = $2 where id = $1",
            session.account as LoginId,
            method as SecondFactor
        )
        .execute(tx.conn())
        .await?;
        let detail = serde_json::json!({ "method": method });
        audit::record(tx, clock, Action::MethodChosen, Some(session.account), detail).await?;
        links::kill(tx, clock, session.account).await?;
    }
    let wanted = (!ready).then_some(method);
    sqlx::query!(
        "update sessions set wanted_second_factor = $2 where id = $1",
        session.id as SessionId,
        wanted as Option<SecondFactor>
    )
    .execute(tx.conn())
    .await?;
    Ok(if ready { Wanted::Counts } else { Wanted::SetUp })
}

/// Returns true if a method is the one that counts now, whatever a session read before.
///
/// # Errors
/// The database's.
pub async fn is_in_use(
    tx: &mut TenantTx,
    account: LoginId,
    method: SecondFactor,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select second_factor is not distinct from $2 as "is!" from accounts where id = $1"#,
        account as LoginId,
        method.name()
    )
    .fetch_one(tx.conn())
    .await
}

/// Changes to a method whose set-up has ended, where this session wanted that.
pub(in crate::auth) async fn take_wanted(
    tx: &mut TenantTx,
    session: &Session,
    method: SecondFactor,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with taken as (
             update sessions set wanted_second_factor = null
             where id = $1 and wanted_second_factor = $2
             returning tenant_id, account_id
         )
         update accounts a set second_factor = $2
         from taken where a.tenant_id = taken.tenant_id and a.id = taken.account_id",
        session.id as SessionId,
        method.name()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
