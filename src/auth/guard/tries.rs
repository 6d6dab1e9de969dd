//! Tries at passwords, counted before they cost a hash: for their place, for the union, and for the person (L2).

use secrecy::SecretString;

use super::known_browser;
use super::throttle::{ClientPlace, SIGN_IN_UNION};
use crate::auth::context::SignIn;
use crate::auth::credentials::failures;
use crate::auth::credentials::stored::{CountedTry, Credentials, TrySource, read_and_count};
use crate::auth::credentials::user_id::UserId;
use crate::base::realm::Realm;
use crate::base::secret::PlainToken;
use crate::db::actor::Client;
use crate::tenant::directory::Tenant;

/// The input of a sign-in with a password.
#[derive(Debug)]
pub struct PasswordInput<'a> {
    /// None for a text that can't be anybody's.
    pub user_id: Option<&'a UserId>,
    pub password: &'a SecretString,
    /// ログイン状態の保存 (L11)
    pub remember: bool,
    /// The address and browser that it comes from.
    pub client: &'a Client,
    /// The token by which the browser is known.
    pub browser: &'a PlainToken,
}

/// A try that is counted, and the credentials that it is checked against.
#[derive(Debug)]
pub(in crate::auth) struct Try<R> {
    pub(in crate::auth) credentials: Option<Credentials<R>>,
    /// Set if the person has signed in in this browser before.
    pub(in crate::auth) known: bool,
    /// How many there were in a row, from strangers or from this known browser. None if none was left.
    pub(in crate::auth) failures: Option<i16>,
    /// The place that has paid for it; none for a known browser.
    pub(in crate::auth) paid_by: Option<ClientPlace>,
}

impl SignIn<'_> {
    /// Counts a try. Returns none if its place or the union has no try left.
    ///
    /// The count need not reach the disk now: the transaction in which the person is answered does, and takes all before
    /// it along.
    pub(in crate::auth) async fn count<R: Realm>(
        &self,
        tenant: &Tenant,
        given: &PasswordInput<'_>,
    ) -> Result<Option<Try<R>>, sqlx::Error> {
        let union_has_tries =
            self.leases.take_one::<R>(self.db, self.clock, tenant.id, SIGN_IN_UNION).await?;
        let counted = self.count_at(tenant, given, union_has_tries).await;
        let pays = matches!(&counted, Ok(Some(tried)) if tried.paid_by.is_some());
        if union_has_tries && !pays {
            self.leases.give_back::<R>(tenant.id, SIGN_IN_UNION).await;
        }
        counted
    }

    async fn count_at<R: Realm>(
        &self,
        tenant: &Tenant,
        given: &PasswordInput<'_>,
        union_has_tries: bool,
    ) -> Result<Option<Try<R>>, sqlx::Error> {
        let place = ClientPlace::of(given.client);
        let source = TrySource { browser: given.browser, place: &place, union_has_tries };
        let mut tx = self.db.tenant_unflushed(tenant.id, self.actor).await?;
        let cx = self.context(tenant);
        let counted = read_and_count(&mut tx, cx, given.user_id, Some(source)).await?;
        let CountedTry { credentials, known, admitted, failures } = counted;
        if !admitted {
            // The address keeps its token if the network has none left.
            return Ok(None);
        }
        tx.commit().await?;
        let paid_by = (!known).then_some(place);
        Ok(Some(Try { credentials, known, failures, paid_by }))
    }

    /// Takes a try back of which nothing came. If that can't be done either, the person has one less.
    pub(in crate::auth) async fn uncount<R: Realm>(
        &self,
        tenant: &Tenant,
        tried: &Try<R>,
        browser: &PlainToken,
    ) {
        self.give_back_to_union(tenant, tried).await;
        let taken_back = async {
            let mut tx = self.db.tenant(tenant.id, self.actor).await?;
            if let (Some(found), Some(_)) = (&tried.credentials, tried.failures) {
                match tried.known {
                    true => known_browser::take_try_back(&mut tx, found.login, browser).await?,
                    false => failures::take_try_back(&mut tx, found.login).await?,
                }
            }
            if let Some(place) = &tried.paid_by {
                place.give_back::<R>(&mut tx).await?;
            }
            tx.commit().await
        };
        if let Err(error) = taken_back.await {
            tracing::warn!(%error, "a try that nobody could check counts");
        }
    }

    /// Gives a place its try back: nobody could check it. If that can't be done either, the place has one less.
    pub(in crate::auth) async fn pay_back<R: Realm>(&self, tenant: &Tenant, place: &ClientPlace) {
        let paid_back = async {
            let mut tx = self.db.tenant(tenant.id, self.actor).await?;
            place.give_back::<R>(&mut tx).await?;
            tx.commit().await
        };
        if let Err(error) = paid_back.await {
            tracing::warn!(%error, "a place has paid for an answer that nobody could check");
        }
    }

    /// Gives the union's try back, since it was no wrong one. What the place paid is given back where it is noted.
    pub(in crate::auth) async fn give_back_to_union<R: Realm>(
        &self,
        tenant: &Tenant,
        tried: &Try<R>,
    ) {
        if tried.paid_by.is_some() {
            self.leases.give_back::<R>(tenant.id, SIGN_IN_UNION).await;
        }
    }
}
