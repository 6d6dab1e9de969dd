//! Tries at passwords, counted before they cost a hash: for their place, for the union, and for the
//! person (L2).

use super::account::{self, Credentials};
use super::known_browser;
use super::sign_in::{Given, SignIn};
use super::throttle::{self, SIGN_IN_UNION, Taken};
use crate::tenant::directory::Tenant;

/// The one key of the union's own bucket.
const THE_UNION: &str = "";

/// What a try is checked against, once it is counted.
pub(super) struct Try {
    pub(super) credentials: Option<Credentials>,
    /// How many there were in a row; `None` where none was left.
    pub(super) failures: Option<i16>,
    pub(super) taken: Taken,
}

impl SignIn<'_> {
    /// Counts a try; `None` where its place or the union has none left. A browser in which the person
    /// has signed in before takes none of theirs: the person's own count limits it.
    pub(super) async fn count(
        &self,
        tenant: &Tenant,
        given: &Given<'_>,
    ) -> Result<Option<Try>, sqlx::Error> {
        let mut tx = self.db.tenant(tenant.id).await?;
        let credentials = match given.user_id {
            Some(user_id) => self.find(&mut tx, tenant, user_id).await?,
            None => None,
        };
        let account = credentials.as_ref().map(|found| found.account);
        let mut taken = Taken::default();
        if !known_browser::is_known(&mut tx, account, given.browser).await? {
            let mut wanted = throttle::places(given.client);
            wanted.push((SIGN_IN_UNION, THE_UNION.to_owned()));
            let got = throttle::take(&mut tx, self.clock, wanted).await?;
            // Let go of before the account is asked for: who signs in holds that one first.
            tx.commit().await?;
            let Some(got) = got else { return Ok(None) };
            taken = got;
            tx = self.db.tenant(tenant.id).await?;
        }
        let lock_after = tenant.config.sign_in.lock_after;
        let failures = account::count_try(&mut tx, account, lock_after).await?;
        tx.commit().await?;
        Ok(Some(Try { credentials, failures, taken }))
    }

    /// Takes a try back that nobody could check.
    pub(super) async fn uncount(&self, tenant: &Tenant, tried: &Try) -> Result<(), sqlx::Error> {
        let mut tx = self.db.tenant(tenant.id).await?;
        if let (Some(found), Some(_)) = (&tried.credentials, tried.failures) {
            account::take_try_back(&mut tx, found.account).await?;
        }
        tried.taken.give_back(&mut tx).await?;
        tx.commit().await
    }
}
