//! The console's own addresses, beside those that both doors have.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::account::places;
pub(super) use crate::account::places::{SIGN_OUT, TOP};
use crate::mail::message::ConsoleLinks;

places::places! {
    // An invited person sets up their login here (A1).
    Way INVITATION "/invitation";
    Page SEARCH "/search";
    // A person, by the union's own code of them (A3).
    Page PERSON "/people/{code}";
    // What the person sees of their medical data.
    Page MEDICAL "/people/{code}/medical";
}

/// The addresses that mails link to.
pub const LINKS: ConsoleLinks = ConsoleLinks { staff_invitation: INVITATION };

/// Returns the address of a person's page.
#[must_use]
pub(super) fn person(code: &str) -> String {
    PERSON.replace("{code}", &utf8_percent_encode(code, NON_ALPHANUMERIC).to_string())
}
