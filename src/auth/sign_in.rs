//! Signing in with user ID and password.
//!
//! For anybody, one argon2id hash is computed and one line goes on the trail: an unknown ID, a
//! wrong password, a locked person and one without credentials can't be told apart (L1).

use chrono::{DateTime, TimeDelta, Utc};

use crate::audit::{self, Action};
use crate::auth::account_changed::Change;
use crate::auth::context::{SignIn, SignInError};
use crate::auth::credentials::current::matches;
use crate::auth::credentials::failures;
use crate::auth::credentials::first::{First, Secret};
use crate::auth::credentials::hashing::HashingTurn;
use crate::auth::credentials::stored::{Credentials, HasPasswords};
use crate::auth::eligibility::Loss;
use crate::auth::factor::email_code;
use crate::auth::guard::known_browser;
use crate::auth::guard::throttle::{self, SIGN_IN_PERSON};
pub use crate::auth::guard::tries::Given;
use crate::auth::guard::tries::Try;
use crate::auth::journey::Step;
use crate::auth::session::living::Lookup;
use crate::auth::session::lookup;
use crate::auth::session::row::HasSessions;
use crate::auth::session::store::{self, Beginning};
use crate::base::ids::SessionId;
use crate::base::secret::PlainToken;
use crate::tenant::directory::Tenant;
use crate::tenant::policy::FirstSignIn;

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

impl SignIn<'_> {
    /// Checks a password and begins a session in a realm. The browser's earlier session ends where a new one
    /// begins. To be run to its end: a try is counted before it is checked, and given back where it can't be.
    ///
    /// # Errors
    /// All of [`SignInError`]; then no session has begun.
    pub async fn with_password<R: HasPasswords + HasSessions>(
        &self,
        tenant: &Tenant,
        earlier: Option<SessionId<R>>,
        given: Given<'_>,
    ) -> Result<Outcome, SignInError> {
        let turn = self.turn(tenant, &given.client.place()).await?;
        let Some(tried) = self.count::<R>(tenant, &given).await? else {
            return Ok(Outcome::TooMany);
        };
        let outcome = self.check_counted(&turn, tenant, earlier, &given, &tried).await;
        if outcome.is_err() {
            // The person was told nothing of the password.
            self.uncount(tenant, &tried, given.browser).await;
        }
        outcome
    }

    /// Checks a try that is counted.
    async fn check_counted<R: HasPasswords + HasSessions>(
        &self,
        turn: &HashingTurn<'_>,
        tenant: &Tenant,
        earlier: Option<SessionId<R>>,
        given: &Given<'_>,
        tried: &Try<R>,
    ) -> Result<Outcome, SignInError> {
        let first = &tenant.config.first_sign_in;
        let counted = tried.credentials.as_ref().filter(|_| tried.failures.is_some());
        let secret = counted.map_or(Secret::Nothing, |found| found.secret(first));
        let matches = matches(turn, &secret, given.password).await?;
        match counted {
            Some(found) if matches && self.is_open(first, found, tried.known) => {
                self.accept(tenant, earlier, found, given, tried).await
            }
            _ => self.refuse(tenant, tried, given).await,
        }
    }

    /// Returns true if the person may come in today: not locked, and a first credential only in its time.
    fn is_open<R>(&self, first: &FirstSignIn, found: &Credentials<R>, known: bool) -> bool {
        let in_time = |credential: &First| credential.is_in_time(first, self.clock.today());
        !found.are_locked(known) && found.first.as_ref().is_none_or(in_time)
    }

    /// Until when the browser keeps the session, where the person wants that and the union lets it.
    pub(super) fn remember_until(&self, tenant: &Tenant, wanted: bool) -> Option<DateTime<Utc>> {
        let days = tenant.config.sign_in.remember_days.filter(|_| wanted);
        days.map(|days| self.clock.now() + TimeDelta::days(days.into()))
    }

    async fn accept<R: HasPasswords + HasSessions>(
        &self,
        tenant: &Tenant,
        earlier: Option<SessionId<R>>,
        found: &Credentials<R>,
        given: &Given<'_>,
        tried: &Try<R>,
    ) -> Result<Outcome, SignInError> {
        let login = found.login;
        let remember_until = self.remember_until(tenant, given.remember);
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        if !failures::still_holds(&mut tx, found, tried.known).await? {
            drop(tx);
            return self.refuse(tenant, tried, given).await;
        }
        known_browser::forgive_all(&mut tx, login).await?;
        let key = throttle::person(login, tried.known);
        if !SIGN_IN_PERSON.take_one::<R>(&mut tx, self.clock, &key).await? {
            let detail = serde_json::json!({ "too_many": true });
            audit::record_of(&mut tx, self.clock, Action::SignInRefused, Some(login), detail)
                .await?;
            tx.commit().await?;
            return Ok(Outcome::TooMany);
        }
        let today = self.clock.today();
        let loss = Loss::of(&tenant.config.after_loss, found.lost_on, today);
        if let Some(loss) = loss.filter(|loss| loss.is_closed(today)) {
            let detail = serde_json::json!({ "closed": true });
            audit::record_of(&mut tx, self.clock, Action::SignInRefused, Some(login), detail)
                .await?;
            tx.commit().await?;
            self.give_back(tenant, tried).await;
            return Ok(Outcome::Closed(loss));
        }
        if let Some(earlier) = earlier {
            store::end(&mut tx, self.clock, earlier).await?;
        }
        let whole =
            found.password_hash.is_some() && tenant.config.sign_in.second_factors.is_empty();
        if !whole {
            store::end_unfinished(&mut tx, self.clock, login, tried.known).await?;
        }
        let beginning = Beginning {
            login,
            remember_until,
            client: given.client,
            browser: given.browser,
            whole,
        };
        let (id, token) = store::begin(&mut tx, self.clock, beginning).await?;
        tx.goes_on_as(self.actor.clone().signed_in(login, id));
        let read = lookup::read::<R>(&mut tx, self.context(tenant), &token).await?;
        let Lookup::Living(session) = read else { return Ok(Outcome::Refused) };
        let detail = serde_json::json!({});
        audit::record_of(&mut tx, self.clock, Action::SignInPassword, Some(login), detail).await?;
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

    async fn refuse<R: HasPasswords>(
        &self,
        tenant: &Tenant,
        tried: &Try<R>,
        given: &Given<'_>,
    ) -> Result<Outcome, SignInError> {
        let detail = serde_json::json!({});
        let login = tried.credentials.as_ref().map(|found| found.login);
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        audit::record_of(&mut tx, self.clock, Action::SignInRefused, login, detail).await?;
        let last = i32::from(tenant.config.sign_in.lock_after);
        let was_last = tried.failures.is_none_or(|failures| i32::from(failures) >= last);
        // Asked for nobody, too, so that it takes as long.
        if was_last {
            // If lock_after was lowered, the count may already exceed it. A try that was not counted comes beside the
            // last one, which may prove right.
            let least = if tried.failures.is_some() { last } else { last + 1 };
            let browser = tried.known.then_some(given.browser);
            let locked = failures::lock_out(&mut tx, self.clock, login, browser, least).await?;
            if let Some(email) = locked {
                let cx = self.context(tenant);
                Change::PasswordLocked.tell_address(&mut tx, cx, &email).await?;
            }
        }
        tx.commit().await?;
        Ok(Outcome::Refused)
    }
}
