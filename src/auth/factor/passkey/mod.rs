//! Passkeys (L6): set-up, proving one after the password, and signing in by one alone.

mod alone;
mod challenge;
mod kept;
mod prove;
mod relying_party;
mod set_up;
mod verdict;

pub use self::alone::{Offer, PasskeyAnswer, Visit};
pub use self::prove::{begin_proof, prove};
pub use self::relying_party::PasskeyError;
pub use self::set_up::{begin_set_up, enrol};
