//! Signing in with user ID and password.
//!
//! For anybody, one argon2id hash is computed and one line goes on the trail: an unknown ID, a wrong password, a locked
//! person and one without credentials can't be told apart (L1). One short transaction counts the try before the hash, and
//! one answers it afterwards; each is one statement on the way of a right password.

mod entry;

use chrono::{DateTime, TimeDelta, Utc};

use self::entry::{Begins, Begun, Entered, Entry, NoSession};
use crate::audit::{self, Action};
use crate::auth::account_changed::AccountChange;
use crate::auth::context::{SignIn, SignInError};
use crate::auth::credentials::current::matches;
use crate::auth::credentials::failures::{self, WrongTry};
use crate::auth::credentials::first::{First, Secret};
use crate::auth::credentials::hashing::HashingTurn;
use crate::auth::credentials::stored::Credentials;
use crate::auth::eligibility::Loss;
use crate::auth::factor::email_code;
use crate::auth::guard::known_browser::{self, NewBrowser};
pub use crate::auth::guard::tries::PasswordInput;
use crate::auth::guard::tries::Try;
use crate::auth::journey::{Step, next_of_proved};
use crate::auth::people::People;
use crate::auth::session::life::expires_at;
use crate::auth::session::living::Lookup;
use crate::auth::session::{lookup, store};
use crate::base::ids::SessionId;
use crate::base::realm::Realm;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::directory::Tenant;
use crate::tenant::policy::FirstSignInRules;

/// The result of a sign-in.
#[derive(Debug)]
pub enum SignInOutcome {
    /// A session has begun. `step` is due; if it needs a mail, that is on its way.
    Accepted { token: PlainToken, step: Step, remember_until: Option<DateTime<Utc>> },
    /// 「無効なユーザIDまたはパスワードです。」
    Refused,
    /// The password is right, but the time after losing eligibility is over (T12).
    Closed(Loss),
    /// The password is right, but staff or the person themselves had the account held.
    Held,
    /// Too many passwords were wrong from this place or at this union, for any user IDs, or the person has signed in too
    /// often.
    TooMany,
}

