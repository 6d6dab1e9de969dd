//! The end of a proof, which is the same for every second factor.
//!
//! Wrong ones have a count and a lock of their own, over all methods, sessions and resends (L2).

use crate::audit::{self, Action};
use crate::auth::context::{Context, SendingError};
use crate::auth::guard::throttle::REPLAY_PERSON;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::auth::session::proof::{self, ProofKind};
use crate::auth::session::store;
use crate::base::ids::{LoginId, SessionId, TenantId};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::policy::SecondFactor;

/// The result of a proof.
#[derive(Debug)]
pub enum Proved {
    /// It was right; the session goes on under this token.
    Done(PlainToken),
    /// It was wrong, or a right one that was used before.
    Wrong,
    /// It came too late: a mailed code is good for ten minutes.
    Expired,
    /// Too many were wrong in this session, which has ended.
    SessionEnded,
    /// Too many were wrong over all sessions; the login is locked, and its sessions have ended.
    Locked,
    /// The session waits for no proof: it was given before, as by the first of two clicks, or the session has ended.
    NothingDue,
}

/// A second factor that a person gives in a session.
pub(super) struct FactorAttempt<'a, R: People> {
    pub(super) session: SessionId<R>,
    pub(super) login: LoginId<R>,
    /// The session's, until a right factor renews it.
    pub(super) token: &'a PlainToken,
    pub(super) proof: ProofKind,
}

impl<'a, R: People> FactorAttempt<'a, R> {
    pub(super) fn new(session: &Session<R>, token: &'a PlainToken, proof: ProofKind) -> Self {
        Self { session: session.id, login: session.login, token, proof }
    }
}

impl<R: People> FactorAttempt<'_, R> {
    /// Notes that the factor was right.
    pub(super) async fn succeed(
        &self,
        tx: &mut TenantTx,
        cx: Context<'_>,
    ) -> Result<Proved, SendingError> {
        proof::prove(tx, cx, self.session, self.token, self.proof).await.map(Proved::Done)
    }

    /// Counts a wrong factor. Locks the login if that was one too many, and ends all of its sessions.
    pub(super) async fn fail(
        &self,
        tx: &mut TenantTx,
        cx: Context<'_>,
    ) -> Result<Proved, sqlx::Error> {
        let Context { clock, tenant, .. } = cx;
        let failures = sqlx::query_scalar!(
            "update logins set second_factor_failures = second_factor_failures + 1
             where tenant_id = $1 and realm = $2 and id = $3 returning second_factor_failures",
            tx.tenant() as TenantId,
            R::NAME,
            self.login.0
        )
        .fetch_one(tx.conn())
        .await?;
        self.note_refusal(tx, cx, serde_json::json!({ "failures": failures })).await?;
        if i32::from(failures) < i32::from(tenant.config.sign_in.lock_after) {
            return Ok(Proved::Wrong);
        }
        sqlx::query!(
            "update logins set second_factor_locked_at = coalesce(second_factor_locked_at, $4)
             where tenant_id = $1 and realm = $2 and id = $3",
            tx.tenant() as TenantId,
            R::NAME,
            self.login.0,
            clock.now()
        )
        .execute(tx.conn())
        .await?;
        let detail = serde_json::json!({ "by": "second_factor" });
        audit::record_of(tx, clock, Action::Locked, Some(self.login), detail).await?;
        store::end_others(tx, clock, self.login, None).await?;
        Ok(Proved::Locked)
    }

    /// Refuses a right factor that was used before. Nobody guessed, so it does not count as a failure. The trail notes
    /// only the first few, because a person who repeats a factor must not fill it.
    pub(super) async fn refuse_replay(
        &self,
        tx: &mut TenantTx,
        cx: Context<'_>,
    ) -> Result<Proved, sqlx::Error> {
        if REPLAY_PERSON.take_one::<R>(tx, cx.clock, &self.login.to_string()).await? {
            self.note_refusal(tx, cx, serde_json::json!({ "replayed": true })).await?;
        }
        Ok(Proved::Wrong)
    }

    /// Writes on the trail that the factor was refused.
    pub(super) async fn note_refusal(
        &self,
        tx: &mut TenantTx,
        cx: Context<'_>,
        detail: serde_json::Value,
    ) -> Result<(), sqlx::Error> {
        audit::record_of(tx, cx.clock, refusal_of(self.proof), Some(self.login), detail).await
    }
}

const fn refusal_of(proof: ProofKind) -> Action {
    match proof {
        ProofKind::Factor(SecondFactor::Passkey) => Action::PasskeyRefused,
        ProofKind::Factor(SecondFactor::Totp) => Action::TotpRefused,
        ProofKind::Factor(SecondFactor::EmailCode) => Action::EmailCodeRefused,
        ProofKind::RecoveryCode => Action::RecoveryCodeRefused,
    }
}
