//! What a person agreed to, before a job changes what others see at once.
//!
//! A job works out what it comes to, and asks for consent if there is something to agree to and nobody has: nothing is
//! changed then. Asked for again with that consent, it works everything out anew, and keeps it only if it still comes
//! to what was shown.

use serde::{Deserialize, Serialize};

/// What a person agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent<T> {
    /// Nobody was asked yet.
    None,
    /// What was shown.
    To(T),
    /// Whatever it comes to (`--yes`).
    ToAnything,
}

impl<T: PartialEq> Consent<T> {
    /// Returns true if the person agreed to this.
    pub fn covers(&self, outcome: &T) -> bool {
        match self {
            Self::None => false,
            Self::To(shown) => shown == outcome,
            Self::ToAnything => true,
        }
    }
}

/// What came of a job that may need consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attempt<T> {
    Done(T),
    /// Nothing was changed: this is what would be.
    NeedsConsent(T),
}
