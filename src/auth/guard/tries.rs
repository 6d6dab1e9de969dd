//! Tries at passwords, counted before they cost a hash: for their place, for the union, and for the
//! person (L2).

use secrecy::SecretString;

use super::known_browser;
use super::throttle::{self, SIGN_IN_NOBODY, SIGN_IN_UNION, Taken};
use crate::auth::context::SignIn;
use crate::auth::credentials::failures;
use crate::auth::credentials::stored::{Credentials, HasPasswords};
use crate::auth::credentials::user_id::UserId;
use crate::base::ids::LoginId;
use crate::base::secret::PlainToken;
use crate::db::actor::Client;
use crate::tenant::directory::Tenant;

/// What a person gives at the sign-in page.
#[derive(Debug)]
pub struct Given<'a> {
    /// `None` for what can't be anybody's.
    pub user_id: Option<&'a UserId>,
    pub password: &'a SecretString,
    /// ログイン状態の保存 (L11)
    pub remember: bool,
    /// Where it comes from.
    pub client: &'a Client,
    /// What the browser is known by.
    pub browser: &'a PlainToken,
}

/// What a try is checked against, once it is counted.
#[derive(Debug)]
pub(in crate::auth) struct Try<R> {
    pub(in crate::auth) credentials: Option<Credentials<R>>,
    /// Set where the person has signed in in this browser before.
    pub(in crate::auth) known: bool,
    /// How many there were in a row, from strangers or from this known browser; `None` where none was left.
    pub(in crate::auth) failures: Option<i16>,
    taken: Taken,
}

impl SignIn<'_> {
    /// Counts a try; `None` where its place or the union has none left. A browser in which the person
    /// has signed in before takes none of theirs, and has a count of its own: strangers' wrong tries
    /// don't use it up.
    pub(in crate::auth) async fn count<R: HasPasswords>(
        &self,
        tenant: &Tenant,
        given: &Given<'_>,
    ) -> Result<Option<Try<R>>, sqlx::Error> {
        let mut tx = self.db.tenant_unflushed(tenant.id, self.actor).await?;
        let credentials = match given.user_id {
            Some(user_id) => R::credentials(&mut tx, self.context(tenant), user_id).await?,
            None => None,
        };
        let login = credentials.as_ref().map(|found| found.login);
        let known = known_browser::is_known(&mut tx, login, given.browser).await?;
        let wanted = if known { Vec::new() } else { throttle::places(given.client) };
        let taken = throttle::take::<R>(&mut tx, self.clock, wanted).await?;
        // Let go of before the login is asked for: a sign-in holds that one first.
        tx.commit().await?;
        let Some(taken) = taken else { return Ok(None) };
        let mut tried = Try { credentials, known, failures: None, taken };
        let shares = match known {
            true => Ok(true),
            false => self.leases.take_one::<R>(self.db, self.clock, tenant.id, SIGN_IN_UNION).await,
        };
        if !matches!(shares, Ok(true)) {
            // Nothing is checked, so the place has its tokens back.
            self.give_back_to_place(tenant, &tried).await;
            return shares.map(|_| None);
        }
        match self.count_for_person(tenant, given, login, known).await {
            Ok(failures) => {
                tried.failures = failures;
                Ok(Some(tried))
            }
            Err(error) => {
                self.give_back(tenant, &tried).await;
                Err(error)
            }
        }
    }

    /// How many wrong tries in a row this is; `None` where the person has none left, and for nobody.
    async fn count_for_person<R: HasPasswords>(
        &self,
        tenant: &Tenant,
        given: &Given<'_>,
        login: Option<LoginId<R>>,
        known: bool,
    ) -> Result<Option<i16>, sqlx::Error> {
        let lock_after = tenant.config.sign_in.lock_after;
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        let failures = match login {
            Some(login) if known => {
                known_browser::count_try(&mut tx, login, given.browser, lock_after).await?
            }
            login => failures::count_try(&mut tx, login, lock_after).await?,
        };
        if failures.is_none() {
            let typed = given.user_id.map_or("", UserId::as_str);
            SIGN_IN_NOBODY.take_one::<R>(&mut tx, self.clock, typed).await?;
        }
        tx.commit().await?;
        Ok(failures)
    }

    /// Takes a try back of which nothing came. Where that can't be done either, the person has one less.
    pub(in crate::auth) async fn uncount<R: HasPasswords>(
        &self,
        tenant: &Tenant,
        tried: &Try<R>,
        browser: &PlainToken,
    ) {
        if let (Some(found), Some(_)) = (&tried.credentials, tried.failures) {
            let taken_back = async {
                let mut tx = self.db.tenant(tenant.id, self.actor).await?;
                match tried.known {
                    true => known_browser::take_try_back(&mut tx, found.login, browser).await?,
                    false => failures::take_try_back(&mut tx, found.login).await?,
                }
                tx.commit().await
            };
            if let Err(error) = taken_back.await {
                tracing::warn!(%error, "a try that nobody could check counts");
            }
        }
        self.give_back(tenant, tried).await;
    }

    /// Gives back to place and union what a try took that was no wrong one. A token that can't be given back is no
    /// reason to fail what has come of the try.
    pub(in crate::auth) async fn give_back<R: HasPasswords>(
        &self,
        tenant: &Tenant,
        tried: &Try<R>,
    ) {
        if tried.known {
            return;
        }
        self.leases.give_back::<R>(tenant.id, SIGN_IN_UNION).await;
        self.give_back_to_place(tenant, tried).await;
    }

    async fn give_back_to_place<R: HasPasswords>(&self, tenant: &Tenant, tried: &Try<R>) {
        let given_back = async {
            let mut tx = self.db.tenant_unflushed(tenant.id, self.actor).await?;
            tried.taken.give_back::<R>(&mut tx).await?;
            tx.commit().await
        };
        if let Err(error) = given_back.await {
            tracing::warn!(%error, "a right try counts as a wrong one of its place");
        }
    }
}
