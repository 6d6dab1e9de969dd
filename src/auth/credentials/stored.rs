//! What a password is checked against, as the database keeps it.

use chrono::{DateTime, NaiveDate, Utc};

use super::first::{First, InitialCredential, Secret};
use super::user_id::UserId;
use crate::auth::context::Context;
use crate::auth::people::People;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm, Staff, Subscribers};
use crate::db::TenantTx;
use crate::tenant::policy::FirstSignIn;

/// The credentials of one login.
#[derive(Debug)]
pub struct Credentials<R> {
    pub(in crate::auth) login: LoginId<R>,
    pub(in crate::auth) password_hash: Option<String>,
    /// Of a subscriber who has no password of their own yet.
    pub(in crate::auth) first: Option<First>,
    pub(in crate::auth) lost_on: Option<NaiveDate>,
    locked: bool,
    /// Set where it was strangers who got the password wrong so often.
    lock_spares_known: bool,
}

impl<R> Credentials<R> {
    /// Returns true if the person may not come in from such a browser. A person who has signed in in a browser before
    /// is not locked out of it by others who guess elsewhere.
    pub(in crate::auth) const fn are_locked(&self, known: bool) -> bool {
        self.locked && !(known && self.lock_spares_known)
    }

    /// The person's own password, or else the first credential.
    pub(in crate::auth) fn secret(&self, policy: &FirstSignIn) -> Secret {
        match (&self.password_hash, &self.first) {
            (Some(own), _) => Secret::Hash(own.clone()),
            (None, Some(first)) => first.secret(policy),
            (None, None) => Secret::Nothing,
        }
    }
}

/// A realm in which people sign in with a password.
pub trait HasPasswords: People {
    /// The credentials of a user ID; none for a login that nobody has.
    fn credentials(
        tx: &mut TenantTx,
        cx: Context<'_>,
        user_id: &UserId,
    ) -> impl Future<Output = Result<Option<Credentials<Self>>, sqlx::Error>> + Send
    where
        Self: Sized;
}

struct Row {
    login: LoginId,
    password_hash: Option<String>,
    initial_credential: Option<InitialCredential>,
    initial_password_hash: Option<String>,
    initial_issued_at: Option<DateTime<Utc>>,
    locked: bool,
    lock_spares_known: bool,
    symbol: String,
    number: String,
    branch: String,
    birthdate: NaiveDate,
    lost_on: Option<NaiveDate>,
}

impl HasPasswords for Subscribers {
    /// A formula takes symbol and number as they stood on the policy's day.
    async fn credentials(
        tx: &mut TenantTx,
        cx: Context<'_>,
        user_id: &UserId,
    ) -> Result<Option<Credentials<Self>>, sqlx::Error> {
        let formula = cx.tenant.config.first_sign_in.formula.as_ref();
        let numbers_as_of = formula.and_then(|rule| rule.numbers_as_of).unwrap_or(cx.clock.today());
        let row = sqlx::query_as!(
            Row,
            r#"select l.id as "login: LoginId", l.password_hash,
                      s.initial_credential as "initial_credential: InitialCredential",
                      s.initial_password_hash, s.initial_issued_at,
                      coalesce(l.locked_at, l.second_factor_locked_at) is not null as "locked!",
                      l.lock_spares_known_browsers and l.second_factor_locked_at is null
                          as "lock_spares_known!",
                      n.symbol, n.number,
                      m.branch, m.birthdate, m.lost_on
               from logins l
               join subscribers s on s.tenant_id = l.tenant_id and s.login_id = l.id
               join members m on m.tenant_id = s.tenant_id and m.code = s.member_code
               cross join lateral (
                   select symbol, number from household_numbers n
                   where n.tenant_id = m.tenant_id and n.household_code = m.household_code
                   -- The newest on the day; before the first, the first.
                   order by n.valid_from > $4, abs(n.valid_from - $4) limit 1
               ) n
               where l.tenant_id = $1 and l.realm = $2 and l.user_id = $3"#,
            tx.tenant() as TenantId,
            Self::NAME,
            user_id.as_str(),
            numbers_as_of
        )
        .fetch_optional(tx.conn())
        .await?;
        Ok(row.map(|row| Credentials {
            login: row.login,
            first: row.initial_credential.filter(|_| row.password_hash.is_none()).map(
                |credential| First {
                    login: row.login,
                    credential,
                    password_hash: row.initial_password_hash,
                    issued_at: row.initial_issued_at,
                    symbol: row.symbol,
                    number: row.number,
                    branch: row.branch,
                    birthdate: row.birthdate,
                },
            ),
            password_hash: row.password_hash,
            lost_on: row.lost_on,
            locked: row.locked,
            lock_spares_known: row.lock_spares_known,
        }))
    }
}

impl HasPasswords for Staff {
    async fn credentials(
        tx: &mut TenantTx,
        _: Context<'_>,
        user_id: &UserId,
    ) -> Result<Option<Credentials<Self>>, sqlx::Error> {
        let row = sqlx::query!(
            r#"select id, password_hash,
                      coalesce(locked_at, second_factor_locked_at) is not null as "locked!",
                      lock_spares_known_browsers and second_factor_locked_at is null
                          as "lock_spares_known!"
               from logins
               where tenant_id = $1 and realm = $2 and user_id = $3 and closed_at is null"#,
            tx.tenant() as TenantId,
            Self::NAME,
            user_id.as_str()
        )
        .fetch_optional(tx.conn())
        .await?;
        Ok(row.map(|row| Credentials {
            login: LoginId::from_uuid(row.id),
            password_hash: row.password_hash,
            first: None,
            lost_on: None,
            locked: row.locked,
            lock_spares_known: row.lock_spares_known,
        }))
    }
}
