//! Limits on tries: token buckets in the database, so that all servers together keep them. Each realm has its own.
//!
//! They come before a person's own count (L2), so that a stranger can't lock a whole union out cheaply. A try that was
//! right gives its tokens back: an office behind one address signs in unhindered. A bucket that a whole union shares is
//! asked for some tokens at a time ([`leases`](crate::auth::guard::leases)).
//!
//! A bucket is one time, `full_at`: when it is full again if nobody takes anything (the generic cell rate algorithm).
//! A token moves it later by the time that one takes to come back, and is refused if that would be later than an empty
//! bucket needs. So taking is one statement that needs to read nothing before.

use chrono::TimeDelta;
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
    burst: i32,
    an_hour: i32,
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

const HOUR: TimeDelta = TimeDelta::hours(1);

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
             values ($1, $2, $3, $4, $5::timestamptz + $6::interval)
             on conflict (tenant_id, realm, bucket, key_hash) do update
             set full_at = greatest(t.full_at, $5) + $6
             where greatest(t.full_at, $5) + $6 <= $5 + $7::interval",
            tx.tenant() as TenantId,
            R::NAME,
            self.name,
            self.hash(key),
            clock.now(),
            (self.refill() * tokens) as TimeDelta,
            self.capacity() as TimeDelta
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

    pub(in crate::auth) const fn name(self) -> &'static str {
        self.name
    }

    /// How long a token takes to come back.
    pub(in crate::auth) fn refill(self) -> TimeDelta {
        HOUR / self.an_hour
    }

    /// How long an empty bucket takes to be full again.
    pub(in crate::auth) fn capacity(self) -> TimeDelta {
        self.refill() * self.burst
    }

    /// What the database knows a key by: addresses and user IDs do not stand there themselves.
    pub(in crate::auth) fn hash(self, key: &str) -> Vec<u8> {
        Sha256::digest(format!("{} {key}", self.name)).to_vec()
    }
}

/// Where a sign-in comes from, whose tries are counted: an address, and a network that anybody gets whole.
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

    /// Gives them back: it was no wrong try after all.
    pub(in crate::auth) async fn give_back<R: Realm>(
        &self,
        tx: &mut TenantTx,
    ) -> Result<(), sqlx::Error> {
        let Taken { buckets, keys, refills } = self.taken();
        sqlx::query!(
            "update throttles t set full_at = t.full_at - taken.refill
             from unnest($3::text[], $4::bytea[], $5::interval[]) as taken (bucket, key_hash, refill)
             where t.tenant_id = $1 and t.realm = $2 and t.bucket = taken.bucket
               and t.key_hash = taken.key_hash",
            tx.tenant() as TenantId,
            R::NAME,
            &buckets as &[&str],
            &keys,
            &refills as &[TimeDelta]
        )
        .execute(tx.conn())
        .await
        .map(drop)
    }

    /// What a try takes, as a statement gives it back.
    pub(in crate::auth) fn taken(&self) -> Taken {
        let mut taken = Taken::default();
        taken.add(SIGN_IN_ADDRESS, &self.address);
        if let Some(network) = &self.network {
            taken.add(SIGN_IN_NETWORK, network);
        }
        taken
    }
}

/// Tokens that were taken: of which buckets, by the hashes of their keys, and how long each takes to come back by itself.
#[derive(Debug, Default)]
pub(in crate::auth) struct Taken {
    pub buckets: Vec<&'static str>,
    pub keys: Vec<Vec<u8>>,
    pub refills: Vec<TimeDelta>,
}

impl Taken {
    fn add(&mut self, bucket: Bucket, key: &str) {
        self.buckets.push(bucket.name);
        self.keys.push(bucket.hash(key));
        self.refills.push(bucket.refill());
    }
}

/// The key of a person, whose own browsers don't share what strangers take who know the password.
pub(in crate::auth) fn person<R>(login: LoginId<R>, known_browser: bool) -> String {
    format!("{login} {known_browser}")
}
