//! A session that lives, and whose it is.

use chrono::{DateTime, TimeDelta, Utc};

use crate::auth::journey::{Address, Facts, Progress, Step};
use crate::auth::people::People;
use crate::base::ids::{LoginId, SessionId};
use crate::base::month::Month;
use crate::base::realm::Subscribers;
use crate::base::secret::PlainToken;
use crate::tenant::policy::{SecondFactor, TenantConfig};

/// A session's last use is noted once in this time, not at every request.
pub(in crate::auth) const NOTE_EVERY: TimeDelta = TimeDelta::minutes(1);
/// A mailed code is valid for this long.
pub const CODE_LASTS: TimeDelta = TimeDelta::minutes(10);
/// A re-authentication is valid for this long (S4).
pub const FRESH_FOR: TimeDelta = TimeDelta::minutes(5);

/// A living session and whose it is.
#[derive(Debug, Clone)]
pub struct Session<R: People = Subscribers> {
    pub id: SessionId<R>,
    pub login: LoginId<R>,
    /// The person's name, as the union knows it.
    pub name: String,
    pub user_id: String,
    pub person: R::Person,
    /// The address the person confirmed, or else the one the union knows.
    pub email: Option<String>,
    /// True if mail to it came back.
    pub(super) email_failed: bool,
    /// Set while the person has a recovery code that was not used.
    pub has_recovery_codes: bool,
    pub(in crate::auth) passkey_offer_answered: bool,
    /// The browser keeps the session until then, though its window is closed (L11).
    pub remember_until: Option<DateTime<Utc>>,
    /// The time at which the person's own password was set.
    pub password_set_at: Option<DateTime<Utc>>,
    pub(super) reauthenticated_at: Option<DateTime<Utc>>,
    pub(super) reauth_password_at: Option<DateTime<Utc>>,
    /// The time at which the second factor was asked for again; `None` if it is not asked for.
    pub(super) lapsed_at: Option<DateTime<Utc>>,
    /// The token that replaces the one by which the session was found.
    pub rotated: Option<PlainToken>,
    pub(super) facts: Facts,
}

/// The result of looking a token up.
#[derive(Debug, Clone)]
pub enum Lookup<R: People = Subscribers> {
    Living(Box<Session<R>>),
    /// It rested too long or grew too old (L9).
    Expired,
    /// The session goes on under a newer token: a double click's second request.
    Superseded {
        session: SessionId<R>,
        login: LoginId<R>,
    },
    /// There is no such session, or it was ended.
    Unknown,
}

impl<R: People> Session<R> {
    /// Returns the step that is due.
    #[must_use]
    pub fn next_step(&self, policy: &TenantConfig) -> Step {
        R::next_step(policy, self.facts)
    }

    /// Returns how far the first sign-in is.
    #[must_use]
    pub fn progress(&self, policy: &TenantConfig) -> Option<Progress> {
        R::progress(policy, self.facts)
    }

    /// The second factor this person proves; `None` where the union asks for none.
    #[must_use]
    pub fn method(&self, policy: &TenantConfig) -> Option<SecondFactor> {
        R::method(policy, self.facts)
    }

    /// The address the person confirmed.
    #[must_use]
    pub fn confirmed_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.facts.address == Address::Confirmed)
    }

    /// The person's address, where mail to it came back.
    #[must_use]
    pub fn failed_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.email_failed)
    }

    /// Returns true if the person has proved their identity within the last five minutes.
    #[must_use]
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.reauthenticated_at.is_some_and(|at| now - at <= FRESH_FOR)
    }

    /// Returns true if the password of a re-authentication was right within the last five minutes.
    #[must_use]
    pub fn password_is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.reauth_password_at.is_some_and(|at| now - at <= FRESH_FOR)
    }

    /// Returns when the second factor was asked for again, because the person came back after a rest (L11).
    #[must_use]
    pub fn lapsed_at(&self) -> Option<DateTime<Utc>> {
        self.lapsed_at
    }

    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }
}

impl Session {
    /// Returns the last month of treatment that the person may see; `None` if there is no limit.
    #[must_use]
    pub fn last_month(&self) -> Option<Month> {
        self.person.loss.map(|loss| loss.last_month())
    }
}
