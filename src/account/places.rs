//! The addresses that both web doors have, and the kinds of addresses. A door adds its own, and answers for both
//! ([`AtDoor`](super::AtDoor)).

use crate::auth::journey::Step;

/// The kind of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceKind {
    /// A page behind the sign-in. A person who has to prove something first is led back to it.
    Page,
    /// A page of signing in or out, or one for everybody.
    Way,
    /// A download. Leading a person to it would leave them on the page where they are.
    File,
    /// Something that a page fetches by itself, or that only takes a form.
    Part,
}

/// An address and its kind.
pub(crate) type Place = (&'static str, PlaceKind);

macro_rules! places {
    ($($found:ident $name:ident $path:literal;)*) => {
        $(pub(crate) const $name: &str = $path;)*

        pub(crate) const ALL: &[$crate::account::places::Place] =
            &[$(($path, $crate::account::places::PlaceKind::$found)),*];
    };
}
pub(crate) use places;

places! {
    Way TOP "/";
    Way SIGN_IN "/sign-in";
    Way ONWARD "/sign-in/continue";
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
    Way AGAIN_PASSWORD "/reauthenticate";
    Way AGAIN_EMAIL_CODE "/reauthenticate/code";
    Way AGAIN_EMAIL_CODE_RESEND "/reauthenticate/code/resend";
    Way AGAIN_TOTP "/reauthenticate/totp";
    Way AGAIN_PASSKEY "/reauthenticate/passkey";
    Way AGAIN_RECOVERY_CODE "/reauthenticate/recovery-code";
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
}

/// Returns the page of a step that both doors have, or `None` for one of the first sign-in.
pub(crate) const fn of_step(step: Step) -> Option<&'static str> {
    Some(match step {
        Step::PasskeySetUp => PASSKEY_SET_UP,
        Step::TotpSetUp => TOTP_SET_UP,
        Step::Passkey => PASSKEY,
        Step::Totp => TOTP,
        Step::EmailCode => EMAIL_CODE,
        Step::Complete => TOP,
        Step::Birthdate
        | Step::Terms
        | Step::Address
        | Step::AddressConfirmation
        | Step::UserId
        | Step::OwnPassword
        | Step::NewPassword
        | Step::Identity
        | Step::Details
        | Step::SignOut => return None,
    })
}

/// Returns true if the path, as a browser or a form gives it, is a page behind the sign-in of a door that has the
/// addresses `own` besides these.
pub(crate) fn is_page(own: &[Place], path: &str) -> bool {
    let all = || ALL.iter().chain(own);
    // Like the router, prefers an address without a variable to one with.
    let exact = all().find(|(place, _)| *place == path && !place.contains('{'));
    let found = exact.or_else(|| all().find(|(place, _)| matches(place, path)));
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
pub(crate) fn with(place: &str, variable: impl std::fmt::Display) -> String {
    match (place.find('{'), place.find('}')) {
        (Some(from), Some(to)) => format!("{}{variable}{}", &place[..from], &place[to + 1..]),
        _ => place.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::at_door::AtDoor as _;
    use crate::base::realm::{Staff, Subscribers};

    #[test]
    fn a_place_is_found_as_the_router_finds_it() {
        for page in
            ["/profile", "/expenses/months/2025-03", "/sessions/x-1/end", OTHER_SESSIONS_END]
        {
            assert!(Subscribers::is_page(page), "{page}");
        }
        for other in [TOP, "/expenses/search/pdf", METHODS_TOTP_QR, "/expenses/months/{month}", ""]
        {
            assert!(!Subscribers::is_page(other), "{other}");
        }
        assert!(Staff::is_page(METHODS) && !Staff::is_page("/profile"));
        assert_eq!(with(SESSION_END, 7), "/sessions/7/end");
    }

    #[test]
    fn no_door_has_an_address_twice() {
        for own in [crate::portal::places::ALL, crate::console::places::ALL] {
            let mut places: Vec<&str> = ALL.iter().chain(own).map(|(place, _)| *place).collect();
            let count = places.len();
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), count);
        }
    }
}
