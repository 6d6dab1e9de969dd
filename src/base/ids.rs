//! Typed ids, so that a member can't be looked up by a household's id.
//!
//! All are UUIDv7: they sort by creation, which keeps indexes append-mostly.

use std::any::type_name;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef, Postgres};
use uuid::Uuid;

use super::clock::Clock;
use super::realm::Subscribers;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
        #[sqlx(transparent)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Makes a new id, stamped with the clock's time.
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
    /// One request. Logs and the error page name it.
    RequestId,
    /// A mail on its way out.
    MailId,
    /// A job: work that outlasts a request.
    JobId,
    /// One worker's hold on a job.
    HoldId,
    /// A strange act of staff, for others to look at.
    AlertId,
    /// A part of the trail that a staff member may take away.
    ExportId,
    /// A line of the audit trail.
    EventId,
    /// One file that an importer has read.
    BatchId,
    /// One publication of a month of records.
    NoticeId,
    /// One version of the terms of use.
    TermsId,
    /// An authenticator app or a passkey.
    DeviceId,
    /// A letter with first credentials.
    LetterId,
    /// One issue of letters: those that one command asked for.
    IssueId,
    /// A maintenance window of the platform.
    WindowId,
    /// A request that waits for a second pair of eyes.
    ApprovalId,
    /// One check of who is calling.
    CallerCheckId,
}

/// Ids that belong to a realm. They look the same in the database and on the wire; only the compiler tells them apart.
macro_rules! realm_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        pub struct $name<R = Subscribers>(pub Uuid, PhantomData<fn() -> R>);

        impl<R> $name<R> {
            /// Makes a new id, stamped with the clock's time.
            #[must_use]
            pub fn new(clock: &Clock) -> Self {
                Self::from_uuid(uuid_v7(clock))
            }

            /// Wraps an id that was read from the database or the wire.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id, PhantomData)
            }
        }

        // Derived impls would put the same bounds on the realm, so these are written out.
        impl<R> Clone for $name<R> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<R> Copy for $name<R> {}

        impl<R> PartialEq for $name<R> {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        impl<R> Eq for $name<R> {}

        impl<R> Hash for $name<R> {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.hash(state);
            }
        }

        impl<R> fmt::Debug for $name<R> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let realm = type_name::<R>().rsplit("::").next().unwrap_or_default();
                write!(f, "{}<{realm}>({})", stringify!($name), self.0)
            }
        }

        impl<R> fmt::Display for $name<R> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<R> Serialize for $name<R> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de, R> Deserialize<'de> for $name<R> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Uuid::deserialize(deserializer).map(Self::from_uuid)
            }
        }

        impl<R> sqlx::Type<Postgres> for $name<R> {
            fn type_info() -> PgTypeInfo {
                <Uuid as sqlx::Type<Postgres>>::type_info()
            }
        }

        impl<R> PgHasArrayType for $name<R> {
            fn array_type_info() -> PgTypeInfo {
                <Uuid as PgHasArrayType>::array_type_info()
            }
        }

        impl<R> sqlx::Encode<'_, Postgres> for $name<R> {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                sqlx::Encode::<Postgres>::encode_by_ref(&self.0, buffer)
            }
        }

        impl<'r, R> sqlx::Decode<'r, Postgres> for $name<R> {
            fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                <Uuid as sqlx::Decode<Postgres>>::decode(value).map(Self::from_uuid)
            }
        }
    )*};
}

realm_id! {
    /// A person's login in one realm. A person has at most one in each realm.
    LoginId,
    /// One browser's sign-in, from the right password to the sign-out.
    SessionId,
}

impl RequestId {
    /// Returns the number that an error page shows and the log prints beside the id. It is short
    /// enough to be read over the telephone, and has no 0, O, 1 or I, which look or sound alike. It
    /// is made of the id's last 40 bits, which are random.
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
