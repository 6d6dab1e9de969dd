//! Finds people by what staff typed.

use chrono::NaiveDate;
use serde_json::json;

use super::kind::{Criterion, NamePrefix};
use crate::auth::credentials::user_id::UserId;
use crate::auth::staff::act::SearchPeople;
use crate::auth::staff::desk::{Desk, DeskError};
use crate::base::clock::Clock;
use crate::base::email::{EmailAddress, masked};
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;
use crate::members::relation::Relation;
use crate::members::roster::Standing;

/// The most people that are shown at once.
pub const MOST: usize = 20;
/// One more is looked for, to know if there are more. Nothing is counted.
const LIMIT: i64 = 21;
/// It comes after every character of a name, in the order of "C".
const LAST: char = '\u{10ffff}';

/// A person in the list that a search shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub code: String,
    pub login: Option<LoginId>,
    pub name: String,
    pub kana: String,
    pub symbol: String,
    pub number: String,
    pub branch: String,
    pub birthdate: NaiveDate,
    pub relation: Relation,
    pub acquired_on: NaiveDate,
    /// 資格喪失日
    pub lost_on: Option<NaiveDate>,
    pub standing: Standing,
    /// Wrong passwords have locked the person out.
    pub password_locked: bool,
    /// Wrong second factors have.
    pub second_factor_locked: bool,
    /// The account is over for good.
    pub closed: bool,
    /// Such as `t***@example.jp`.
    pub email: Option<String>,
    /// Another person of the union has the same name, in kana or as it is written.
    pub same_name: bool,
    /// Another person of the list has the same birthdate.
    pub same_birthdate: bool,
}

/// The people who were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// There are more than [`MOST`].
    pub more: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error("too many searches in a minute")]
    TooOften,
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl From<sqlx::Error> for SearchError {
    fn from(error: sqlx::Error) -> Self {
        Self::Desk(error.into())
    }
}

/// Finds people, and notes on the act's line how they were looked for and how many were shown.
///
/// # Errors
/// [`SearchError::TooOften`] if the staff member has to wait some seconds.
pub async fn find(
    desk: &mut Desk<SearchPeople>,
    clock: &Clock,
    criterion: &Criterion,
) -> Result<Found, SearchError> {
    if !desk.take_search(clock).await? {
        return Err(SearchError::TooOften);
    }
    let tx = desk.tx();
    let mut codes = match criterion {
        Criterion::Number { key, branch, .. } => by_number(tx, key, branch.as_deref()).await?,
        Criterion::Kana(name) => by_kana(tx, name).await?,
        Criterion::Name(name) => by_name(tx, name).await?,
        Criterion::Birthdate(date) => by_birthdate(tx, *date).await?,
        Criterion::UserId(id) => by_user_id(tx, id).await?,
        Criterion::Email(address) => by_email(tx, address).await?,
    };
    let more = codes.len() > MOST;
    codes.truncate(MOST);
    let hits = if codes.is_empty() { Vec::new() } else { show(tx, &codes).await? };
    let born = matches!(criterion, Criterion::Kana(name) | Criterion::Name(name) if name.birthdate.is_some());
    let detail = json!({ "kind": criterion.name(), "birthdate": born, "more": more });
    desk.note(hits.len(), detail);
    Ok(Found { hits, more })
}

/// Returns the end of the range of texts that begin with a prefix.
fn end(prefix: &str) -> String {
    format!("{prefix}{LAST}")
}

async fn by_number(
    tx: &mut TenantTx,
    key: &str,
    branch: Option<&str>,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select k.member_code from member_keys k
         join members m on m.tenant_id = $1 and m.code = k.member_code
         where k.tenant_id = $1 and k.number = $2 and ($3::text is null or m.branch = $3)
         order by m.branch, k.member_code limit $4",
        tx.tenant() as TenantId,
        key,
        branch,
        LIMIT
    )
    .fetch_all(tx.conn())
    .await
}

/// The statement for people whose key in a column begins with a text. Each column has its own index, so a statement names
/// its column.
macro_rules! by_prefix {
    ($tx:expr, $column:literal, $prefix:expr) => {
        sqlx::query_scalar!(
            "select member_code from member_keys where tenant_id = $1 and "
                + $column
                + " >= $2 and "
                + $column
                + " < $3 order by "
                + $column
                + ", member_code limit $4",
            $tx.tenant() as TenantId,
            $prefix,
            end($prefix),
            LIMIT
        )
        .fetch_all($tx.conn())
        .await
    };
}

/// The same for people who were also born on a day. Few people are, so they are found by it and then looked through.
macro_rules! by_prefix_and_birthdate {
    ($tx:expr, $column:literal, $prefix:expr, $birthdate:expr) => {
        sqlx::query_scalar!(
            "with born as materialized (select member_code, "
                + $column
                + " from member_keys where tenant_id = $1 and birthdate = $5)
                select member_code as \"member_code!\" from born where "
                + $column
                + " >= $2 and "
                + $column
                + " < $3 order by "
                + $column
                + ", member_code limit $4",
            $tx.tenant() as TenantId,
            $prefix,
            end($prefix),
            LIMIT,
            $birthdate
        )
        .fetch_all($tx.conn())
        .await
    };
}

