//! Limits on tries: token buckets in the database, so that all servers together keep them; each realm has its own.
//!
//! They come before a person's own count (L2), so that a stranger can't lock a whole union out
//! cheaply. A try that was right gives its tokens back: an office behind one address signs in
//! unhindered. A bucket that a whole union shares is asked for some tokens at a time ([`leases`](crate::auth::guard::leases)).

use sha2::{Digest as _, Sha256};

use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::Realm;
use crate::db::actor::{Actor, Client};
use crate::db::{Db, TenantTx};

/// So many tries at once, and so many an hour from then on.
#[derive(Debug, Clone, Copy)]
pub(in crate::auth) struct Bucket {
    name: &'static str,
    burst: f64,
    an_hour: f64,
}

/// Wrong sign-ins from one address: at this pace, locking a hundred people out takes two hours.
pub(in crate::auth) const SIGN_IN_ADDRESS: Bucket =
    Bucket { name: "sign_in.address", burst: 100.0, an_hour: 600.0 };
/// The same from one IPv6 /48, which holds as many places as somebody wants.
pub(in crate::auth) const SIGN_IN_NETWORK: Bucket =
    Bucket { name: "sign_in.network", burst: 500.0, an_hour: 1_200.0 };
/// Right sign-ins of one person, who may be several at home; a program may know a password, too.
pub(in crate::auth) const SIGN_IN_PERSON: Bucket =
    Bucket { name: "sign_in.person", burst: 20.0, an_hour: 60.0 };
/// A try at a login without a count takes a token here, so that it costs the same time.
pub(in crate::auth) const SIGN_IN_NOBODY: Bucket =
    Bucket { name: "sign_in.nobody", burst: 1_000_000.0, an_hour: 1_000_000.0 };
/// Mailed codes to one person, over all sign-ins.
pub(in crate::auth) const EMAIL_CODE_PERSON: Bucket =
    Bucket { name: "email_code.person", burst: 10.0, an_hour: 30.0 };
/// Lines on the trail of right second factors of one person that came again.
pub(in crate::auth) const REPLAY_PERSON: Bucket =
    Bucket { name: "replay.person", burst: 20.0, an_hour: 60.0 };
/// Questions whether a user ID or an address is free, by one person who is signed in.
pub(in crate::auth) const FREE_PERSON: Bucket =
    Bucket { name: "free.person", burst: 20.0, an_hour: 60.0 };
/// Lines on the trail of what belongs to nobody here, from one address and at one union.
pub(in crate::auth) const FOREIGN_ADDRESS: Bucket =
    Bucket { name: "foreign.address", burst: 10.0, an_hour: 60.0 };
pub(in crate::auth) const FOREIGN_UNION: Bucket =
    Bucket { name: "foreign.union", burst: 100.0, an_hour: 600.0 };
/// Wrong sign-ins at one union from browsers that are nobody's yet; known ones stay unhindered.
pub(in crate::auth) const SIGN_IN_UNION: Bucket =
    Bucket { name: "sign_in.union", burst: 2_000.0, an_hour: 7_200.0 };
/// Mails of 「…を忘れた方はこちら」 asked for from one address.
pub(in crate::auth) const RECOVERY_ADDRESS: Bucket =
    Bucket { name: "recovery.address", burst: 20.0, an_hour: 60.0 };
/// Such mails to one person.
pub(in crate::auth) const RECOVERY_PERSON: Bucket =
    Bucket { name: "recovery.person", burst: 3.0, an_hour: 6.0 };

impl Bucket {
    /// Takes a token of `key`'s; `false` where there is none left.
    pub(in crate::auth) async fn take_one<R: Realm>(
        self,
        tx: &mut TenantTx,
        clock: &Clock,
        key: &str,
    ) -> Result<bool, sqlx::Error> {
        Ok(self.take::<R>(tx, clock, key, 1).await? == 1)
    }

