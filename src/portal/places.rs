//! Every address of the portal, and what it is. Routes take their addresses only from here
//! (`tests/house/` checks that), so a new route has to say whether a person may be led back to it.

use crate::auth::journey::Step;
use crate::mail::message::PortalLinks;
use crate::tenant::policy::ServiceKind;

/// The kind of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlaceKind {
    /// A page behind the sign-in. A person who has to prove something first is led back to it.
    Page,
    /// A page of signing in or out, or one for everybody.
    Way,
    /// A download. Leading a person to it would leave them on the page where they are.
    File,
    /// Something that a page fetches by itself, or that only takes a form.
    Part,
}

macro_rules! places {
    ($($found:ident $name:ident $path:literal;)*) => {
        $(pub(super) const $name: &str = $path;)*

        const ALL: &[(&str, PlaceKind)] = &[$(($path, PlaceKind::$found)),*];
    };
}

places! {
    Way TOP "/";
    Way POLICIES "/policies";
    Way TERMS "/terms";
    Way CONFIRM_EMAIL "/confirm-email";

    Way SIGN_IN "/sign-in";
    Way SIGN_IN_WITH_PASSKEY "/sign-in/with-passkey";
    Way ONWARD "/sign-in/continue";
    Way NEW_PASSWORD "/sign-in/new-password";
    Way SIGN_OUT "/sign-out";

    Way METHOD "/sign-in/method";
    Way EMAIL_CODE "/sign-in/code";
    Way EMAIL_CODE_RESEND "/sign-in/code/resend";
    Way TOTP "/sign-in/totp";
    Way TOTP_SET_UP "/sign-in/totp/set-up";
    Part TOTP_QR "/sign-in/totp/qr.png";
    Way PASSKEY "/sign-in/passkey";
    Way PASSKEY_SET_UP "/sign-in/passkey/set-up";
    Way RECOVERY_CODE "/sign-in/recovery-code";

    Way BIRTHDATE "/first-sign-in/birthdate";
    Way EMAIL "/first-sign-in/email";
    Way EMAIL_SENT "/first-sign-in/email/sent";
    Way EMAIL_RESEND "/first-sign-in/email/resend";
    Part EMAIL_STATUS "/first-sign-in/email/status";
    Way USER_ID "/first-sign-in/user-id";
    Way DONE "/first-sign-in/done";
    Way AGAIN "/first-sign-in/again";
    Way IDENTITY "/first-sign-in/identity";
    Way DETAILS "/first-sign-in/details";
    Way CONFIRMATION "/first-sign-in/confirmation";
    Way REGISTERED "/first-sign-in/registered";

    Way FORGOTTEN_PASSWORD "/forgotten-password";
    Way FORGOTTEN_USER_ID "/forgotten-user-id";
    Way RESET_PASSWORD "/reset-password";

    Way AGAIN_PASSWORD "/reauthenticate";
    Way AGAIN_EMAIL_CODE "/reauthenticate/code";
    Way AGAIN_EMAIL_CODE_RESEND "/reauthenticate/code/resend";
    Way AGAIN_TOTP "/reauthenticate/totp";
    Way AGAIN_PASSKEY "/reauthenticate/passkey";
    Way AGAIN_RECOVERY_CODE "/reauthenticate/recovery-code";

    Page PROFILE "/profile";
    Page PROFILE_EMAIL "/profile/email";
    Page PROFILE_EMAIL_SENT "/profile/email/sent";
    Page PROFILE_EMAIL_RESEND "/profile/email/resend";
    Part PROFILE_EMAIL_STATUS "/profile/email/status";
    Page SESSIONS "/sessions";
    Page SESSION_END "/sessions/{id}/end";
    Page OTHER_SESSIONS_END "/sessions/others/end";
    Page METHODS "/sign-in-methods";
    Page METHODS_PASSWORD "/sign-in-methods/password";
    Page METHODS_RECOVERY_CODES "/sign-in-methods/recovery-codes";
    Page METHODS_TOTP "/sign-in-methods/totp";
    Part METHODS_TOTP_QR "/sign-in-methods/totp/qr.png";
    Page METHODS_TOTP_DELETE "/sign-in-methods/totp/{id}/delete";
    Page METHODS_PASSKEYS "/sign-in-methods/passkeys";
    Page METHODS_PASSKEY_DELETE "/sign-in-methods/passkeys/{id}/delete";
    Part PASSKEY_OFFER "/passkey-offer";
    // Password managers send people here (W3C, "A Well-Known URL for Changing Passwords").
    Part CHANGE_PASSWORD "/.well-known/change-password";

    Page EXPENSES "/expenses";
    Page EXPENSES_HISTORY "/expenses/history";
    Page EXPENSES_SEARCH "/expenses/search";
    File EXPENSES_SEARCH_PDF "/expenses/search/pdf";
    Page EXPENSES_MONTH "/expenses/months/{month}";
    File EXPENSES_MONTH_PDF "/expenses/months/{month}/pdf";
    Page EXPENSES_YEAR "/expenses/years/{year}";
    File EXPENSES_YEAR_PDF "/expenses/years/{year}/pdf";
    Page EXPENSES_GRAPH "/expenses/graph";
    Page EXPENSES_DEDUCTION "/expenses/deduction";
    Page EXPENSES_DEDUCTION_FORMAT "/expenses/deduction/{format}";
    File EXPENSES_DEDUCTION_FILE "/expenses/deduction/{format}/{year}";
    Page EXPENSES_SETTINGS "/expenses/settings";
}