async fn by_kana(tx: &mut TenantTx, name: &NamePrefix) -> Result<Vec<String>, sqlx::Error> {
    match name.birthdate {
        None => by_prefix!(tx, "kana", &name.key),
        Some(date) => by_prefix_and_birthdate!(tx, "kana", &name.key, date),
    }
}

async fn by_name(tx: &mut TenantTx, name: &NamePrefix) -> Result<Vec<String>, sqlx::Error> {
    match name.birthdate {
        None => by_prefix!(tx, "name", &name.key),
        Some(date) => by_prefix_and_birthdate!(tx, "name", &name.key, date),
    }
}

async fn by_birthdate(tx: &mut TenantTx, birthdate: NaiveDate) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select member_code from member_keys where tenant_id = $1 and birthdate = $2
         order by kana, member_code limit $3",
        tx.tenant() as TenantId,
        birthdate,
        LIMIT
    )
    .fetch_all(tx.conn())
    .await
}

async fn by_user_id(tx: &mut TenantTx, user_id: &UserId) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select b.member_code from logins l
         join subscribers b on b.tenant_id = $1 and b.login_id = l.id
         where l.tenant_id = $1 and l.realm = $2 and l.user_id = $3",
        tx.tenant() as TenantId,
        Subscribers::NAME,
        user_id.as_str()
    )
    .fetch_all(tx.conn())
    .await
}

/// An address that the union knows may be a whole family's. It stands readable in `logins`, since mail is sent to it, so
/// a keyed hash beside it would hide nothing; the index of that table serves the search.
async fn by_email(tx: &mut TenantTx, address: &EmailAddress) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select b.member_code from logins l
         join subscribers b on b.tenant_id = $1 and b.login_id = l.id
         where l.tenant_id = $1 and l.realm = $2 and l.email = $3
         order by b.member_code limit $4",
        tx.tenant() as TenantId,
        Subscribers::NAME,
        address.as_str(),
        LIMIT
    )
    .fetch_all(tx.conn())
    .await
}

/// Reads what the list shows of people, in the order of `codes`.
async fn show(tx: &mut TenantTx, codes: &[String]) -> Result<Vec<Hit>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select m.code, l.id as "login?: LoginId", m.name, m.kana, n.symbol as "symbol!",
                  n.number as "number!", m.branch, m.birthdate, m.relation as "relation: Relation",
                  m.acquired_on, m.lost_on,
                  case when l.id is null then 'none'
                       when l.password_hash is not null then 'registered'
                       when b.initial_credential = 'letter' then 'letter'
                       else 'migrated' end as "standing!: Standing",
                  l.locked_at is not null as "password_locked!",
                  l.second_factor_locked_at is not null as "second_factor_locked!",
                  l.closed_at is not null as "closed!", l.email as "email?",
                  exists (select from member_keys o
                          where o.tenant_id = $1 and o.kana = k.kana
                            and o.member_code <> k.member_code)
                  or exists (select from member_keys o
                             where o.tenant_id = $1 and o.name = k.name
                               and o.member_code <> k.member_code) as "same_name!"
           from members m
           cross join lateral (
               select n.symbol, n.number from household_numbers n
               where n.tenant_id = $1 and n.household_code = m.household_code
               order by n.valid_from desc limit 1
           ) n
           left join member_keys k on k.tenant_id = $1 and k.member_code = m.code
           left join subscribers b on b.tenant_id = $1 and b.member_code = m.code
           left join logins l on l.tenant_id = $1 and l.realm = b.realm and l.id = b.login_id
           where m.tenant_id = $1 and m.code = any($2)
           order by array_position($2, m.code)"#,
        tx.tenant() as TenantId,
        codes
    )
    .fetch_all(tx.conn())
    .await?;
    let birthdates: Vec<NaiveDate> = rows.iter().map(|row| row.birthdate).collect();
    let is_shared = |date: NaiveDate| birthdates.iter().filter(|other| **other == date).count() > 1;
    Ok(rows
        .into_iter()
        .map(|row| Hit {
            same_birthdate: is_shared(row.birthdate),
            email: row.email.as_deref().map(masked),
            code: row.code,
            login: row.login,
            name: row.name,
            kana: row.kana,
            symbol: row.symbol,
            number: row.number,
            branch: row.branch,
            birthdate: row.birthdate,
            relation: row.relation,
            acquired_on: row.acquired_on,
            lost_on: row.lost_on,
            standing: row.standing,
            password_locked: row.password_locked,
            second_factor_locked: row.second_factor_locked,
            closed: row.closed,
            same_name: row.same_name,
        })
        .collect())
}
