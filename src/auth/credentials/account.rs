//! Accounts: what a sign-in checks a person against.

use chrono::{DateTime, NaiveDate, Utc};

use crate::audit::{self, Action};
use crate::auth::credentials::user_id::UserId;
use crate::auth::first_sign_in::consent;
use crate::auth::guard::known_browser;
use crate::base::clock::Clock;
use crate::base::ids::LoginId;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::db::actor::Client;
use crate::tenant::terms::Terms;

/// How a person's first credentials reached them (T9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(in crate::auth) enum InitialCredential {
    Formula,
    Letter,
}

/// What a password is checked against.
#[derive(Debug)]
pub(in crate::auth) struct Credentials {
    pub(in crate::auth) account: LoginId,
    pub(in crate::auth) password_hash: Option<String>,
    pub(in crate::auth) initial_credential: Option<InitialCredential>,
    pub(in crate::auth) initial_password_hash: Option<String>,
    pub(in crate::auth) initial_issued_at: Option<DateTime<Utc>>,
    locked: bool,
    /// Set where it was strangers who got the password wrong so often.
    lock_spares_known: bool,
    pub(in crate::auth) symbol: String,
    pub(in crate::auth) number: String,
    pub(in crate::auth) branch: String,
    pub(in crate::auth) birthdate: NaiveDate,
    pub(in crate::auth) lost_on: Option<NaiveDate>,
}

impl Credentials {
    /// Returns true if the person may not come in from such a browser. Who has signed in in a browser before is
    /// not locked out of it by others who guess elsewhere.
    pub(in crate::auth) fn are_locked(&self, known: bool) -> bool {
        self.locked && !(known && self.lock_spares_known)
    }
}

/// The credentials of a user ID, with symbol and number as they stood on `numbers_as_of`.
pub(in crate::auth) async fn credentials(
    tx: &mut TenantTx,
    user_id: &UserId,
    numbers_as_of: NaiveDate,
) -> Result<Option<Credentials>, sqlx::Error> {
    sqlx::query_as!(
        Credentials,
        r#"select a.id as "account: LoginId", a.password_hash,
                  a.initial_credential as "initial_credential: InitialCredential",
                  a.initial_password_hash, a.initial_issued_at,
                  coalesce(a.locked_at, a.second_factor_locked_at) is not null as "locked!",
                  a.lock_spares_known_browsers and a.second_factor_locked_at is null
                      as "lock_spares_known!",
                  n.symbol, n.number,
                  m.branch, m.birthdate, m.lost_on
           from accounts a
           join members m on m.tenant_id = a.tenant_id and m.code = a.member_code
           cross join lateral (
               select symbol, number from household_numbers n
               where n.tenant_id = m.tenant_id and n.household_code = m.household_code
               -- The newest on the day; before the first, the first.
               order by n.valid_from > $2, abs(n.valid_from - $2) limit 1
           ) n
           where a.user_id = $1"#,
        user_id.as_str(),
        numbers_as_of
    )
    .fetch_optional(tx.conn())
    .await
}

/// Counts a try at a person's password before it is checked, so that fifty at once are fifty (L2): how
/// many there were in a row, this one included. `None` where none is left, and for nobody, whom
/// looking takes as long.
pub(in crate::auth) async fn count_try(
    tx: &mut TenantTx,
    account: Option<LoginId>,
    lock_after: u16,
) -> Result<Option<i16>, sqlx::Error> {
    sqlx::query_scalar!(
        "update accounts set password_failures = password_failures + 1
         where id = $1 and locked_at is null and second_factor_locked_at is null
           and password_failures < $2::int
         returning password_failures",
        account as Option<LoginId>,
        i32::from(lock_after)
    )
    .fetch_optional(tx.conn())
    .await
}