/// The pages that mails link to.
pub const LINKS: PortalLinks = PortalLinks {
    email_confirmation: CONFIRM_EMAIL,
    password_reset: RESET_PASSWORD,
    expenses: EXPENSES,
};

/// Returns a service's first page, or `None` if it has no pages yet.
#[must_use]
pub const fn of_service(kind: ServiceKind) -> Option<&'static str> {
    match kind {
        ServiceKind::Expenses => Some(EXPENSES),
        ServiceKind::Benefits
        | ServiceKind::Medicines
        | ServiceKind::Checkups
        | ServiceKind::EligibilityNotice
        | ServiceKind::EligibilityCertificate
        | ServiceKind::Applications => None,
    }
}

/// Returns the page of a step.
pub(super) const fn of_step(step: Step) -> &'static str {
    match step {
        Step::Birthdate => BIRTHDATE,
        Step::Terms => TERMS,
        Step::Address => EMAIL,
        Step::AddressConfirmation => EMAIL_SENT,
        Step::UserId => USER_ID,
        Step::OwnPassword | Step::NewPassword => NEW_PASSWORD,
        Step::Identity => IDENTITY,
        Step::Details => DETAILS,
        Step::SignOut => DONE,
        Step::PasskeySetUp => PASSKEY_SET_UP,
        Step::TotpSetUp => TOTP_SET_UP,
        Step::Passkey => PASSKEY,
        Step::Totp => TOTP,
        Step::EmailCode => EMAIL_CODE,
        Step::Complete => TOP,
    }
}

/// Returns true if the path, as a browser or a form gives it, is a page behind the sign-in.
pub(super) fn is_page(path: &str) -> bool {
    // Like the router, prefers an address without a variable to one with.
    let exact = ALL.iter().find(|(place, _)| *place == path && !place.contains('{'));
    let found = exact.or_else(|| ALL.iter().find(|(place, _)| matches(place, path)));
    found.is_some_and(|(_, found)| *found == PlaceKind::Page)
}

/// Compares a path with an address. A variable matches one plain segment only, which every browser
/// reads alike.
fn matches(place: &str, path: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let (mut wanted, mut given) = (place.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(part)) if wanted.starts_with('{') && plain(part) => {}
            (Some(wanted), Some(part)) if wanted == part && !wanted.starts_with('{') => {}
            _ => return false,
        }
    }
}

/// Returns an address with its one variable filled in.
pub(super) fn with(place: &str, variable: impl std::fmt::Display) -> String {
    match (place.find('{'), place.find('}')) {
        (Some(from), Some(to)) => format!("{}{variable}{}", &place[..from], &place[to + 1..]),
        _ => place.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_as_the_router_finds_it() {
        for page in [PROFILE, "/expenses/months/2025-03", "/sessions/x-1/end", OTHER_SESSIONS_END] {
            assert!(is_page(page), "{page}");
        }
        for other in [TOP, "/expenses/search/pdf", METHODS_TOTP_QR, "/expenses/months/{month}", ""]
        {
            assert!(!is_page(other), "{other}");
        }
        assert_eq!(with(SESSION_END, 7), "/sessions/7/end");
        let mut places: Vec<&str> = ALL.iter().map(|(place, _)| *place).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), ALL.len(), "each once");
    }
}
