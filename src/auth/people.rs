//! The differences between the people of the two realms.

use std::borrow::Cow;
use std::fmt::Debug;

use crate::auth::eligibility::Loss;
use crate::auth::journey::{self, Facts, Progress, Step, staff};
use crate::auth::staff::right::Rights;
use crate::base::realm::{Realm, Staff, Subscribers};
use crate::tenant::hosts::Door;
use crate::tenant::policy::{PasswordRules, SecondFactor, TenantConfig};

/// A realm's people.
pub trait People: Realm {
    /// The door at which they sign in. Its host is the relying party of their passkeys.
    const DOOR: Door;

    /// True if a mailed code takes the place of a device that is gone.
    const FALLS_BACK_ON_MAIL: bool;

    /// The facts of a person that a session has beside the login.
    type Person: Debug + Clone + Send + Sync;

    /// Makes these facts from the owner of the login. Returns `None` if the login opens nothing at present.
    fn person(owner: Owner) -> Option<Self::Person>;

    /// Returns the name by which the trail calls them, if it does: subscribers have none there.
    fn label(name: &str) -> Option<&str>;

    /// Returns the union's rules for their sessions.
    fn session_rules(policy: &TenantConfig) -> SessionRules;

    /// Returns the union's rules for their passwords.
    fn password_rules(policy: &TenantConfig) -> Cow<'_, PasswordRules>;

    /// Returns the second factors that they may choose, in the order offered. Empty if a password is enough.
    fn second_factors(policy: &TenantConfig) -> &[SecondFactor];

    /// Returns the second factor that is marked （推奨）.
    fn recommended_factor(policy: &TenantConfig) -> Option<SecondFactor>;

    /// Returns the step that is due.
    fn next_step(policy: &TenantConfig, facts: Facts) -> Step;

    /// Returns the second factor that a person proves, or `None` where a password is enough.
    fn method(policy: &TenantConfig, facts: Facts) -> Option<SecondFactor>;

    /// Returns how far the first sign-in is, or `None` if it is over or has no numbered steps.
    fn progress(policy: &TenantConfig, facts: Facts) -> Option<Progress>;
}

/// The person to whom a login belongs, as the union knows them.
#[derive(Debug)]
pub enum Owner {
    Member { code: String, household_code: String, loss: Option<Loss> },
    Staff { in_office: bool, rights: Option<Rights> },
}

/// A union's rules for the sessions of a realm.
#[derive(Debug, Clone, Copy)]
pub struct SessionRules {
    /// False where a password alone is enough.
    pub asks_second_factor: bool,
    /// Minutes without a request after which a session ends (L9).
    pub idle_minutes: u16,
    /// Hours after which a session ends, even one in constant use.
    pub session_hours: u16,
    /// The days for which ログイン状態の保存 lasts (L11), if it is offered.
    pub remember_days: Option<u16>,
    /// True if a person who is kept signed in proves the second factor again after a rest.
    pub remember_asks_second_factor: bool,
    /// Years after which a password is too old (seed 004).
    pub password_max_age_years: Option<u16>,
    pub offers_recovery_codes: bool,
}

/// An insured person or a dependent.
#[derive(Debug, Clone)]
pub struct SubscriberFacts {
    /// The union's own code of the person.
    pub member_code: String,
    pub household_code: String,
    /// Set once the person has lost eligibility (T12).
    pub loss: Option<Loss>,
}

impl People for Subscribers {
    const DOOR: Door = Door::Portal;
    const FALLS_BACK_ON_MAIL: bool = true;

    type Person = SubscriberFacts;

    fn person(owner: Owner) -> Option<SubscriberFacts> {
        match owner {
            Owner::Member { code, household_code, loss } => {
                Some(SubscriberFacts { member_code: code, household_code, loss })
            }
            Owner::Staff { .. } => None,
        }
    }

    fn label(_: &str) -> Option<&str> {
        None
    }

    fn session_rules(policy: &TenantConfig) -> SessionRules {
        let rules = &policy.sign_in;
        SessionRules {
            asks_second_factor: !rules.second_factors.is_empty(),
            idle_minutes: rules.idle_minutes,
            session_hours: rules.session_hours,
            remember_days: rules.remember_days,
            remember_asks_second_factor: rules.remember_asks_second_factor,
            password_max_age_years: policy.password.max_age_years,
            offers_recovery_codes: rules.offers_recovery_codes(),
        }
    }

    fn password_rules(policy: &TenantConfig) -> Cow<'_, PasswordRules> {
        Cow::Borrowed(&policy.password)
    }

    fn second_factors(policy: &TenantConfig) -> &[SecondFactor] {
        &policy.sign_in.second_factors
    }

    fn recommended_factor(policy: &TenantConfig) -> Option<SecondFactor> {
        policy.sign_in.recommended
    }

    fn next_step(policy: &TenantConfig, facts: Facts) -> Step {
        journey::next(policy, facts)
    }

    fn method(policy: &TenantConfig, facts: Facts) -> Option<SecondFactor> {
        let asked = !policy.sign_in.second_factors.is_empty();
        asked.then(|| journey::method(policy, facts))
    }

    fn progress(policy: &TenantConfig, facts: Facts) -> Option<Progress> {
        journey::progress(policy, facts, Self::next_step(policy, facts))
    }
}

/// A union's rules for sign-ins are its subscribers' alone. Staff have those of its console.
impl People for Staff {
    const DOOR: Door = Door::Console;
    const FALLS_BACK_ON_MAIL: bool = false;

    type Person = Rights;

    /// Nothing opens for a person who is not in office, or whose roles this program doesn't know.
    fn person(owner: Owner) -> Option<Rights> {
        match owner {
            Owner::Staff { in_office: true, rights } => rights,
            Owner::Staff { .. } | Owner::Member { .. } => None,
        }
    }

    fn label(name: &str) -> Option<&str> {
        Some(name)
    }

    fn session_rules(policy: &TenantConfig) -> SessionRules {
        let rules = &policy.console;
        SessionRules {
            asks_second_factor: true,
            idle_minutes: rules.idle_minutes,
            session_hours: rules.session_hours,
            remember_days: None,
            remember_asks_second_factor: true,
            password_max_age_years: None,
            offers_recovery_codes: true,
        }
    }

    fn password_rules(policy: &TenantConfig) -> Cow<'_, PasswordRules> {
        Cow::Owned(policy.console.password())
    }

    fn second_factors(_: &TenantConfig) -> &[SecondFactor] {
        const { &[SecondFactor::Passkey, SecondFactor::Totp] }
    }

    fn recommended_factor(_: &TenantConfig) -> Option<SecondFactor> {
        Some(SecondFactor::Passkey)
    }

    fn next_step(_: &TenantConfig, facts: Facts) -> Step {
        staff::next(facts)
    }

    fn method(_: &TenantConfig, facts: Facts) -> Option<SecondFactor> {
        Some(staff::method(facts).method())
    }

    fn progress(_: &TenantConfig, _: Facts) -> Option<Progress> {
        None
    }
}