/// Takes a try back that nobody could check.
pub(in crate::auth) async fn take_try_back(
    tx: &mut TenantTx,
    account: LoginId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update accounts set password_failures = password_failures - 1
         where id = $1 and password_failures > 0",
        account as LoginId
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Locks a person out whose password was wrong `least` times or more in a row; whoever is signed in stays so.
/// Strangers' tries leave the person's known browsers open, those of a known `browser` lock everything. The address to
/// tell, where it is news; nobody's account takes as long.
pub(in crate::auth) async fn lock_out(
    tx: &mut TenantTx,
    clock: &Clock,
    account: Option<LoginId>,
    browser: Option<&PlainToken>,
    least: i32,
) -> Result<Option<String>, sqlx::Error> {
    let browser = browser.map(|browser| browser.hashed().to_vec());
    let spares_known = browser.is_none();
    let locked = sqlx::query!(
        r#"update accounts a
           set locked_at = coalesce(a.locked_at, $2), lock_spares_known_browsers = $3::bytea is null
           where a.id = $1
             and case when $3::bytea is null then a.locked_at is null and a.password_failures >= $4::int
                 else (a.locked_at is null or a.lock_spares_known_browsers)
                      and exists (select from known_browsers k
                                  where k.tenant_id = a.tenant_id and k.account_id = a.id
                                    and k.token_hash = $3 and k.failures >= $4::int) end
           returning a.id as "id: LoginId", a.email"#,
        account as Option<LoginId>,
        clock.now(),
        browser,
        least
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(locked) = locked else { return Ok(None) };
    let detail = serde_json::json!({ "by": "password", "spares_known_browsers": spares_known });
    audit::record(tx, clock, Action::Locked, Some(locked.id), detail).await?;
    Ok(locked.email)
}

/// Whether credentials that were read before hashing still hold; then the right password has set the
/// count to zero (L2). Whoever changes them waits until this transaction has ended, and sees the session
/// it began. Where they don't hold, nothing of the transaction must be kept.
pub(in crate::auth) async fn still_holds(
    tx: &mut TenantTx,
    read: &Credentials,
    known: bool,
) -> Result<bool, sqlx::Error> {
    let now = sqlx::query!(
        r#"update accounts set password_failures = 0 where id = $1
           returning password_hash, initial_password_hash, initial_issued_at,
                     second_factor_locked_at is not null
                         or (locked_at is not null and not ($2 and lock_spares_known_browsers))
                         as "locked!""#,
        read.account as LoginId,
        known
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(!now.locked
        && now.password_hash == read.password_hash
        && now.initial_password_hash == read.initial_password_hash
        && now.initial_issued_at == read.initial_issued_at)
}

/// Those of some members who have an account.
///
/// # Errors
/// The database's.
pub async fn existing(tx: &mut TenantTx, members: &[String]) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!("select member_code from accounts where member_code = any($1)", members)
        .fetch_all(tx.conn())
        .await
}

/// Makes a person a registered subscriber, as the first sign-in would: own password, terms agreed
/// to, address confirmed, first credentials dead. Whether there was such a person, not registered
/// yet.
///
/// # Errors
/// The database's.
pub async fn register(
    tx: &mut TenantTx,
    clock: &Clock,
    terms: &Terms,
    user_id: &UserId,
    password_hash: &str,
) -> Result<bool, sqlx::Error> {
    let now = clock.now();
    let account = sqlx::query_scalar!(
        r#"update accounts
           set password_hash = $2, password_set_at = $3, registered_at = $3,
               initial_credential = null, initial_issued_at = null, initial_password_hash = null,
               birthdate_confirmed_at = $3, user_id_chosen_at = $3,
               email_confirmed_at = case when email is not null then $3::timestamptz end
           where user_id = $1 and password_hash is null
           returning id as "id: LoginId""#,
        user_id.as_str(),
        password_hash,
        now
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(account) = account {
        let terms = terms.in_force(now).id;
        consent::agree(tx, clock, account, terms, &Client::default()).await?;
        let nothing = serde_json::json!({});
        audit::record(tx, clock, Action::Registered, Some(account), nothing).await?;
    }
    Ok(account.is_some())
}

/// Who has a user ID.
///
/// # Errors
/// The database's.
pub async fn id_of(tx: &mut TenantTx, user_id: &UserId) -> Result<Option<LoginId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select id as "id: LoginId" from accounts where user_id = $1"#,
        user_id.as_str()
    )
    .fetch_optional(tx.conn())
    .await
}

/// Lets a locked person try again, and forgets wrong tries. Whether there was any of that; `None` where nobody has the ID.
///
/// # Errors
/// The database's.
pub async fn unlock(
    tx: &mut TenantTx,
    clock: &Clock,
    user_id: &UserId,
) -> Result<Option<bool>, sqlx::Error> {
    let Some(account) = sqlx::query!(
        r#"select id as "id: LoginId",
                  coalesce(locked_at, second_factor_locked_at) is not null
                      or password_failures > 0
                      or exists (select from known_browsers k
                                 where k.tenant_id = a.tenant_id and k.account_id = a.id
                                   and k.failures > 0) as "locked!"
           from accounts a where user_id = $1 for update"#,
        user_id.as_str()
    )
    .fetch_optional(tx.conn())
    .await?
    else {
        return Ok(None);
    };
    if account.locked {
        sqlx::query!(
            "update accounts set locked_at = null, second_factor_locked_at = null,
                                 birthdate_failures = 0, second_factor_failures = 0,
                                 password_failures = 0, lock_spares_known_browsers = false
             where id = $1",
            account.id as LoginId
        )
        .execute(tx.conn())
        .await?;
        known_browser::forgive_all(tx, account.id).await?;
        let detail = serde_json::json!({});
        audit::record(tx, clock, Action::Unlocked, Some(account.id), detail).await?;
    }
    Ok(Some(account.locked))
}
