//! A union's rules for its staff's console.

use serde::{Deserialize, Serialize};

use super::PasswordRules;

/// Every sign of a keyboard, since no union told its staff of fewer.
const SYMBOLS: &str = "!\"#$%&'()*~|`{+}<>?_-^\\@[;:],./=";
const MAX_LENGTH: u16 = 64;

/// The rules for staff. A union that writes none has the safest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleRules {
    pub password_min_length: u16,
    /// Minutes without a request after which a session ends: staff leave the console open on a desk that others pass.
    pub idle_minutes: u16,
    /// Hours after which a session ends, even one in constant use: a working day.
    pub session_hours: u16,
}

impl Default for ConsoleRules {
    fn default() -> Self {
        Self { password_min_length: 12, idle_minutes: 15, session_hours: 10 }
    }
}

impl ConsoleRules {
    /// Returns the rules for staff's passwords.
    #[must_use]
    pub fn password(&self) -> PasswordRules {
        PasswordRules {
            min_length: self.password_min_length,
            max_length: MAX_LENGTH,
            symbols: SYMBOLS.to_owned(),
            require: Vec::new(),
            max_age_years: None,
        }
    }

    /// Returns true if nothing was written.
    #[must_use]
    pub fn are_default(&self) -> bool {
        *self == Self::default()
    }
}
