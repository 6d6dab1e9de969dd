//! A person's consent to a change that others see at once.
//!
//! A job works out its result. If the result needs consent and the person has not given it, the job changes nothing
//! and asks for consent. The caller then asks the person, and enqueues the job again with the consent. The job works
//! out its result anew, and commits it only if it equals the result that the person saw.

use serde::{Deserialize, Serialize};

/// The result that a person agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent<T> {
    /// The person was not asked yet.
    None,
    /// The person agreed to this result, as it was shown.
    To(T),
    /// The person agreed to any result (`--yes`).
    ToAnything,
}

impl<T: PartialEq> Consent<T> {
    /// Returns true if the person agreed to this result.
    pub fn covers(&self, result: &T) -> bool {
        match self {
            Self::None => false,
            Self::To(shown) => shown == result,
            Self::ToAnything => true,
        }
    }
}

/// The result of a job that may need consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentOutcome<T> {
    Done(T),
    /// Nothing was changed. With consent, this would be the result.
    NeedsConsent(T),
}
