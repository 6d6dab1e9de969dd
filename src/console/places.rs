//! Every address of the console.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::mail::message::ConsoleLinks;

pub(super) const TOP: &str = "/";
pub(super) const SIGN_OUT: &str = "/sign-out";
/// An invited person sets up their login here (A1).
pub(super) const INVITATION: &str = "/invitation";
pub(super) const SEARCH: &str = "/search";
/// A person, by the union's own code of them (A3).
pub(super) const PERSON: &str = "/people/{code}";
/// What the person sees of their medical data.
pub(super) const MEDICAL: &str = "/people/{code}/medical";

/// The addresses that mails link to.
pub const LINKS: ConsoleLinks = ConsoleLinks { staff_invitation: INVITATION };

/// Returns the address of a person's page.
#[must_use]
pub(super) fn person(code: &str) -> String {
    PERSON.replace("{code}", &utf8_percent_encode(code, NON_ALPHANUMERIC).to_string())
}
