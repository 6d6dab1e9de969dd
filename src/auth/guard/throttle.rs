//! Limits on tries: token buckets in the database, so that all servers together keep them. Each realm has its own.
//!
//! They come before a person's own count (L2), so that a stranger can't lock a whole union out cheaply. A try that was
//! right gives its tokens back: an office behind one address signs in unhindered. A bucket that a whole union shares is
//! asked for some tokens at a time ([`leases`](crate::auth::guard::leases)).
//!
//! A bucket is one time, `full_at`: when it is full again if nobody takes anything (the generic cell rate algorithm).
//! A token moves it later by the time that one takes to come back, and is refused if that would be later than an empty
//! bucket needs. So taking is one statement that needs to read nothing before. Times are numbers of microseconds, since
//! Citus refuses an update that adds to a `timestamptz` column: that operator is not immutable.

use sha2::{Digest as _, Sha256};

use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::Realm;
use crate::db::actor::{Actor, Client};
use crate::db::{Db, TenantTx};

/// A kind of bucket: it holds `burst` tokens, and `an_hour` come back in an hour.
#[derive(Debug, Clone, Copy)]
pub(in crate::auth) struct Bucket {
    name: &'static str,
    burst: i64,
    an_hour: i64,
}

/// Wrong sign-ins from one address: at this pace, locking a hundred people out takes two hours.
pub(in crate::auth) const SIGN_IN_ADDRESS: Bucket =
    Bucket { name: "sign_in.address", burst: 100, an_hour: 600 };
/// The same from one IPv6 /48, which holds as many places as somebody wants.
pub(in crate::auth) const SIGN_IN_NETWORK: Bucket =
    Bucket { name: "sign_in.network", burst: 500, an_hour: 1_200 };
/// Right sign-ins of one person, who may be several at home; a program may know a password, too.
pub(in crate::auth) const SIGN_IN_PERSON: Bucket =
    Bucket { name: "sign_in.person", burst: 20, an_hour: 60 };
/// A try at a login without a count takes a token here, so that it costs the same time.
pub(in crate::auth) const SIGN_IN_NOBODY: Bucket =
    Bucket { name: "sign_in.nobody", burst: 1_000_000, an_hour: 1_000_000 };
/// Mailed codes to one person, over all sign-ins.
pub(in crate::auth) const EMAIL_CODE_PERSON: Bucket =
    Bucket { name: "email_code.person", burst: 10, an_hour: 30 };
/// Lines on the trail of right second factors of one person that came again.
pub(in crate::auth) const REPLAY_PERSON: Bucket =
    Bucket { name: "replay.person", burst: 20, an_hour: 60 };
/// Questions whether a user ID or an address is free, by one person who is signed in.
pub(in crate::auth) const FREE_PERSON: Bucket =
    Bucket { name: "free.person", burst: 20, an_hour: 60 };
/// Lines on the trail of what belongs to nobody here, from one address and at one union.
pub(in crate::auth) const FOREIGN_ADDRESS: Bucket =
    Bucket { name: "foreign.address", burst: 10, an_hour: 60 };
pub(in crate::auth) const FOREIGN_UNION: Bucket =
    Bucket { name: "foreign.union", burst: 100, an_hour: 600 };
/// Wrong sign-ins at one union from browsers that are nobody's yet; known ones stay unhindered.
pub(in crate::auth) const SIGN_IN_UNION: Bucket =
    Bucket { name: "sign_in.union", burst: 2_000, an_hour: 7_200 };
/// Mails of 「…を忘れた方はこちら」 asked for from one address.
pub(in crate::auth) const RECOVERY_ADDRESS: Bucket =
    Bucket { name: "recovery.address", burst: 20, an_hour: 60 };
/// Such mails to one person.
pub(in crate::auth) const RECOVERY_PERSON: Bucket =
    Bucket { name: "recovery.person", burst: 3, an_hour: 6 };

/// Searches for people by one member of staff: sixty a minute serve every telephone call, and harvest little.
pub(in crate::auth) const SEARCH_STAFF: Bucket =
    Bucket { name: "search.staff", burst: 60, an_hour: 3_600 };

/// In microseconds.
const HOUR: i64 = 3_600_000_000;

impl Bucket {
    /// Takes a token of `key`'s. Returns false if there is none left.
    pub(in crate::auth) async fn take_one<R: Realm>(
        self,
        tx: &mut TenantTx,
        clock: &Clock,
        key: &str,
    ) -> Result<bool, sqlx::Error> {
        self.take::<R>(tx, clock, key, 1).await
    }

