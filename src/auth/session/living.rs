//! A session that lives, and whose it is.

use chrono::{DateTime, TimeDelta, Utc};

use crate::auth::journey::{self, Address, Facts, Progress, Step};
use crate::auth::people::People;
use crate::base::ids::{LoginId, SessionId};
use crate::base::month::Month;
use crate::base::realm::Subscribers;
use crate::base::secret::PlainToken;
use crate::tenant::policy::{SecondFactor, TenantConfig};

/// When a session was last used is noted once a minute, not at every request.
pub(in crate::auth) const NOTE_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How long a mailed code is good for.
pub const CODE_LASTS: TimeDelta = TimeDelta::minutes(10);
/// How long a re-authentication is good for (S4).
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
    /// Whether mail to it came back.
    pub(super) email_failed: bool,
    /// Set while the person has a recovery code that was not used.
    pub has_recovery_codes: bool,
    pub(in crate::auth) passkey_offer_answered: bool,
    /// Until when the browser keeps the session though it is closed (L11).
    pub remember_until: Option<DateTime<Utc>>,
    /// When the own password was set.
    pub password_set_at: Option<DateTime<Utc>>,
    pub(super) reauthenticated_at: Option<DateTime<Utc>>,
    pub(super) reauth_password_at: Option<DateTime<Utc>>,
    /// Since when the second factor is asked for again.
    pub(super) lapsed_at: Option<DateTime<Utc>>,
    /// In place of the token that it was found by.
    pub rotated: Option<PlainToken>,
    pub(super) facts: Facts,
}

/// What a token turned out to be.
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
    /// It was never ours, or was ended.
    Unknown,
}

impl<R: People> Session<R> {
    /// What the person has to do next.
    #[must_use]
    pub fn next_step(&self, policy: &TenantConfig) -> Step {
        journey::next(policy, self.facts)
    }

    /// How far the first sign-in is.
    #[must_use]
    pub fn progress(&self, policy: &TenantConfig) -> Option<Progress> {
        journey::progress(policy, self.facts, self.next_step(policy))
    }

    /// The second factor this person proves; `None` where the union asks for none.
    #[must_use]
    pub fn method(&self, policy: &TenantConfig) -> Option<SecondFactor> {
        let asked = !policy.sign_in.second_factors.is_empty();
        asked.then(|| journey::method(policy, self.facts))
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

    /// Whether the person proved a moment ago who it is.
    #[must_use]
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.reauthenticated_at.is_some_and(|at| now - at <= FRESH_FOR)
    }

    /// Whether the password of a re-authentication was right a moment ago.
    #[must_use]
    pub fn password_is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.reauth_password_at.is_some_and(|at| now - at <= FRESH_FOR)
    }

    /// Since when the person, who came back after a rest, owes the second factor again (L11).
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
    /// The last month of treatment that the person may see; `None`: whatever comes.
    #[must_use]
    pub fn last_month(&self) -> Option<Month> {
        self.person.loss.map(|loss| loss.last_month())
    }
}
