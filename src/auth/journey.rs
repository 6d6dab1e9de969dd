//! What a person has to do next: a pure function of the union's policy and of durable facts.
//!
//! No step is stored anywhere. A closed browser, a second tab or a crash can therefore neither
//! lose a step nor skip one.

use crate::tenant::policy::SignIn;

/// What is known of a person whose password was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Whether the password is the person's own, not one of the first credentials.
    pub own_password: bool,
    /// Whether this session has proved a second factor.
    pub second_factor: bool,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The first sign-in is pending.
    FirstSignIn,
    /// ワンタイムパスワード（OTP）メール認証
    EmailCode,
    /// The portal is open.
    Complete,
}

impl Step {
    /// The page of the step.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::FirstSignIn => "/first-sign-in",
            Self::EmailCode => "/sign-in/code",
            Self::Complete => "/",
        }
    }
}

/// The step that is due.
#[must_use]
pub fn next(policy: &SignIn, facts: Facts) -> Step {
    if !facts.own_password {
        Step::FirstSignIn
    } else if policy.second_factors.is_empty() || facts.second_factor {
        Step::Complete
    } else {
        Step::EmailCode
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::policy::SecondFactor;

    #[test]
    fn every_combination_of_facts_has_its_step() {
        let policy = |second_factors: &[SecondFactor]| SignIn {
            second_factors: second_factors.to_vec(),
            recommended: None,
            lock_after: 11,
            idle_minutes: 30,
            session_hours: 12,
            remember_days: None,
        };
        let with_code = policy(&[SecondFactor::Passkey, SecondFactor::EmailCode]);
        let password_alone = policy(&[]);
        for (policy, own_password, second_factor, step) in [
            (&with_code, false, false, Step::FirstSignIn),
            (&with_code, false, true, Step::FirstSignIn),
            (&with_code, true, false, Step::EmailCode),
            (&with_code, true, true, Step::Complete),
            (&password_alone, false, false, Step::FirstSignIn),
            (&password_alone, false, true, Step::FirstSignIn),
            (&password_alone, true, false, Step::Complete),
            (&password_alone, true, true, Step::Complete),
        ] {
            assert_eq!(next(policy, Facts { own_password, second_factor }), step);
        }
    }
}
