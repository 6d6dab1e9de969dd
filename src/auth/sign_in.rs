//! Signing in with user ID and password.
//!
//! Whoever asks, one argon2id hash is computed and one line goes on the trail: an unknown ID, a
//! wrong password, a locked person and one without credentials can't be told apart (L1).

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::audit::{self, Action};
use crate::auth::account_changed::Change;
use crate::auth::context::Context;
use crate::auth::credentials::account::{self, Credentials, InitialCredential};
use crate::auth::credentials::hashing::{Hasher, HashingError, HashingTurn};
use crate::auth::credentials::user_id::UserId;
use crate::auth::eligibility::Loss;
use crate::auth::factor::email_code::{self, SendingError};
use crate::auth::guard::known_browser;
use crate::auth::guard::leases::Leases;
use crate::auth::guard::throttle::{self, SIGN_IN_PERSON};
use crate::auth::guard::tries::Try;
use crate::auth::journey::Step;
use crate::auth::session::{self, Beginning, Lookup, Session};
use crate::base::clock::Clock;
use crate::base::ids::SessionId;
use crate::base::secret::PlainToken;
use crate::db::actor::{Actor, Client};
use crate::db::{Db, TenantTx};
use crate::mail::message::MailRoom;
use crate::tenant::directory::Tenant;
use crate::tenant::formula::FormulaPerson;
use crate::tenant::policy::FirstSignIn;

/// What signing in needs of the house.
pub struct SignIn<'s> {
    /// Who asks.
    pub actor: &'s Actor,
    pub db: &'s Db,
    pub clock: &'s Clock,
    pub hasher: &'s Hasher,
    pub mail: &'s MailRoom,
    pub leases: &'s Leases,
}

/// What a person gives at the sign-in page.
#[derive(Debug)]
pub struct Given<'a> {
    /// `None` for what can't be anybody's.
    pub user_id: Option<&'a UserId>,
    pub password: &'a SecretString,
    /// ログイン状態の保存 (L11)
    pub remember: bool,
    /// Where it comes from.
    pub client: &'a Client,
    /// What the browser is known by.
    pub browser: &'a PlainToken,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// A session has begun; `step` is due, and the mail it needs is on its way.
    Accepted { token: PlainToken, step: Step, remember_until: Option<DateTime<Utc>> },
    /// 「無効なユーザIDまたはパスワードです。」
    Refused,
    /// All is right, but the time after losing eligibility is over (T12).
    Closed(Loss),
    /// Too many were wrong from this place, or at this union; whose they were doesn't matter.
    TooMany,
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