    /// Takes up to `most` tokens of `key`'s; how many there were.
    pub(in crate::auth) async fn take<R: Realm>(
        self,
        tx: &mut TenantTx,
        clock: &Clock,
        key: &str,
        most: i32,
    ) -> Result<i32, sqlx::Error> {
        sqlx::query_scalar!(
            r#"insert into throttles as t (tenant_id, realm, bucket, key_hash, tokens, taken, granted,
                                         updated_at)
               values ($1, $2, $3, $4, $5::double precision - least($8::integer, floor($5)),
                       true, least($8, floor($5))::integer, $7)
               on conflict (tenant_id, realm, bucket, key_hash) do update
               set (tokens, taken, granted, updated_at) = (
                   select full_again - least($8, floor(full_again)), full_again >= 1,
                          least($8, floor(full_again))::integer,
                          greatest(t.updated_at, $7)
                   from (select least($5, t.tokens + $6::double precision / 3600
                       * greatest(0, extract(epoch from $7 - t.updated_at)::double precision)))
                       as refilled (full_again))
               returning granted"#,
            tx.tenant() as TenantId,
            R::NAME,
            self.name,
            self.key(key),
            self.burst,
            self.an_hour,
            clock.now(),
            most
        )
        .fetch_one(tx.conn())
        .await
    }

    /// [`Bucket::take`] in a transaction of its own, so that what comes of the try takes nothing back.
    pub(in crate::auth) async fn take_apart<R: Realm>(
        self,
        db: &Db,
        clock: &Clock,
        tenant: TenantId,
        key: &str,
        most: i32,
    ) -> Result<i32, sqlx::Error> {
        let mut tx = db.tenant_unflushed(tenant, &Actor::system("throttle")).await?;
        let taken = self.take::<R>(&mut tx, clock, key, most).await?;
        tx.commit().await?;
        Ok(taken)
    }

    pub(in crate::auth) const fn name(self) -> &'static str {
        self.name
    }

    async fn give_back<R: Realm>(self, tx: &mut TenantTx, key: &str) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "update throttles set tokens = least($5, tokens + 1)
             where tenant_id = $1 and realm = $2 and bucket = $3 and key_hash = $4",
            tx.tenant() as TenantId,
            R::NAME,
            self.name,
            self.key(key),
            self.burst
        )
        .execute(tx.conn())
        .await
        .map(drop)
    }

    fn key(self, key: &str) -> Vec<u8> {
        Sha256::digest(format!("{} {key}", self.name)).to_vec()
    }
}

/// Tokens that were taken for a try.
#[derive(Debug, Default)]
pub(in crate::auth) struct Taken(Vec<(Bucket, String)>);

impl Taken {
    /// Gives them back: it was no wrong try after all.
    pub(in crate::auth) async fn give_back<R: Realm>(
        &self,
        tx: &mut TenantTx,
    ) -> Result<(), sqlx::Error> {
        for (bucket, key) in &self.0 {
            bucket.give_back::<R>(tx, key).await?;
        }
        Ok(())
    }
}

/// Takes a token of each, in this order; `None` where one has none left.
pub(in crate::auth) async fn take<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    wanted: Vec<(Bucket, String)>,
) -> Result<Option<Taken>, sqlx::Error> {
    for (bucket, key) in &wanted {
        if !bucket.take_one::<R>(tx, clock, key).await? {
            return Ok(None);
        }
    }
    Ok(Some(Taken(wanted)))
}

/// What a sign-in from a place takes: a network that anybody gets whole is counted as well.
pub(in crate::auth) fn places(client: &Client) -> Vec<(Bucket, String)> {
    let network = client.network().map(|network| (SIGN_IN_NETWORK, network));
    [(SIGN_IN_ADDRESS, client.place())].into_iter().chain(network).collect()
}

/// The key of a person, whose own browsers don't share what strangers take who know the password.
pub(in crate::auth) fn person<R>(login: LoginId<R>, known_browser: bool) -> String {
    format!("{login} {known_browser}")
}