    /// Takes tokens of `key`'s. Returns false if there are not so many left; then it takes none.
    pub(in crate::auth) async fn take<R: Realm>(
        self,
        tx: &mut TenantTx,
        clock: &Clock,
        key: &str,
        tokens: i32,
    ) -> Result<bool, sqlx::Error> {
        let taken = sqlx::query!(
            "insert into throttles as t (tenant_id, realm, bucket, key_hash, full_at)
             values ($1, $2, $3, $4, $5::bigint + $6::bigint)
             on conflict (tenant_id, realm, bucket, key_hash) do update
             set full_at = greatest(t.full_at, $5) + $6
             where greatest(t.full_at, $5) + $6 <= $5 + $7::bigint",
            tx.tenant() as TenantId,
            R::NAME,
            self.name,
            self.hash(key),
            clock.now().timestamp_micros(),
            self.refill() * i64::from(tokens),
            self.capacity()
        )
        .execute(tx.conn())
        .await?;
        Ok(taken.rows_affected() > 0)
    }

    /// [`Bucket::take`] in a transaction of its own, so that what comes of the try takes nothing back.
    pub(in crate::auth) async fn take_apart<R: Realm>(
        self,
        db: &Db,
        clock: &Clock,
        tenant: TenantId,
        key: &str,
        tokens: i32,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = db.tenant_unflushed(tenant, &Actor::system("throttle")).await?;
        let taken = self.take::<R>(&mut tx, clock, key, tokens).await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// Gives a token back.
    async fn give_back<R: Realm>(self, tx: &mut TenantTx, key: &str) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "update throttles set full_at = full_at - $5
             where tenant_id = $1 and realm = $2 and bucket = $3 and key_hash = $4",
            tx.tenant() as TenantId,
            R::NAME,
            self.name,
            self.hash(key),
            self.refill()
        )
        .execute(tx.conn())
        .await
        .map(drop)
    }

    pub(in crate::auth) const fn name(self) -> &'static str {
        self.name
    }

    /// The microseconds that a token takes to come back.
    pub(in crate::auth) const fn refill(self) -> i64 {
        HOUR / self.an_hour
    }

    /// The microseconds that an empty bucket takes to be full again.
    pub(in crate::auth) const fn capacity(self) -> i64 {
        self.refill() * self.burst
    }

    /// Returns the hash by which the database knows a key: addresses and user IDs are not stored there themselves.
    pub(in crate::auth) fn hash(self, key: &str) -> Vec<u8> {
        Sha256::digest(format!("{} {key}", self.name)).to_vec()
    }
}

/// The place that a sign-in comes from, where tries are counted: an address, and the network that one customer gets whole.
#[derive(Debug, Clone)]
pub(in crate::auth) struct ClientPlace {
    pub address: String,
    pub network: Option<String>,
}

impl ClientPlace {
    pub(in crate::auth) fn of(client: &Client) -> Self {
        Self { address: client.place(), network: client.network() }
    }

    /// Takes a token of each. Returns false if one has none left.
    pub(in crate::auth) async fn take<R: Realm>(
        &self,
        tx: &mut TenantTx,
        clock: &Clock,
    ) -> Result<bool, sqlx::Error> {
        if !SIGN_IN_ADDRESS.take_one::<R>(tx, clock, &self.address).await? {
            return Ok(false);
        }
        match &self.network {
            Some(network) => SIGN_IN_NETWORK.take_one::<R>(tx, clock, network).await,
            None => Ok(true),
        }
    }

    /// Gives them back: it was no wrong try after all. The address comes first, as where they are taken, so that no two
    /// transactions wait for each other in a circle.
    pub(in crate::auth) async fn give_back<R: Realm>(
        &self,
        tx: &mut TenantTx,
    ) -> Result<(), sqlx::Error> {
        SIGN_IN_ADDRESS.give_back::<R>(tx, &self.address).await?;
        match &self.network {
            Some(network) => SIGN_IN_NETWORK.give_back::<R>(tx, network).await,
            None => Ok(()),
        }
    }
}

/// The key of a person, whose own browsers don't share what strangers take who know the password.
pub(in crate::auth) fn person<R>(login: LoginId<R>, known_browser: bool) -> String {
    format!("{login} {known_browser}")
}
