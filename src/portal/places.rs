//! The portal's own addresses, beside those that both doors have. Routes take their addresses only from these lists
//! (`tests/house/` checks that), so a new route has to say whether a person may be led back to it.

use crate::account::places;
pub(super) use crate::account::places::{ONWARD, SIGN_IN, TOP};
use crate::auth::journey::Step;
use crate::mail::message::PortalLinks;
use crate::tenant::policy::ServiceKind;

places::places! {
    Way POLICIES "/policies";
    Way TERMS "/terms";
    Way CONFIRM_EMAIL "/confirm-email";

    Way SIGN_IN_WITH_PASSKEY "/sign-in/with-passkey";
    Way NEW_PASSWORD "/sign-in/new-password";

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
    Way NOT_ME "/not-me";

    Page PROFILE "/profile";
    Page WHO_LOOKED "/who-looked";
    Page PROFILE_EMAIL "/profile/email";
    Page PROFILE_EMAIL_SENT "/profile/email/sent";
    Page PROFILE_EMAIL_RESEND "/profile/email/resend";
    Part PROFILE_EMAIL_STATUS "/profile/email/status";
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
    not_me: NOT_ME,
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
        Step::PasskeySetUp
        | Step::TotpSetUp
        | Step::Passkey
        | Step::Totp
        | Step::EmailCode
        | Step::Complete => match places::of_step(step) {
            Some(page) => page,
            None => TOP,
        },
    }
}
