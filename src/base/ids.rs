//! Typed ids, so that a member can't be looked up by a household's id.
//!
//! All are UUIDv7: they sort by creation, which keeps indexes append-mostly.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::clock::Clock;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
        #[sqlx(transparent)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, stamped with the clock's time.
            #[must_use]
            pub fn new(clock: &Clock) -> Self {
                Self(uuid_v7(clock))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

id! {
    /// A health insurance union.
    TenantId,
    /// A subscriber's right to sign in; at most one a member.
    AccountId,
    /// One browser's sign-in, from the right password to the sign-out.
    SessionId,
    /// One request, as it is named in the logs and on the error page.
    RequestId,
    /// A mail on its way out.
    MailId,
    /// A line of the trail.
    EventId,
    /// One file taken in by an importer.
    BatchId,
    /// One version of the terms of use.
    TermsId,
    /// An authenticator app or a passkey.
    DeviceId,
    /// A time in which the platform rests.
    WindowId,
}

fn uuid_v7(clock: &Clock) -> Uuid {
    let now = clock.now();
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    let timestamp =
        uuid::Timestamp::from_unix(uuid::NoContext, seconds, now.timestamp_subsec_nanos());
    Uuid::new_v7(timestamp)
}
