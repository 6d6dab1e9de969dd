//! Signing in with user ID and password.
//!
//! Whoever asks, one argon2id hash is computed and one line goes on the trail: an unknown ID, a
//! wrong password and a person without credentials can't be told apart (L1).

use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use super::account::{self, Credentials, InitialCredential};
use super::email_code::{self, SendingError};
use super::hashing::{Hasher, HashingError};
use super::journey::Step;
use super::session::{self, Lookup};
use super::user_id::UserId;
use crate::audit::{self, Action};
use crate::base::clock::Clock;
use crate::base::ids::SessionId;
use crate::base::secret::PlainToken;
use crate::db::Db;
use crate::mail::message::MailRoom;
use crate::tenant::directory::Tenant;
use crate::tenant::formula::FormulaPerson;
use crate::tenant::policy::FirstSignIn;

/// What signing in needs of the house.
pub struct SignIn<'s> {
    pub db: &'s Db,
    pub clock: &'s Clock,
    pub hasher: &'s Hasher,
    pub mail: &'s MailRoom,
}

/// What came of user ID and password.
#[derive(Debug)]
pub enum Outcome {
    /// A session has begun; `step` is due, and the mail it needs is on its way.
    Accepted { token: PlainToken, step: Step },
    /// 「無効なユーザIDまたはパスワードです。」
    Refused,
}

#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Sending(#[from] SendingError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl SignIn<'_> {
    /// Checks a password and begins a session. `user_id` is `None` for what can't be anybody's.
    /// The browser's earlier session ends where a new one begins.
    ///
    /// # Errors
    /// All of [`SignInError`]; then no session has begun.
    pub async fn with_password(
        &self,
        tenant: &Tenant,
        earlier: Option<SessionId>,
        user_id: Option<&UserId>,
        password: &SecretString,
    ) -> Result<Outcome, SignInError> {
        let first = &tenant.config.first_sign_in;
        let credentials = match user_id {
            Some(user_id) => self.credentials(tenant, user_id).await?,
            None => None,
        };
        let offer = credentials.as_ref().map_or(Offer::Nothing, |found| self.offer(first, found));
        let stored = match &offer {
            Offer::Hash(hash) => Some(hash.as_str()),
            Offer::Formula(_) | Offer::Nothing => None,
        };
        let hash_matches = self.hasher.verify(password, stored).await?;
        let formula_matches = match &offer {
            Offer::Formula(expected) => {
                expected.as_bytes().ct_eq(password.expose_secret().as_bytes()).into()
            }
            Offer::Hash(_) | Offer::Nothing => false,
        };
        match credentials {
            Some(found) if hash_matches || formula_matches => {
                self.accept(tenant, earlier, &found).await
            }
            found => self.refuse(tenant, found).await,
        }
    }

    async fn credentials(
        &self,
        tenant: &Tenant,
        user_id: &UserId,
    ) -> Result<Option<Credentials>, sqlx::Error> {
        let formula = tenant.config.first_sign_in.formula.as_ref();
        let as_of = formula.and_then(|rule| rule.numbers_as_of).unwrap_or(self.clock.today());
        let mut tx = self.db.tenant(tenant.id).await?;
        let credentials = account::credentials(&mut tx, user_id, as_of).await?;
        tx.commit().await?;
        Ok(credentials)
    }

    /// What the password is held against: the person's own first, then a living first credential.
    fn offer(&self, first: &FirstSignIn, found: &Credentials) -> Offer {
        if let Some(hash) = &found.password_hash {
            return Offer::Hash(hash.clone());
        }
        match found.initial_credential {
            Some(InitialCredential::Letter) => {
                let days = first.letter.as_ref().and_then(|letter| letter.expires_after_days);
                let lives = days.is_none_or(|days| {
                    self.clock.now() - found.created_at <= TimeDelta::days(days.into())
                });
                match &found.initial_password_hash {
                    Some(hash) if lives => Offer::Hash(hash.clone()),
                    _ => Offer::Nothing,
                }
            }
            Some(InitialCredential::Formula) => {
                let today = self.clock.today();
                let rule = first.formula.as_ref().filter(|rule| {
                    today >= rule.valid_from && rule.valid_until.is_none_or(|until| today <= until)
                });
                rule.map_or(Offer::Nothing, |rule| {
                    Offer::Formula(rule.template.password(FormulaPerson {
                        symbol: &found.symbol,
                        number: &found.number,
                        branch: &found.branch,
                        birthdate: found.birthdate,
                    }))
                })
            }
            None => Offer::Nothing,
        }
    }

    async fn accept(
        &self,
        tenant: &Tenant,
        earlier: Option<SessionId>,
        found: &Credentials,
    ) -> Result<Outcome, SignInError> {
        let policy = &tenant.config.sign_in;
        let mut tx = self.db.tenant(tenant.id).await?;
        if let Some(earlier) = earlier {
            session::end(&mut tx, self.clock, earlier).await?;
        }
        let (id, token) = session::begin(&mut tx, self.clock, found.account).await?;
        let Lookup::Living(session) = session::find(&mut tx, self.clock, policy, &token).await?
        else {
            return Ok(Outcome::Refused);
        };
        let detail = serde_json::json!({ "session": id });
        audit::record(&mut tx, self.clock, Action::SignInPassword, Some(found.account), detail)
            .await?;
        let step = session.next_step(policy);
        if step == Step::EmailCode {
            email_code::send(&mut tx, self.clock, self.mail, tenant, &session, &token).await?;
        }
        tx.commit().await?;
        Ok(Outcome::Accepted { token, step })
    }

    async fn refuse(
        &self,
        tenant: &Tenant,
        found: Option<Credentials>,
    ) -> Result<Outcome, SignInError> {
        let account = found.map(|found| found.account);
        let mut tx = self.db.tenant(tenant.id).await?;
        audit::record(&mut tx, self.clock, Action::SignInRefused, account, serde_json::json!({}))
            .await?;
        tx.commit().await?;
        Ok(Outcome::Refused)
    }
}

enum Offer {
    /// An argon2id hash: the own password's or the letter's.
    Hash(String),
    /// What the union's formula makes of the person.
    Formula(String),
    Nothing,
}
