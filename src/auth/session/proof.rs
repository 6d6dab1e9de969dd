//! Proving who one is: the second factor of a sign-in, and whatever a re-authentication asks for.

use super::{FRESH_FOR, Session, lock_account, renew};
use crate::audit::{self, Action};
use crate::auth::context::Context;
use crate::auth::factor::email_code::SendingError;
use crate::auth::guard::known_browser;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, SessionId};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::policy::SecondFactor;

/// What proved a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::auth) enum Proof {
    Factor(SecondFactor),
    RecoveryCode,
}

impl Proof {
    const fn name(self) -> &'static str {
        match self {
            Self::Factor(factor) => factor.name(),
            Self::RecoveryCode => "recovery_code",
        }
    }

    /// Whether it needs no password beside it (S4).
    const fn is_whole(self) -> bool {
        matches!(self, Self::Factor(SecondFactor::Passkey))
    }
}

/// Whether a session owes a proof: its second factor, or another re-authentication. Who asks at the
/// same time waits for the answer, so that a double click's second request is no wrong guess.
pub(in crate::auth) async fn owes_proof(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId,
) -> Result<bool, sqlx::Error> {
    lock_account(tx, session).await?;
    let row = sqlx::query!(
        r#"select ended_at is null as "lives!", reauthenticated_at,
                  second_factor_at is null or second_factor_lapsed_at is not null as "asked!"
           from sessions where id = $1 for update"#,
        session as SessionId
    )
    .fetch_one(tx.conn())
    .await?;
    let fresh = row.reauthenticated_at.is_some_and(|at| clock.now() - at <= FRESH_FOR);
    Ok(row.lives && (row.asked || !fresh))
}

/// Notes a proof of the second factor: the sign-in's own, or that of a re-authentication. The session
/// gets a new token. Whoever only came back (L11) gave no password, so that a code is no
/// re-authentication then.
pub(in crate::auth) async fn prove(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: SessionId,
    old: &PlainToken,
    by: Proof,
) -> Result<PlainToken, SendingError> {
    let clock = cx.clock;
    let row = sqlx::query!(
        r#"update sessions s
           set second_factor_at = coalesce(s.second_factor_at, $2),
               second_factor_lapsed_at = null,
               reauthenticated_at = case when s.second_factor_lapsed_at is null or $3 then $2
                                         else s.reauthenticated_at end,
               reauth_password_at = null, reauth_failures = 0
           from sessions before
           where s.id = $1 and before.tenant_id = s.tenant_id and before.id = s.id
           returning s.account_id as "account: LoginId",
                     before.second_factor_at is null
                         or before.second_factor_lapsed_at is not null as "sign_in!""#,
        session as SessionId,
        clock.now(),
        by.is_whole()
    )
    .fetch_one(tx.conn())
    .await?;
    sqlx::query!(
        "update accounts set second_factor_failures = 0
         where id = $1 and second_factor_failures > 0",
        row.account as LoginId
    )
    .execute(tx.conn())
    .await?;
    let action = if row.sign_in { Action::SignInComplete } else { Action::Reauthenticated };
    let detail = serde_json::json!({ "second_factor": by.name() });
    audit::record(tx, clock, action, Some(row.account), detail).await?;
    if row.sign_in {
        known_browser::meet(tx, cx, session).await?;
    }
    Ok(renew(tx, clock, session, old).await?)
}

/// Notes that the right password was given again: the first half of a re-authentication. `false` where
/// the session has ended meanwhile.
pub(in crate::auth) async fn prove_password(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId,
) -> Result<bool, sqlx::Error> {
    let proved = sqlx::query!(
        "update sessions set reauth_password_at = $2, reauth_failures = 0
         where id = $1 and ended_at is null",
        session as SessionId,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(proved.rows_affected() > 0)
}

/// Notes a re-authentication by the password, where the union asks for no more; the session gets a new
/// token. `None` where it has ended meanwhile.
pub(in crate::auth) async fn prove_by_password(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session,
    old: &PlainToken,
) -> Result<Option<PlainToken>, sqlx::Error> {
    let proved = sqlx::query!(
        "update sessions set reauthenticated_at = $2, reauth_password_at = null, reauth_failures = 0
         where id = $1 and ended_at is null",
        session.id as SessionId,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    if proved.rows_affected() == 0 {
        return Ok(None);
    }
    let detail = serde_json::json!({});
    audit::record(tx, clock, Action::Reauthenticated, Some(session.account), detail).await?;
    renew(tx, clock, session.id, old).await.map(Some)
}
