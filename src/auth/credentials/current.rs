//! Compares a password with the one that a person signs in with now.

use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use super::first::Secret;
use super::hashing::{HashingError, HashingTurn};
use super::password::{self, Flaw};
use super::stored;
use super::user_id::UserId;
use crate::auth::context::{SignIn, SignInError};
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::tenant::directory::Tenant;

/// Compares a password with a secret. It always computes one hash, so that the time does not tell what the secret is.
pub(in crate::auth) async fn matches(
    turn: &HashingTurn<'_>,
    secret: &Secret,
    password: &SecretString,
) -> Result<bool, HashingError> {
    let (stored, expected) = match secret {
        Secret::Hash(hash) => (Some(hash.as_str()), None),
        Secret::Formula(expected) => (None, Some(expected)),
        Secret::Nothing => (None, None),
    };
    let hash_matches = turn.verify(password, stored).await?;
    let typed = password.expose_secret().as_bytes();
    let formula_matches = expected.is_some_and(|expected| expected.as_bytes().ct_eq(typed).into());
    Ok(hash_matches || formula_matches)
}

impl SignIn<'_> {
    /// Returns true if a text is the password of somebody who is signed in.
    pub async fn is_password<R: People>(
        &self,
        tenant: &Tenant,
        session: &Session<R>,
        text: &str,
    ) -> Result<bool, SignInError> {
        let turn = self.turn(tenant, &session.user_id).await?;
        self.is_current::<R>(&turn, tenant, &session.user_id, &text.into()).await
    }

    /// Returns true if a password is the one that a person signs in with now, own or first.
    pub(in crate::auth) async fn is_current<R: People>(
        &self,
        turn: &HashingTurn<'_>,
        tenant: &Tenant,
        user_id: &str,
        password: &SecretString,
    ) -> Result<bool, SignInError> {
        let Ok(user_id) = UserId::parse(user_id) else { return Ok(false) };
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        let found = stored::read::<R>(&mut tx, self.context(tenant), &user_id).await?;
        tx.commit().await?;
        match found {
            Some(found) => {
                let secret = found.secret(&tenant.config.first_sign_in);
                Ok(matches(turn, &secret, password).await?)
            }
            None => Ok(false),
        }
    }

    /// Returns the rules that a chosen password breaks. The person signs in as `current` now, and wants to as `user_id`.
    pub async fn flaws<R: People>(
        &self,
        tenant: &Tenant,
        user_id: &str,
        current: &str,
        chosen: &SecretString,
    ) -> Result<Vec<Flaw>, SignInError> {
        let (policy, user_id, secret) = (tenant.config.clone(), user_id.to_owned(), chosen.clone());
        let look = move || {
            let (rules, slug) = (R::password_rules(&policy), policy.slug.as_str());
            password::flaws(&rules, slug, &user_id, secret.expose_secret())
        };
        let turn = self.turn(tenant, current).await?;
        let flaws = turn.compute(look).await?;
        if !flaws.is_empty() {
            return Ok(flaws);
        }
        let holds = self.is_current::<R>(&turn, tenant, current, chosen).await?;
        Ok(holds.then_some(Flaw::IsCurrent).into_iter().collect())
    }
}
