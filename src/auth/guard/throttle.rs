//! Limits on tries: token buckets in the database, so that all servers together keep them.
//!
//! They come before a person's own count (L2), so that a stranger can't lock a whole union out
//! cheaply. A try that was right gives its tokens back: an office behind one address signs in
//! unhindered. A bucket that a whole union shares is asked for some tokens at a time ([`leases`](crate::auth::guard::leases)).

use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
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
/// A try at an account without a count takes a token here, so that it costs the same time.
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
    pub(in crate::auth) async fn take_one(
        self,
        tx: &mut TenantTx,
        clock: &Clock,
        key: &str,
    ) -> Result<bool, sqlx::Error> {
        Ok(self.take(tx, clock, key, 1).await? == 1)
    }

    /// Takes up to `most` tokens of `key`'s; how many there were.
    pub(in crate::auth) async fn take(
        self,
        tx: &mut TenantTx,
        clock: &Clock,
        key: &str,
        most: i32,
    ) -> Result<i32, sqlx::Error> {
        sqlx::query_scalar!(
            r#"insert into throttles as t (bucket, key_hash, tokens, taken, granted, updated_at)
               values ($1, $2, $3::double precision - least($6::integer, floor($3)),
                       true, least($6, floor($3))::integer, $5)
               on conflict (tenant_id, bucket, key_hash) do update
               set (tokens, taken, granted, updated_at) = (
                   select full_again - least($6, floor(full_again)), full_again >= 1,
                          least($6, floor(full_again))::integer,
                          greatest(t.updated_at, $5)
                   from (select least($3, t.tokens + $4::double precision / 3600
                       * greatest(0, extract(epoch from $5 - t.updated_at)::double precision)))
                       as refilled (full_again))
               returning granted"#,
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
    pub(in crate::auth) async fn take_apart(
        self,
        db: &Db,
        clock: &Clock,
        tenant: TenantId,
        key: &str,
        most: i32,
    ) -> Result<i32, sqlx::Error> {
        let mut tx = db.tenant_unflushed(tenant, &Actor::system("throttle")).await?;
        let taken = self.take(&mut tx, clock, key, most).await?;
        tx.commit().await?;
        Ok(taken)
    }

    pub(in crate::auth) const fn name(self) -> &'static str {
        self.name
    }

    async fn give_back(self, tx: &mut TenantTx, key: &str) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "update throttles set tokens = least($3, tokens + 1)
             where bucket = $1 and key_hash = $2",
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
    pub(in crate::auth) async fn give_back(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        for (bucket, key) in &self.0 {
            bucket.give_back(tx, key).await?;
        }
        Ok(())
    }
}

/// Takes a token of each, in this order; `None` where one has none left.
pub(in crate::auth) async fn take(
    tx: &mut TenantTx,
    clock: &Clock,
    wanted: Vec<(Bucket, String)>,
) -> Result<Option<Taken>, sqlx::Error> {
    for (bucket, key) in &wanted {
        if !bucket.take_one(tx, clock, key).await? {
            return Ok(None);
        }
    }
    Ok(Some(Taken(wanted)))
}

/// What a sign-in from a place takes: a network that anybody gets whole is counted as well.
pub(in crate::auth) fn places(client: &Client) -> Vec<(Bucket, String)> {
    let mut places = vec![(SIGN_IN_ADDRESS, place(client))];
    if let Some(IpAddr::V6(address)) = client.address.map(|address| address.to_canonical()) {
        let [a, b, c, ..] = address.segments();
        places.push((SIGN_IN_NETWORK, format!("{a:x}:{b:x}:{c:x}::/48")));
    }
    places
}

/// The key of a person, whose own browsers don't share what strangers take who know the password.
pub(in crate::auth) fn person(account: LoginId, known_browser: bool) -> String {
    format!("{account} {known_browser}")
}

/// Where a client is, as far as one household or one machine may choose its address.
pub(in crate::auth) fn place(client: &Client) -> String {
    match client.address.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_has_one_place_however_many_addresses() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ] {
            let client = Client { address: Some(address.parse().unwrap()), user_agent: None };
            assert_eq!(place(&client), expected);
        }
        assert_eq!(place(&Client::default()), "unknown");
        let client = |address: &str| Client { address: address.parse().ok(), user_agent: None };
        assert_eq!(places(&client("192.0.2.7")).len(), 1);
        assert_eq!(places(&client("2001:db8:1:2::1"))[1].1, "2001:db8:1::/48");
    }
}
