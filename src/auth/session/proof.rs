//! Proofs of identity: the second factor of a sign-in, and both factors of a re-authentication.

use super::living::{FRESH_FOR, Session};
use super::store::lock_login_of;
use super::token::renew;
use crate::audit::{self, Action};
use crate::auth::context::{Context, SendingError};
use crate::auth::guard::known_browser;
use crate::auth::people::People;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, SessionId, TenantId};
use crate::base::realm::Realm;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::policy::SecondFactor;

/// The kind of proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::auth) enum ProofKind {
    Factor(SecondFactor),
    RecoveryCode,
}

impl ProofKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Factor(factor) => factor.name(),
            Self::RecoveryCode => "recovery_code",
        }
    }

    /// Returns true if it needs no password beside it (S4).
    const fn is_whole(self) -> bool {
        matches!(self, Self::Factor(SecondFactor::Passkey))
    }
}

/// Returns true if a session owes a proof: its second factor, or another re-authentication. A request at the
/// same time waits for the answer, so that a double click's second one is no wrong guess.
pub(in crate::auth) async fn owes_proof<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId<R>,
) -> Result<bool, sqlx::Error> {
    lock_login_of(tx, session).await?;
    let row = sqlx::query!(
        r#"select ended_at is null as "lives!", reauthenticated_at,
                  second_factor_at is null or second_factor_lapsed_at is not null as "asked!"
           from sessions where tenant_id = $1 and realm = $2 and id = $3 for update"#,
        tx.tenant() as TenantId,
        R::NAME,
        session.0
    )
    .fetch_one(tx.conn())
    .await?;
    let fresh = row.reauthenticated_at.is_some_and(|at| clock.now() - at <= FRESH_FOR);
    Ok(row.lives && (row.asked || !fresh))
}

/// Notes a proof of the second factor: the sign-in's own, or that of a re-authentication. The session
/// gets a new token. A person who only came back (L11) gave no password, so that a code is no
/// re-authentication then.
pub(in crate::auth) async fn prove<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: SessionId<R>,
    old: &PlainToken,
    by: ProofKind,
) -> Result<PlainToken, SendingError> {
    let clock = cx.clock;
    let row = sqlx::query!(
        r#"update sessions s
           set second_factor_at = coalesce(s.second_factor_at, $4),
               second_factor_lapsed_at = null,
               reauthenticated_at = case when s.second_factor_lapsed_at is null or $5 then $4
                                         else s.reauthenticated_at end,
               reauth_password_at = null, reauth_failures = 0
           from sessions before
           where s.tenant_id = $1 and s.realm = $2 and s.id = $3
             and before.tenant_id = $1 and before.realm = $2 and before.id = s.id
           returning s.login_id,
                     before.second_factor_at is null
                         or before.second_factor_lapsed_at is not null as "sign_in!""#,
        tx.tenant() as TenantId,
        R::NAME,
        session.0,
        clock.now(),
        by.is_whole()
    )
    .fetch_one(tx.conn())
    .await?;
    sqlx::query!(
        "update logins set second_factor_failures = 0, factors_reset_at = null
         where tenant_id = $1 and realm = $2 and id = $3
           and (second_factor_failures > 0 or factors_reset_at is not null)",
        tx.tenant() as TenantId,
        R::NAME,
        row.login_id
    )
    .execute(tx.conn())
    .await?;
    let action = if row.sign_in { Action::SignInComplete } else { Action::Reauthenticated };
    let detail = serde_json::json!({ "second_factor": by.name() });
    let login = LoginId::<R>::from_uuid(row.login_id);
    audit::record_of(tx, clock, action, Some(login), detail).await?;
    if row.sign_in {
        known_browser::meet(tx, cx, session).await?;
    }
    Ok(renew(tx, clock, session, old).await?)
}

/// Notes that the person reads the address that was known before a reset. They owe another second factor still. The
/// session gets a new token.
pub(in crate::auth) async fn prove_address<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId<R>,
    old: &PlainToken,
) -> Result<PlainToken, sqlx::Error> {
    sqlx::query!(
        "update sessions set address_proved_at = $4
         where tenant_id = $1 and realm = $2 and id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        session.0,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    renew(tx, clock, session, old).await
}

/// Notes that the right password was given again: the first half of a re-authentication. Returns false if
/// the session has ended meanwhile.
pub(in crate::auth) async fn prove_password<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId<R>,
) -> Result<bool, sqlx::Error> {
    let proved = sqlx::query!(
        "update sessions set reauth_password_at = $4, reauth_failures = 0
         where tenant_id = $1 and realm = $2 and id = $3 and ended_at is null",
        tx.tenant() as TenantId,
        R::NAME,
        session.0,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(proved.rows_affected() > 0)
}

/// Notes a re-authentication by the password, where the union asks for no more; the session gets a new
/// token. `None` where it has ended meanwhile.
pub(in crate::auth) async fn prove_by_password<R: People>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session<R>,
    old: &PlainToken,
) -> Result<Option<PlainToken>, sqlx::Error> {
    let proved = sqlx::query!(
        "update sessions
         set reauthenticated_at = $4, reauth_password_at = null, reauth_failures = 0
         where tenant_id = $1 and realm = $2 and id = $3 and ended_at is null",
        tx.tenant() as TenantId,
        R::NAME,
        session.id.0,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    if proved.rows_affected() == 0 {
        return Ok(None);
    }
    let detail = serde_json::json!({});
    audit::record_of(tx, clock, Action::Reauthenticated, Some(session.login), detail).await?;
    renew(tx, clock, session.id, old).await.map(Some)
}