impl SignIn<'_> {
    /// Checks a password and begins a session in a realm. The browser's earlier session ends if a new one begins. The caller
    /// must run this to its end: a try is counted before it is checked, and given back if it can't be checked.
    ///
    /// # Errors
    /// All of [`SignInError`]; then no session has begun.
    pub async fn with_password<R: People>(
        &self,
        tenant: &Tenant,
        earlier: Option<SessionId<R>>,
        given: PasswordInput<'_>,
    ) -> Result<SignInOutcome, SignInError> {
        let turn = self.turn(tenant, &given.client.place()).await?;
        let Some(tried) = self.count::<R>(tenant, &given).await? else {
            return Ok(SignInOutcome::TooMany);
        };
        let outcome = self.check_counted(&turn, tenant, earlier, &given, &tried).await;
        if outcome.is_err() {
            // The person does not learn if the password was right, so the try must not count.
            self.uncount(tenant, &tried, given.browser).await;
        }
        outcome
    }

    /// Checks a try that is counted.
    async fn check_counted<R: People>(
        &self,
        turn: &HashingTurn<'_>,
        tenant: &Tenant,
        earlier: Option<SessionId<R>>,
        given: &PasswordInput<'_>,
        tried: &Try<R>,
    ) -> Result<SignInOutcome, SignInError> {
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
    fn is_open<R>(&self, first: &FirstSignInRules, found: &Credentials<R>, known: bool) -> bool {
        let in_time = |credential: &First| credential.is_in_time(first, self.clock.today());
        !found.are_locked(known) && found.first.as_ref().is_none_or(in_time)
    }

    /// Returns the time until which the browser keeps the session, if the person wants that and the union allows it.
    pub(super) fn remember_until<R: People>(
        &self,
        tenant: &Tenant,
        wanted: bool,
    ) -> Option<DateTime<Utc>> {
        let days = R::session_rules(&tenant.config).remember_days.filter(|_| wanted);
        days.map(|days| self.clock.now() + TimeDelta::days(days.into()))
    }

    async fn accept<R: People>(
        &self,
        tenant: &Tenant,
        earlier: Option<SessionId<R>>,
        found: &Credentials<R>,
        given: &PasswordInput<'_>,
        tried: &Try<R>,
    ) -> Result<SignInOutcome, SignInError> {
        let today = self.clock.today();
        let loss = Loss::of(&tenant.config.after_loss, found.lost_on, today);
        let closed = loss.filter(|loss| loss.is_closed(today));
        let remember_until = self.remember_until::<R>(tenant, given.remember);
        let asks_more = R::session_rules(&tenant.config).asks_second_factor;
        let whole = found.password_hash.is_some() && !asks_more;
        let begins = match closed {
            Some(_) => Begins::Nothing(NoSession::Closed),
            None if found.held => Begins::Nothing(NoSession::Held),
            None => Begins::Session { earlier, remember_until, whole },
        };
        let paid_by = tried.paid_by.as_ref();
        let entry = Entry { found, given, known: tried.known, paid_by, begins };
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        let begun = match entry.write(&mut tx, self.clock).await? {
            Entered::Begun(begun) => begun,
            Entered::Outdated => {
                drop(tx);
                return self.refuse(tenant, tried, given).await;
            }
            Entered::TooOften => {
                let detail = serde_json::json!({ "too_many": true });
                let (action, login) = (Action::SignInRefused, Some(found.login));
                audit::record_of(&mut tx, self.clock, action, login, detail).await?;
                // The password was right: the person's own limit holds, and nobody else at the place has to pay.
                if let Some(place) = paid_by {
                    place.give_back::<R>(&mut tx).await?;
                }
                tx.commit().await?;
                self.give_back_to_union(tenant, tried).await;
                return Ok(SignInOutcome::TooMany);
            }
        };
        let outcome = match closed {
            Some(loss) => SignInOutcome::Closed(loss),
            None if found.held => SignInOutcome::Held,
            None => {
                let step = match whole {
                    true => Some(self.greet(&mut tx, tenant, found, given, &begun).await?),
                    false => self.ask_for_more(&mut tx, tenant, found, tried, &begun).await?,
                };
                let Some(step) = step else {
                    // Nothing of the entry is kept: for this person, a right password is no better than a wrong one.
                    drop(tx);
                    return self.refuse(tenant, tried, given).await;
                };
                SignInOutcome::Accepted { token: begun.token, step, remember_until }
            }
        };
        tx.commit().await?;
        self.give_back_to_union(tenant, tried).await;
        Ok(outcome)
    }

    /// Tells a person whose sign-in is complete of a new browser. Returns the step that is due.
    async fn greet<R: People>(
        &self,
        tx: &mut TenantTx,
        tenant: &Tenant,
        found: &Credentials<R>,
        given: &PasswordInput<'_>,
        begun: &Begun<R>,
    ) -> Result<Step, SignInError> {
        if begun.browser_is_new {
            let (cx, email) = (self.context(tenant), found.email.as_deref());
            known_browser::tell(tx, cx, found.login, email, NewBrowser::of(given.client)).await?;
        }
        let max_age = R::session_rules(&tenant.config).password_max_age_years;
        let ends = found.password_set_at.and_then(|set| expires_at(max_age, set));
        Ok(next_of_proved(ends.is_some_and(|at| at <= self.clock.now()), found.terms))
    }

    /// Makes room for a sign-in that has more to prove or to set up, and mails the code that it may ask for. Returns the
    /// step that is due, or `None` if the login opens nothing: staff who are not in office.
    async fn ask_for_more<R: People>(
        &self,
        tx: &mut TenantTx,
        tenant: &Tenant,
        found: &Credentials<R>,
        tried: &Try<R>,
        begun: &Begun<R>,
    ) -> Result<Option<Step>, SignInError> {
        let cx = self.context(tenant);
        store::end_unfinished(tx, self.clock, found.login, begun.session, tried.known).await?;
        let Lookup::Living(session) = lookup::read::<R>(tx, cx, &begun.token).await? else {
            return Ok(None);
        };
        let step = session.next_step(&tenant.config);
        if step == Step::EmailCode {
            email_code::send(tx, cx, &session, &begun.token).await?;
        }
        Ok(Some(step))
    }

    async fn refuse<R: Realm>(
        &self,
        tenant: &Tenant,
        tried: &Try<R>,
        given: &PasswordInput<'_>,
    ) -> Result<SignInOutcome, SignInError> {
        let detail = serde_json::json!({});
        let login = tried.credentials.as_ref().map(|found| found.login);
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        audit::record_of(&mut tx, self.clock, Action::SignInRefused, login, detail).await?;
        let last = i32::from(tenant.config.sign_in.lock_after);
        let was_last = tried.failures.is_none_or(|failures| i32::from(failures) >= last);
        let wrong = WrongTry {
            browser: tried.known.then_some(given.browser),
            last,
            is_counted: tried.failures.is_some(),
        };
        // This is asked for a try that locks nobody, too, so that every wrong one takes as long.
        let locks = login.filter(|_| was_last);
        if let Some(email) = failures::lock_out(&mut tx, self.clock, locks, wrong).await? {
            AccountChange::PasswordLocked
                .tell_address(&mut tx, self.context(tenant), &email)
                .await?;
        }
        tx.commit().await?;
        Ok(SignInOutcome::Refused)
    }
}
