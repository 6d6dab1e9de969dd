//! How far a letter with first credentials is (T9).

use chrono::{DateTime, NaiveDate, Utc};

use super::facts::Account;
use crate::auth::credentials::first::InitialCredential;
use crate::tenant::policy::TenantConfig;

/// The state of a person's newest letter. One that was used leaves no trace but the person's registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterState {
    /// It waits to be written into the file that is printed.
    Unprinted { made_at: DateTime<Utc> },
    /// It waited for so long that its password was thrown away.
    Spoilt { made_at: DateTime<Utc> },
    /// It is in a file, and so on its way or at the person's home, unused.
    Sent { issued_at: Option<DateTime<Utc>>, last_day: Option<NaiveDate> },
    /// Its time is over.
    Expired { issued_at: Option<DateTime<Utc>>, last_day: Option<NaiveDate> },
}

/// Returns the state of a person's letter on a day; `None` if there is none, or no longer.
#[must_use]
pub fn letter(policy: &TenantConfig, today: NaiveDate, account: &Account) -> Option<LetterState> {
    if account.has_password || account.first != Some(InitialCredential::Letter) {
        return None;
    }
    if let Some(unprinted) = account.unprinted {
        let made_at = unprinted.made_at;
        return Some(match unprinted.can_be_printed {
            true => LetterState::Unprinted { made_at },
            false => LetterState::Spoilt { made_at },
        });
    }
    let issued_at = account.issued_at;
    let rule = policy.first_sign_in.letter.as_ref();
    let last_day = rule.zip(issued_at).and_then(|(rule, issued)| rule.last_day(issued));
    Some(match last_day.is_some_and(|last| last < today) {
        true => LetterState::Expired { issued_at, last_day },
        false => LetterState::Sent { issued_at, last_day },
    })
}
