//! The step that a staff member has to do next.
//!
//! Nothing opens for a person who is not in office, so that they have no step. For the others, a second factor is never
//! left out, whatever the union asks of its subscribers, and it is never a code by mail: who reads a colleague's mail
//! must not see people's data.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Facts, Step};
use crate::tenant::policy::SecondFactor;

/// The facts that decide if a staff member is in office.
#[derive(Debug, Clone, Copy)]
pub struct Office {
    /// `None` until the invitation is taken up.
    pub accepted_at: Option<DateTime<Utc>>,
    pub suspended_at: Option<DateTime<Utc>>,
    /// The last day in office.
    pub leaves_on: Option<NaiveDate>,
}

impl Office {
    /// Returns true if they are in office on a day: they took the invitation up, nobody has suspended them, and they
    /// have not left.
    #[must_use]
    pub fn is_held(&self, today: NaiveDate) -> bool {
        self.accepted_at.is_some() && self.suspended_at.is_none() && !self.is_left(today)
    }

    /// Returns true if the last day in office is over.
    #[must_use]
    pub fn is_left(&self, today: NaiveDate) -> bool {
        self.leaves_on.is_some_and(|day| day < today)
    }
}

/// A second factor of staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffFactor {
    Passkey,
    Totp,
}

impl StaffFactor {
    #[must_use]
    pub const fn method(self) -> SecondFactor {
        match self {
            Self::Passkey => SecondFactor::Passkey,
            Self::Totp => SecondFactor::Totp,
        }
    }
}

/// Returns the step that is due for a person in office.
#[must_use]
pub fn next(facts: Facts) -> Step {
    // `set_up` tells of the chosen method alone.
    let set_up = facts.set_up && facts.method == Some(method(facts).method());
    match (facts.second_factor, method(facts), set_up) {
        (true, ..) => Step::Complete,
        (false, StaffFactor::Passkey, true) => Step::Passkey,
        (false, StaffFactor::Passkey, false) => Step::PasskeySetUp,
        (false, StaffFactor::Totp, true) => Step::Totp,
        (false, StaffFactor::Totp, false) => Step::TotpSetUp,
    }
}

/// Returns the factor that a person proves. A person who chose none that staff may have sets a passkey up, which can't be
/// given away to a false page.
#[must_use]
pub fn method(facts: Facts) -> StaffFactor {
    match facts.method {
        Some(SecondFactor::Totp) => StaffFactor::Totp,
        Some(SecondFactor::Passkey | SecondFactor::EmailCode) | None => StaffFactor::Passkey,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::journey::Address;

    #[test]
    fn nothing_opens_for_staff_who_are_invited_suspended_or_gone() {
        let (at, today) = (DateTime::<Utc>::UNIX_EPOCH, NaiveDate::default());
        let (yesterday, tomorrow) = (today.pred_opt(), today.succ_opt());
        let (accepted, suspended) = (Some(at), Some(at));
        for (case, accepted_at, suspended_at, leaves_on, is_held) in [
            ("in office", accepted, None, None, true),
            ("in office until a day to come", accepted, None, tomorrow, true),
            ("on the last day", accepted, None, Some(today), true),
            ("gone", accepted, None, yesterday, false),
            ("suspended", accepted, suspended, None, false),
            ("suspended before the last day", accepted, suspended, tomorrow, false),
            ("invited", None, None, None, false),
            ("invited, and suspended", None, suspended, None, false),
        ] {
            let office = Office { accepted_at, suspended_at, leaves_on };
            assert_eq!(office.is_held(today), is_held, "{case}");
        }
    }

    /// Returns the facts that only a subscriber's journey rests on, all done or none.
    fn others(done: bool) -> Facts {
        Facts {
            birthdate: done,
            terms: done,
            address: if done { Address::Confirmed } else { Address::None },
            user_id: done,
            own_password: done,
            password_expired: !done,
            first_session: !done,
            method: None,
            set_up: false,
            second_factor: false,
            owes_address: false,
        }
    }

    #[test]
    fn staff_prove_a_passkey_or_an_app_or_set_one_up_and_never_a_code_by_mail() {
        use SecondFactor::{EmailCode, Passkey, Totp};
        for (method, set_up, step) in [
            (None, false, Step::PasskeySetUp),
            (None, true, Step::PasskeySetUp),
            (Some(EmailCode), false, Step::PasskeySetUp),
            (Some(EmailCode), true, Step::PasskeySetUp),
            (Some(Passkey), false, Step::PasskeySetUp),
            (Some(Passkey), true, Step::Passkey),
            (Some(Totp), false, Step::TotpSetUp),
            (Some(Totp), true, Step::Totp),
        ] {
            for done in [false, true] {
                let facts = Facts { method, set_up, ..others(done) };
                assert_eq!(next(facts), step, "{facts:?}");
                let proved = Facts { second_factor: true, ..facts };
                assert_eq!(next(proved), Step::Complete, "{proved:?}");
            }
        }
    }
}
