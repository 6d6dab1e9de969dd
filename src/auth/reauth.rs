//! 「続行するには再度認証してください」 (S4): password, then the second factor; a passkey alone does
//! both. Good for five minutes, and for the session that asked.

use secrecy::SecretString;

use crate::audit::{self, Action};
use crate::auth::context::{SignIn, SignInError};
use crate::auth::factor::email_code;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::auth::session::{proof, store};
use crate::base::ids::TenantId;
use crate::base::secret::PlainToken;
use crate::tenant::directory::Tenant;
use crate::tenant::policy::SecondFactor;

/// Wrong passwords in a row after which the session ends.
const MAX_FAILURES: i16 = 5;

/// The result of giving the password again.
#[derive(Debug)]
pub enum PasswordAgain {
    /// The union asks for no more; the session goes on under a new token.
    Done(PlainToken),
    /// This factor comes next. If it is a mailed code, the mail is on its way.
    Then(SecondFactor),
    Wrong,
    /// Too many were wrong; the session has ended.
    TooMany,
}

impl SignIn<'_> {
    /// Checks the password of a person who is signed in. `recovery` is set if a recovery code follows, so that no code has
    /// to be mailed. The caller must run this to its end: a try is counted before it is checked, and given back if it can't
    /// be checked.
    pub async fn password_again<R: People>(
        &self,
        tenant: &Tenant,
        session: &Session<R>,
        token: &PlainToken,
        password: &SecretString,
        recovery: bool,
    ) -> Result<PasswordAgain, SignInError> {
        let turn = self.turn(tenant, &session.user_id).await?;
        // The try is counted before hashing, so that each of several guesses at once counts.
        let Some(failures) = self.reserve(tenant, session).await? else {
            return Ok(PasswordAgain::TooMany);
        };
        let checked = async {
            let right = self.is_current::<R>(&turn, tenant, &session.user_id, password).await?;
            self.note_password_again(tenant, session, token, (right, recovery), failures).await
        };
        let checked = checked.await;
        if checked.is_err()
            && let Err(error) = self.unreserve(tenant, session).await
        {
            tracing::warn!(%error, "a try that nobody could check counts");
        }
        checked
    }

    async fn note_password_again<R: People>(
        &self,
        tenant: &Tenant,
        session: &Session<R>,
        token: &PlainToken,
        (right, recovery): (bool, bool),
        failures: i16,
    ) -> Result<PasswordAgain, SignInError> {
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        if right {
            let again = match session.method(&tenant.config) {
                None => proof::prove_by_password(&mut tx, self.clock, session, token)
                    .await?
                    .map(PasswordAgain::Done),
                Some(method) => {
                    let lives = proof::prove_password(&mut tx, self.clock, session.id).await?;
                    if lives && method == SecondFactor::EmailCode && !recovery {
                        email_code::send(&mut tx, self.context(tenant), session, token).await?;
                    }
                    lives.then_some(PasswordAgain::Then(method))
                }
            };
            tx.commit().await?;
            return Ok(again.unwrap_or(PasswordAgain::TooMany));
        }
        let detail = serde_json::json!({ "failures": failures });
        let login = Some(session.login);
        audit::record_of(&mut tx, self.clock, Action::ReauthenticationRefused, login, detail)
            .await?;
        if failures >= MAX_FAILURES {
            store::end(&mut tx, self.clock, session.id).await?;
        }
        tx.commit().await?;
        Ok(if failures < MAX_FAILURES { PasswordAgain::Wrong } else { PasswordAgain::TooMany })
    }

    /// Counts a try of a session that lives. `None` if there is no try left.
    async fn reserve<R: People>(
        &self,
        tenant: &Tenant,
        session: &Session<R>,
    ) -> Result<Option<i16>, sqlx::Error> {
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        let failures = sqlx::query_scalar!(
            "update sessions set reauth_failures = reauth_failures + 1
             where tenant_id = $1 and realm = $2 and id = $3 and ended_at is null and reauth_failures < $4
             returning reauth_failures",
        tx.tenant() as TenantId,
        R::NAME,
            session.id.0,
            MAX_FAILURES
    )
        .fetch_optional(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(failures)
    }

    /// Gives back a try that could not be checked.
    async fn unreserve<R: People>(
        &self,
        tenant: &Tenant,
        session: &Session<R>,
    ) -> Result<(), sqlx::Error> {
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        sqlx::query!(
            "update sessions set reauth_failures = reauth_failures - 1
             where tenant_id = $1 and realm = $2 and id = $3 and reauth_failures > 0",
            tx.tenant() as TenantId,
            R::NAME,
            session.id.0
        )
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }
}