impl<'s> SignIn<'s> {
    /// A turn to have a password hashed; see [`Hasher::turn`].
    pub(in crate::auth) async fn turn(
        &self,
        tenant: &Tenant,
        who: &str,
    ) -> Result<HashingTurn<'s>, HashingError> {
        self.hasher.turn(tenant.id, who).await
    }

    pub(in crate::auth) const fn context(&self, tenant: &'s Tenant) -> Context<'s> {
        Context { clock: self.clock, mail: self.mail, tenant }
    }

    /// Checks a password and begins a session. The browser's earlier session ends where a new one
    /// begins. To be run to its end: a try is counted before it is checked, and given back where it can't be.
    ///
    /// # Errors
    /// All of [`SignInError`]; then no session has begun.
    pub async fn with_password(
        &self,
        tenant: &Tenant,
        earlier: Option<SessionId>,
        given: Given<'_>,
    ) -> Result<Outcome, SignInError> {
        let turn = self.turn(tenant, &throttle::place(given.client)).await?;
        let Some(tried) = self.count(tenant, &given).await? else { return Ok(Outcome::TooMany) };
        let outcome = self.check_counted(&turn, tenant, earlier, &given, &tried).await;
        if outcome.is_err() {
            // The person was told nothing of the password.
            self.uncount(tenant, &tried, given.browser).await;
        }
        outcome
    }

    /// Checks a try that is counted.
    async fn check_counted(
        &self,
        turn: &HashingTurn<'_>,
        tenant: &Tenant,
        earlier: Option<SessionId>,
        given: &Given<'_>,
        tried: &Try,
    ) -> Result<Outcome, SignInError> {
        let first = &tenant.config.first_sign_in;
        let counted = tried.credentials.as_ref().filter(|_| tried.failures.is_some());
        let secret = counted.map_or(Secret::Nothing, |found| secret(first, found));
        let matches = matches(turn, &secret, given.password).await?;
        match counted {
            Some(found) if matches && self.is_open(first, found, tried.known) => {
                self.accept(tenant, earlier, found, given, tried).await
            }
            _ => self.refuse(tenant, tried, given).await,
        }
    }

    /// Whether a text is the password of somebody who is signed in.
    ///
    /// # Errors
    /// All of [`SignInError`].
    pub async fn is_password(
        &self,
        tenant: &Tenant,
        session: &Session,
        text: &str,
    ) -> Result<bool, SignInError> {
        let turn = self.turn(tenant, &session.user_id).await?;
        self.is_current(&turn, tenant, &session.user_id, &text.into()).await
    }

    /// Whether a password is the one that a person signs in with now, own or first.
    pub(in crate::auth) async fn is_current(
        &self,
        turn: &HashingTurn<'_>,
        tenant: &Tenant,
        user_id: &str,
        password: &SecretString,
    ) -> Result<bool, SignInError> {
        let Ok(user_id) = UserId::parse(user_id) else { return Ok(false) };
        match self.credentials(tenant, &user_id).await? {
            Some(found) => {
                let secret = secret(&tenant.config.first_sign_in, &found);
                Ok(matches(turn, &secret, password).await?)
            }
            None => Ok(false),
        }
    }

    async fn credentials(
        &self,
        tenant: &Tenant,
        user_id: &UserId,
    ) -> Result<Option<Credentials>, sqlx::Error> {
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        let credentials = self.find(&mut tx, tenant, user_id).await?;
        tx.commit().await?;
        Ok(credentials)
    }

    pub(in crate::auth) async fn find(
        &self,
        tx: &mut TenantTx,
        tenant: &Tenant,
        user_id: &UserId,
    ) -> Result<Option<Credentials>, sqlx::Error> {
        let formula = tenant.config.first_sign_in.formula.as_ref();
        let as_of = formula.and_then(|rule| rule.numbers_as_of).unwrap_or(self.clock.today());
        account::credentials(tx, user_id, as_of).await
    }

    /// Whether the person may come in today: not locked, and a first credential only in its time.
    fn is_open(&self, first: &FirstSignIn, found: &Credentials, known: bool) -> bool {
        if found.are_locked(known) {
            return false;
        }
        let first_credential = found.initial_credential.filter(|_| found.password_hash.is_none());
        first_credential.is_none_or(|credential| {
            is_in_time(first, credential, found.initial_issued_at, self.clock.today())
        })
    }

    /// Until when the browser keeps the session, where the person wants that and the union lets it.
    pub(in crate::auth) fn remember_until(
        &self,
        tenant: &Tenant,
        wanted: bool,
    ) -> Option<DateTime<Utc>> {
        let days = tenant.config.sign_in.remember_days.filter(|_| wanted);
        days.map(|days| self.clock.now() + TimeDelta::days(days.into()))
    }

    async fn accept(
        &self,
        tenant: &Tenant,
        earlier: Option<SessionId>,
        found: &Credentials,
        given: &Given<'_>,
        tried: &Try,
    ) -> Result<Outcome, SignInError> {
        let remember_until = self.remember_until(tenant, given.remember);
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        if !account::still_holds(&mut tx, found, tried.known).await? {
            drop(tx);
            return self.refuse(tenant, tried, given).await;
        }
        known_browser::forgive_all(&mut tx, found.account).await?;
        let key = throttle::person(found.account, tried.known);
        if !SIGN_IN_PERSON.take_one(&mut tx, self.clock, &key).await? {
            let detail = serde_json::json!({ "too_many": true });
            let account = Some(found.account);
            audit::record(&mut tx, self.clock, Action::SignInRefused, account, detail).await?;
            tx.commit().await?;
            return Ok(Outcome::TooMany);
        }
        let today = self.clock.today();
        let loss = Loss::of(&tenant.config.after_loss, found.lost_on, today);
        if let Some(loss) = loss.filter(|loss| loss.is_closed(today)) {
            let detail = serde_json::json!({ "closed": true });
            let account = Some(found.account);
            audit::record(&mut tx, self.clock, Action::SignInRefused, account, detail).await?;
            tx.commit().await?;
            self.give_back(tenant, tried).await;
            return Ok(Outcome::Closed(loss));
        }
        if let Some(earlier) = earlier {
            session::end(&mut tx, self.clock, earlier).await?;
        }
        let whole =
            found.password_hash.is_some() && tenant.config.sign_in.second_factors.is_empty();
        if !whole {
            session::end_unfinished(&mut tx, self.clock, found.account, tried.known).await?;
        }
        let beginning = Beginning {
            account: found.account,
            remember_until,
            client: given.client,
            browser: given.browser,
            whole,
        };
        let (id, token) = session::begin(&mut tx, self.clock, beginning).await?;
        tx.goes_on_as(self.actor.clone().signed_in(found.account, id));
        let Lookup::Living(session) = session::read(&mut tx, self.context(tenant), &token).await?
        else {
            return Ok(Outcome::Refused);
        };
        let detail = serde_json::json!({});
        audit::record(&mut tx, self.clock, Action::SignInPassword, Some(found.account), detail)
            .await?;
        if whole {
            known_browser::meet(&mut tx, self.context(tenant), id).await?;
        }
        let step = session.next_step(&tenant.config);
        if step == Step::EmailCode {
            email_code::send(&mut tx, self.context(tenant), &session, &token).await?;
        }
        tx.commit().await?;
        self.give_back(tenant, tried).await;
        Ok(Outcome::Accepted { token, step, remember_until })
    }

    async fn refuse(
        &self,
        tenant: &Tenant,
        tried: &Try,
        given: &Given<'_>,
    ) -> Result<Outcome, SignInError> {
        let detail = serde_json::json!({});
        let account = tried.credentials.as_ref().map(|found| found.account);
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        audit::record(&mut tx, self.clock, Action::SignInRefused, account, detail).await?;
        let last = i32::from(tenant.config.sign_in.lock_after);
        let was_last = tried.failures.is_none_or(|failures| i32::from(failures) >= last);
        // Asked for nobody, too, so that it takes as long.
        if was_last {
            // The count may exceed what the policy allows now, since it allowed more before. A try that was not
            // counted comes beside the last one, which may prove right.
            let least = if tried.failures.is_some() { last } else { last + 1 };
            let browser = tried.known.then_some(given.browser);
            let locked = account::lock_out(&mut tx, self.clock, account, browser, least).await?;
            if let Some(email) = locked {
                let cx = self.context(tenant);
                Change::PasswordLocked.tell_address(&mut tx, cx, &email).await?;
            }
        }
        tx.commit().await?;
        Ok(Outcome::Refused)
    }
}

