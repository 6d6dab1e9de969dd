//! The console's own addresses, beside those that both doors have.

use crate::account::places;
pub(super) use crate::account::places::{SIGN_OUT, TOP};
use crate::mail::message::ConsoleLinks;

places::places! {
    // An invited person sets up their login here (A1).
    Way INVITATION "/invitation";

    Page METHODS_METHOD "/sign-in-methods/method";
}

/// The addresses that mails link to.
pub const LINKS: ConsoleLinks = ConsoleLinks { staff_invitation: INVITATION };
