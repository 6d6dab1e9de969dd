//! Accounts: what a sign-in checks a person against.

use chrono::{DateTime, NaiveDate, Utc};

use super::user_id::UserId;
use crate::audit::{self, Action};
use crate::base::clock::Clock;
use crate::base::ids::AccountId;
use crate::db::TenantTx;

/// How a person's first credentials reached them (T9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(super) enum InitialCredential {
    Formula,
    Letter,
}

/// What a password is checked against.
pub(super) struct Credentials {
    pub(super) account: AccountId,
    pub(super) password_hash: Option<String>,
    pub(super) initial_credential: Option<InitialCredential>,
    pub(super) initial_password_hash: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) symbol: String,
    pub(super) number: String,
    pub(super) branch: String,
    pub(super) birthdate: NaiveDate,
}

/// The credentials of a user ID, with symbol and number as they stood on `numbers_as_of`.
pub(super) async fn credentials(
    tx: &mut TenantTx,
    user_id: &UserId,
    numbers_as_of: NaiveDate,
) -> Result<Option<Credentials>, sqlx::Error> {
    sqlx::query_as!(
        Credentials,
        r#"select a.id as "account: AccountId", a.password_hash,
                  a.initial_credential as "initial_credential: InitialCredential",
                  a.initial_password_hash, a.created_at, n.symbol, n.number, m.branch, m.birthdate
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

/// Those of some members who have an account.
///
/// # Errors
/// The database's.
pub async fn existing(tx: &mut TenantTx, members: &[String]) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!("select member_code from accounts where member_code = any($1)", members)
        .fetch_all(tx.conn())
        .await
}

/// Makes a person a registered subscriber: own password, address confirmed, first credentials dead.
/// Whether there was such a person, not registered yet.
///
/// # Errors
/// The database's.
pub async fn register(
    tx: &mut TenantTx,
    clock: &Clock,
    user_id: &UserId,
    password_hash: &str,
) -> Result<bool, sqlx::Error> {
    let account = sqlx::query_scalar!(
        r#"update accounts
           set password_hash = $2, password_set_at = $3, initial_credential = null,
               initial_password_hash = null,
               email_confirmed_at = case when email is not null then $3::timestamptz end
           where user_id = $1 and password_hash is null
           returning id as "id: AccountId""#,
        user_id.as_str(),
        password_hash,
        clock.now()
    )
    .fetch_optional(tx.conn())
    .await?;
    if account.is_some() {
        audit::record(tx, clock, Action::Registered, account, serde_json::json!({})).await?;
    }
    Ok(account.is_some())
}