/// One hash is computed, whatever there is to compare with.
async fn matches(
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

/// Returns true where a first credential of that time is accepted on a day.
pub(in crate::auth) fn is_in_time(
    first: &FirstSignIn,
    credential: InitialCredential,
    issued_at: Option<DateTime<Utc>>,
    today: NaiveDate,
) -> bool {
    match credential {
        InitialCredential::Letter => {
            let letter = first.letter.as_ref().zip(issued_at);
            let last = letter.and_then(|(letter, issued)| letter.last_day(issued));
            last.is_none_or(|last| today <= last)
        }
        InitialCredential::Formula => first.formula.as_ref().is_some_and(|rule| {
            today >= rule.valid_from && rule.valid_until.is_none_or(|until| today <= until)
        }),
    }
}

/// What a password is held against.
enum Secret {
    /// An argon2id hash: the own password's or the letter's.
    Hash(String),
    /// What the union's formula makes of the person.
    Formula(String),
    Nothing,
}

/// The person's own password, or else the first credential.
fn secret(first: &FirstSignIn, found: &Credentials) -> Secret {
    let hash = |hash: &String| Secret::Hash(hash.clone());
    if let Some(own) = &found.password_hash {
        return hash(own);
    }
    match (found.initial_credential, &first.formula) {
        (Some(InitialCredential::Letter), _) => {
            found.initial_password_hash.as_ref().map_or(Secret::Nothing, hash)
        }
        (Some(InitialCredential::Formula), Some(rule)) => {
            Secret::Formula(rule.template.password(FormulaPerson {
                symbol: &found.symbol,
                number: &found.number,
                branch: &found.branch,
                birthdate: found.birthdate,
            }))
        }
        _ => Secret::Nothing,
    }
}
