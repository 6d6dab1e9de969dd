//! Why a person can't sign in at this moment, or that they can, and which act of staff mends it.
//!
//! The judgement is a pure function of the account's facts, the union's policy and the day, in the order in which a
//! sign-in meets the obstacles. `tests.rs` is the whole table.

mod facts;
mod letter;
#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDate, Utc};

pub use self::facts::{Account, find};
pub use self::letter::{LetterState, letter};
use crate::auth::credentials::first::InitialCredential;
use crate::auth::eligibility::Loss;
use crate::auth::journey;
use crate::tenant::policy::{SecondFactor, TenantConfig};

/// The answer that a sign-in of the person meets at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The time after losing eligibility is over (T12).
    Closed { lost_on: Option<NaiveDate>, last_day: Option<NaiveDate> },
    /// The account is held, whatever the person proves.
    Held {
        at: DateTime<Utc>,
        /// The person said that an act of staff was none of theirs.
        by_person: bool,
    },
    /// Wrong passwords have locked the account.
    PasswordLocked {
        at: DateTime<Utc>,
        /// The browsers in which the person has signed in before are open all the same.
        spares_known_browsers: bool,
        /// Wrong second factors have locked it, too.
        second_factor: bool,
    },
    /// Wrong second factors have locked the account.
    SecondFactorLocked { at: DateTime<Utc> },
    /// The person has no account, so no letter was ever made.
    NoAccount,
    /// There is an account, and nothing to sign in with.
    NoCredentials,
    /// The letter is not printed yet.
    LetterUnprinted { made_at: DateTime<Utc> },
    /// The letter was not printed in time, so nobody knows its password.
    LetterSpoilt { made_at: DateTime<Utc> },
    /// The letter's time is over, and it was not used.
    LetterExpired { last_day: Option<NaiveDate> },
    /// The password of the union's formula is not valid yet.
    FormulaNotYet { from: NaiveDate },
    /// The password of the union's formula is not valid any more.
    FormulaOver { until: Option<NaiveDate> },
    /// Codes go by mail, and mail to the person's address comes back.
    CodesComeBack,
    /// Codes go by mail, and nobody knows an address of the person.
    NoAddress,
    /// The person has never signed in, and can with the first credentials.
    FirstSignIn { by_letter: bool, until: Option<NaiveDate> },
    /// Nothing is in the way.
    Open {
        /// The last day, for a person who has lost eligibility (T12).
        until: Option<NaiveDate>,
        /// The person sets a second factor up at the next sign-in.
        sets_up_factor: bool,
    },
}

/// The act of staff that lets a person sign in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    Unlock,
    /// Releases an account that is held.
    Release,
    /// A letter with other first credentials.
    Letter,
}

impl Account {
    /// Returns the second factor that a sign-in asks for, or `None` where the password is enough.
    #[must_use]
    pub fn method(&self, policy: &TenantConfig) -> Option<SecondFactor> {
        let asks = !policy.sign_in.second_factors.is_empty();
        asks.then(|| journey::allowed(policy, self.second_factor))
    }
}

impl Access {
    /// Judges a person's access on a day. `account` is `None` for a person without a login.
    #[must_use]
    pub fn of(
        policy: &TenantConfig,
        today: NaiveDate,
        lost_on: Option<NaiveDate>,
        account: Option<&Account>,
    ) -> Self {
        let loss = Loss::of(&policy.after_loss, lost_on, today);
        let is_over = loss.is_some_and(|loss| loss.is_closed(today));
        if is_over || account.is_some_and(|account| account.closed_at.is_some()) {
            let last_day = loss.map(|loss| loss.last_day());
            return Self::Closed { lost_on: loss.map(|loss| loss.lost_on), last_day };
        }
        let Some(account) = account else { return Self::NoAccount };
        if let Some(at) = account.held_at {
            return Self::Held { at, by_person: account.held_by_person };
        }
        match (account.locked_at, account.second_factor_locked_at) {
            (Some(at), second_factor) => {
                return Self::PasswordLocked {
                    at,
                    spares_known_browsers: account.lock_spares_known_browsers
                        && second_factor.is_none(),
                    second_factor: second_factor.is_some(),
                };
            }
            (None, Some(at)) => return Self::SecondFactorLocked { at },
            (None, None) => {}
        }
        if !account.has_password {
            return first_sign_in(policy, today, account);
        }
        let until = loss.map(|loss| loss.last_day());
        match account.method(policy) {
            None => Self::Open { until, sets_up_factor: false },
            // After a reset, a mailed code comes before another factor is set up.
            Some(method) if account.factors_reset || method == SecondFactor::EmailCode => {
                match (&account.email, &account.returned) {
                    (None, _) => Self::NoAddress,
                    (Some(_), Some(_)) => Self::CodesComeBack,
                    (Some(_), None) => Self::Open { until, sets_up_factor: account.factors_reset },
                }
            }
            Some(_) => Self::Open { until, sets_up_factor: !account.has_device },
        }
    }

    /// Returns false if something is in the way.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open { .. } | Self::FirstSignIn { .. })
    }

    /// Returns the act that lets the person in again, if one does.
    #[must_use]
    pub const fn remedy(self) -> Option<Remedy> {
        match self {
            Self::Held { .. } => Some(Remedy::Release),
            Self::PasswordLocked { .. } | Self::SecondFactorLocked { .. } => Some(Remedy::Unlock),
            Self::NoAccount
            | Self::NoCredentials
            | Self::LetterSpoilt { .. }
            | Self::LetterExpired { .. }
            | Self::FormulaOver { .. } => Some(Remedy::Letter),
            Self::Closed { .. }
            | Self::LetterUnprinted { .. }
            | Self::FormulaNotYet { .. }
            | Self::CodesComeBack
            | Self::NoAddress
            | Self::FirstSignIn { .. }
            | Self::Open { .. } => None,
        }
    }
}

fn first_sign_in(policy: &TenantConfig, today: NaiveDate, account: &Account) -> Access {
    match (account.first, letter(policy, today, account)) {
        (Some(InitialCredential::Formula), _) => formula(policy, today),
        (_, Some(LetterState::Unprinted { made_at })) => Access::LetterUnprinted { made_at },
        (_, Some(LetterState::Spoilt { made_at })) => Access::LetterSpoilt { made_at },
        (_, Some(LetterState::Expired { last_day, .. })) => Access::LetterExpired { last_day },
        (_, Some(LetterState::Sent { last_day, .. })) => {
            Access::FirstSignIn { by_letter: true, until: last_day }
        }
        (_, None) => Access::NoCredentials,
    }
}

fn formula(policy: &TenantConfig, today: NaiveDate) -> Access {
    let Some(rule) = &policy.first_sign_in.formula else {
        return Access::FormulaOver { until: None };
    };
    if today < rule.valid_from {
        return Access::FormulaNotYet { from: rule.valid_from };
    }
    match rule.valid_until {
        Some(until) if until < today => Access::FormulaOver { until: Some(until) },
        until => Access::FirstSignIn { by_letter: false, until },
    }
}
