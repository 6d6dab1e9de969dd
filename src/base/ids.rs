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
    LoginId,
    /// One browser's sign-in, from the right password to the sign-out.
    SessionId,
    /// One request, as it is named in the logs and on the error page.
    RequestId,
    /// A mail on its way out.
    MailId,
    /// Work that outlasts a request.
    JobId,
    /// One worker's hold on a job.
    HoldId,
    /// A line of the trail.
    EventId,
    /// One file taken in by an importer.
    BatchId,
    /// One publication of a month of records.
    NoticeId,
    /// One version of the terms of use.
    TermsId,
    /// An authenticator app or a passkey.
    DeviceId,
    /// A time in which the platform rests.
    WindowId,
}

impl RequestId {
    /// The number that an error page shows and the log names beside the id: short enough to be read
    /// over the telephone, and without 0, O, 1 and I, which look or sound alike. It is the id's last
    /// 40 bits, which are random.
    #[must_use]
    pub fn number(self) -> String {
        const SIGNS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
        let sign = |place: u32| SIGNS[(self.0.as_u128() >> (5 * place)) as usize % SIGNS.len()];
        (0..8).rev().map(|place| char::from(sign(place))).collect()
    }
}

fn uuid_v7(clock: &Clock) -> Uuid {
    let now = clock.now();
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    let timestamp =
        uuid::Timestamp::from_unix(uuid::NoContext, seconds, now.timestamp_subsec_nanos());
    Uuid::new_v7(timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_number_can_be_read_over_the_telephone() {
        let numbers: std::collections::HashSet<String> =
            (0..1000).map(|_| RequestId::new(&Clock::System).number()).collect();
        assert_eq!(numbers.len(), 1000);
        for number in numbers {
            assert_eq!(number.len(), 8);
            assert!(!number.contains(['0', 'O', '1', 'I']), "{number}");
        }
        let lowest = RequestId(Uuid::from_u128(0b11111_00000_00001));
        assert_eq!(lowest.number(), "22222Z23");
    }
}
