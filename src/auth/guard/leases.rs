//! Tokens of buckets that a whole union shares, held by this server some at a time.
//!
//! All tries at a union, from everywhere, would queue for one row, each with a connection that others need. So a
//! server takes a lease of tokens, deals them out from memory, and asks for more when they are spent: one
//! request asks, the others wait without a connection. Tokens that a server holds when it stops are lost, and count as
//! tries. So the union's limit is wrong by a lease a server at most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync;

use crate::auth::guard::throttle::Bucket;
use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::base::realm::Realm;
use crate::db::Db;

/// A hundredth of the burst of a union's wrong sign-ins.
const LEASE: i32 = 20;
/// The server asks an empty bucket again after this long.
const ASK_AGAIN_AFTER: TimeDelta = TimeDelta::seconds(1);
/// The one key of a union's own bucket.
const THE_UNION: &str = "";

/// The tokens that this server holds of each union's buckets.
#[derive(Debug, Default)]
pub struct Leases(Mutex<HashMap<Key, Shared>>);

/// A union, a realm, and the bucket's name.
type Key = (TenantId, &'static str, &'static str);
type Shared = Arc<sync::Mutex<Lease>>;

#[derive(Debug, Default)]
struct Lease {
    tokens: i32,
    /// When an empty bucket is asked again.
    ask_at: DateTime<Utc>,
}

impl Leases {
    /// Takes a token of a union's bucket. Returns false if there is none left.
    pub(in crate::auth) async fn take_one<R: Realm>(
        &self,
        db: &Db,
        clock: &Clock,
        union: TenantId,
        bucket: Bucket,
    ) -> Result<bool, sqlx::Error> {
        let mut lease = self.lease::<R>(union, bucket).lock_owned().await;
        if lease.tokens == 0 && lease.ask_at <= clock.now() {
            let (db, clock) = (db.clone(), clock.clone());
            // This goes on though the browser hangs up, so that tokens that have left the bucket are in the lease.
            let asking = tokio::spawn(async move {
                // A bucket that has no whole lease may have a token.
                for tokens in [LEASE, 1] {
                    if bucket.take_apart::<R>(&db, &clock, union, THE_UNION, tokens).await? {
                        lease.tokens = tokens;
                        return Ok(lease);
                    }
                }
                lease.ask_at = clock.now() + ASK_AGAIN_AFTER;
                Ok::<_, sqlx::Error>(lease)
            });
            lease = asking.await.map_err(|_| sqlx::Error::WorkerCrashed)??;
        }
        let got = lease.tokens > 0;
        lease.tokens -= i32::from(got);
        Ok(got)
    }

    /// Gives a token back, since it was no wrong try after all.
    pub(in crate::auth) async fn give_back<R: Realm>(&self, union: TenantId, bucket: Bucket) {
        self.lease::<R>(union, bucket).lock().await.tokens += 1;
    }

    fn lease<R: Realm>(&self, union: TenantId, bucket: Bucket) -> Shared {
        let mut leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        leases.entry((union, R::NAME, bucket.name())).or_default().clone()
    }
}
