//! The console's own addresses, beside those that both doors have.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::account::places;
pub(super) use crate::account::places::{SIGN_OUT, TOP};
use crate::mail::message::ConsoleLinks;

places::places! {
    // An invited person sets up their login here (A1).
    Way INVITATION "/invitation";

    Page APPROVALS "/approvals";
    Page APPROVAL "/approvals/{id}";
    Page APPROVAL_WITHDRAW "/approvals/{id}/withdraw";

    Page STAFF "/staff";
    Page STAFF_INVITE "/staff/invite";
    Page STAFF_REVIEW "/staff/review";
    Page STAFF_MEMBER "/staff/{id}";
    Page STAFF_RIGHTS "/staff/{id}/rights";
    Page STAFF_SUSPEND "/staff/{id}/suspend";
    Page STAFF_REINVITE "/staff/{id}/reinvite";
    Page STAFF_RESEND "/staff/{id}/resend";

    Page TERMS_LIST "/terms";
    Page TERMS_DRAFT_NEW "/terms/new";
    Page TERMS_VERSION "/terms/{id}";
    Page TERMS_DRAFT "/terms/drafts/{id}";
    Page TERMS_DRAFT_EDIT "/terms/drafts/{id}/edit";

    Page POLICY "/policy";
    Page POLICY_VERSION "/policy/versions/{id}";

    Page REPORTS "/reports";
    File REPORTS_FILE "/reports.csv";

    // The trail (A8), and what the worker found strange in it.
    Page TRAIL "/trail";
    File TRAIL_FILE "/trail.csv";
    Page TRAIL_EXPORT "/trail/export";
    Page TRAIL_EXPORT_TAKE "/trail/exports/{id}";
    Page TRAIL_ALERTS "/trail/alerts";
    Page TRAIL_ALERT_SEEN "/trail/alerts/{id}/seen";
    // A list of work, by its kind.
    Page WORK "/work/{kind}";
    Page METHODS_METHOD "/sign-in-methods/method";
    Page SEARCH "/search";
    // A person, by the union's own code of them (A3).
    Page PERSON "/people/{code}";
    // Shows the medical data that the person sees.
    Page MEDICAL "/people/{code}/medical";
    Page CALLER "/people/{code}/caller";
    Page UNLOCK "/people/{code}/unlock";
    Page RESET "/people/{code}/reset";
    Page CORRECT_USER_ID "/people/{code}/user-id";
    Page MAIL "/people/{code}/mail/{id}";
    Page LETTER "/people/{code}/letter";
    Page LETTER_RETURNED "/people/{code}/letter-returned";
    Page END_SESSIONS "/people/{code}/sessions";
    Page HOLD "/people/{code}/hold";
    Page RELEASE "/people/{code}/release";
}

/// The addresses that mails link to.
pub const LINKS: ConsoleLinks = ConsoleLinks { staff_invitation: INVITATION };

/// Returns the address of a person's page.
#[must_use]
pub(super) fn person(code: &str) -> String {
    of_person(PERSON, code)
}

/// Returns an address below a person's page.
#[must_use]
pub(super) fn of_person(place: &str, code: &str) -> String {
    place.replace("{code}", &utf8_percent_encode(code, NON_ALPHANUMERIC).to_string())
}
