//! From the first credentials to the portal (seeds 001–004).

mod address;
mod credentials;
mod identity;
mod opening;
mod password;
mod set_up;
mod single_form;
mod steps;
mod terms;
mod user_id;

pub(crate) use self::set_up::{app_code, key};
use crate::support::first_sign_in::Answers;
use crate::support::people::{NANA, ROKURO, SHIRO};

/// A person with the formula of seed 003, who has to sign out before the set-up.
const BY_FORMULA: Answers = Answers::of(SHIRO, "20010101");
/// A person with a letter.
pub(crate) const BY_LETTER: Answers = Answers::of(NANA, "1999/9/9");
/// A person with the formula, who sets up at once.
const AT_ONCE: Answers = Answers::of(ROKURO, "平成2年5月5日");
