//! Passkeys (L6): set-up, proving one after the password, and signing in by one alone.

mod alone;
mod answer;
mod challenge;
mod kept;
mod prove;
mod relying_party;
mod set_up;
mod verdict;

pub use self::alone::{Given, Offer, Visit};
pub use self::answer::Answer;
pub use self::prove::{begin_sign_in, finish_sign_in};
pub use self::relying_party::PasskeyError;
pub use self::set_up::{begin_set_up, finish_set_up};
