//! A union's rules for its staff's console.

use serde::{Deserialize, Serialize};

use super::password::PasswordRules;

/// Every sign of a keyboard, since no union told its staff of fewer.
const SYMBOLS: &str = "!\"#$%&'()*~|`{+}<>?_-^\\@[;:],./=";
const MAX_LENGTH: u16 = 64;

/// The settings that a union may change unless its file says otherwise: how it is reached, and how long sessions last.
/// None of them lets in anybody who was kept out.
const USUAL: [&str; 9] = [
    "contact.text",
    "contact.mail",
    "contact.phone",
    "contact.hours",
    "contact.note",
    "sign_in.idle_minutes",
    "sign_in.session_hours",
    "console.idle_minutes",
    "console.session_hours",
];

/// The rules for staff. A union that writes none has the safest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleRules {
    pub password_min_length: u16,
    /// Minutes without a request after which a session ends: staff leave the console open on a desk that others pass.
    pub idle_minutes: u16,
    /// Hours after which a session ends, even one in constant use: a working day.
    pub session_hours: u16,
    /// The settings that the union's own staff may change at the console, by path ([`super::opened`]).
    pub open_to_union: Vec<String>,
}

impl Default for ConsoleRules {
    fn default() -> Self {
        Self {
            password_min_length: 12,
            idle_minutes: 15,
            session_hours: 10,
            open_to_union: USUAL.map(str::to_owned).to_vec(),
        }
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
