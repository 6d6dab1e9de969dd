//! Rules for passwords, of subscribers and of staff.

use serde::{Deserialize, Serialize};

/// A class of characters of which a password must contain at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CharacterClass {
    Letter,
    Digit,
    Symbol,
}

/// Rules for passwords (T5). A password never equals the user ID, whatever the union says (seed 001
/// 5-1 A5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordRules {
    pub min_length: u16,
    pub max_length: u16,
    /// The symbols allowed besides half-width letters and digits.
    pub symbols: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<CharacterClass>,
    /// Years after which a new password is required (seed 004).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_years: Option<u16>,
}
