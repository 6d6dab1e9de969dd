//! People for whom staff have something to do: the lists on the console's first page.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;
use crate::tenant::policy::TenantConfig;

/// A list is counted up to here, so that a count never takes long.
pub const MOST_COUNTED: i64 = 100;
/// People on one page of a list.
pub const PAGE: usize = 50;
const LIMIT: i64 = 51;
/// A temporary password stands in the list for its last two weeks.
const ENDS_SOON: TimeDelta = TimeDelta::days(14);

/// A reason why a person is in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonalWork {
    /// ロック中
    Locked,
    /// The person said that an act of staff was none of theirs, so that the account is held.
    NotMe,
    /// 不達メール
    Undelivered,
    /// 期限の近い仮パスワード
    EndingSoon,
}

impl PersonalWork {
    pub const ALL: [Self; 4] = [Self::NotMe, Self::Locked, Self::Undelivered, Self::EndingSoon];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::NotMe => "not-me",
            Self::Undelivered => "undelivered",
            Self::EndingSoon => "ending-soon",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|work| work.name() == name)
    }
}

/// The number of people in each list, up to [`MOST_COUNTED`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PersonalCounts {
    pub locked: i64,
    pub not_me: i64,
    pub undelivered: i64,
    pub ending_soon: i64,
}

/// The end of a page, after which the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListPlace {
    pub since: DateTime<Utc>,
    pub login: Uuid,
}

/// A person in a list.
#[derive(Debug, Clone)]
pub struct WorkItem {
    pub since: DateTime<Utc>,
    pub code: String,
    pub name: String,
    pub kana: String,
    pub symbol: String,
    pub number: String,
    pub branch: String,
}

/// The days in which letters' passwords were issued that end soon, or `None` if none ever ends.
fn issued(policy: &TenantConfig, clock: &Clock) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let letter = policy.first_sign_in.letter.as_ref()?;
    let valid = TimeDelta::days(letter.expires_after_days?.into());
    let over = clock.now() - valid;
    Some((over, over + ENDS_SOON))
}

/// Counts the people in every list.
pub async fn count(
    tx: &mut TenantTx,
    clock: &Clock,
    policy: &TenantConfig,
) -> Result<PersonalCounts, sqlx::Error> {
    let (from, until) = issued(policy, clock).unzip();
    sqlx::query_as!(
        PersonalCounts,
        r#"select
               (select count(*) from (
                   select from logins
                   where tenant_id = $1 and realm = $2
                     and (locked_at is not null or second_factor_locked_at is not null)
                     and closed_at is null limit $3) few) as "locked!",
               (select count(*) from (
                   select from logins
                   where tenant_id = $1 and realm = $2 and held_at is not null
                     and held_cause = 'not_me' limit $3) few) as "not_me!",
               (select count(*) from (
                   select from email_failures f
                   join logins l on l.tenant_id = $1 and l.email = f.email
                   where f.tenant_id = $1 and l.realm = $2 and l.closed_at is null
                   limit $3) few) as "undelivered!",
               (select count(*) from (
                   select from subscribers
                   where tenant_id = $1 and initial_credential = 'letter'
                     and initial_password_hash is not null
                     and initial_issued_at > $4 and initial_issued_at <= $5
                   limit $3) few) as "ending_soon!""#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        MOST_COUNTED,
        from,
        until
    )
    .fetch_one(tx.conn())
    .await
}

/// Returns a page of a list, those who wait longest first, and the place where the next page begins, if there are more.
pub async fn list(
    tx: &mut TenantTx,
    clock: &Clock,
    policy: &TenantConfig,
    work: PersonalWork,
    after: Option<ListPlace>,
) -> Result<(Vec<WorkItem>, Option<ListPlace>), sqlx::Error> {
    let mut due = due(tx, clock, policy, work, after).await?;
    let more = due.len() > PAGE;
    due.truncate(PAGE);
    let next = due.last().copied().filter(|_| more);
    Ok((people(tx, &due).await?, next))
}

async fn due(
    tx: &mut TenantTx,
    clock: &Clock,
    policy: &TenantConfig,
    work: PersonalWork,
    after: Option<ListPlace>,
) -> Result<Vec<ListPlace>, sqlx::Error> {
    let since = after.map_or(DateTime::<Utc>::MIN_UTC, |place| place.since);
    let since = since.max(DateTime::UNIX_EPOCH);
    let login = after.map_or(Uuid::nil(), |place| place.login);
    let tenant = tx.tenant();
    match work {
        PersonalWork::Locked => {
            sqlx::query_as!(
                ListPlace,
                r#"select coalesce(locked_at, second_factor_locked_at) as "since!", id as login
                   from logins
                   where tenant_id = $1 and realm = $2 and closed_at is null
                     and (locked_at is not null or second_factor_locked_at is not null)
                     and (coalesce(locked_at, second_factor_locked_at), id) > ($3, $4)
                   order by coalesce(locked_at, second_factor_locked_at), id limit $5"#,
                tenant as TenantId,
                Subscribers::NAME,
                since,
                login,
                LIMIT
            )
            .fetch_all(tx.conn())
            .await
        }
        PersonalWork::NotMe => {
            sqlx::query_as!(
                ListPlace,
                r#"select held_at as "since!", id as login from logins
                   where tenant_id = $1 and realm = $2 and held_at is not null
                     and held_cause = 'not_me' and (held_at, id) > ($3, $4)
                   order by held_at, id limit $5"#,
                tenant as TenantId,
                Subscribers::NAME,
                since,
                login,
                LIMIT
            )
            .fetch_all(tx.conn())
            .await
        }
        PersonalWork::Undelivered => {
            sqlx::query_as!(
                ListPlace,
                r#"select f.at as "since!", l.id as login
                   from email_failures f
                   join logins l on l.tenant_id = $1 and l.email = f.email
                   where f.tenant_id = $1 and l.realm = $2 and l.closed_at is null
                     and (f.at, l.id) > ($3, $4)
                   order by f.at, l.id limit $5"#,
                tenant as TenantId,
                Subscribers::NAME,
                since,
                login,
                LIMIT
            )
            .fetch_all(tx.conn())
            .await
        }
        PersonalWork::EndingSoon => {
            let (from, until) = issued(policy, clock).unzip();
            sqlx::query_as!(
                ListPlace,
                r#"select initial_issued_at as "since!", login_id as login from subscribers
                   where tenant_id = $1 and initial_credential = 'letter'
                     and initial_password_hash is not null
                     and initial_issued_at > $5 and initial_issued_at <= $6
                     and (initial_issued_at, login_id) > ($2, $3)
                   order by initial_issued_at, login_id limit $4"#,
                tenant as TenantId,
                since,
                login,
                LIMIT,
                from,
                until
            )
            .fetch_all(tx.conn())
            .await
        }
    }
}

/// Returns who the people are, in the order given.
async fn people(tx: &mut TenantTx, due: &[ListPlace]) -> Result<Vec<WorkItem>, sqlx::Error> {
    let logins: Vec<Uuid> = due.iter().map(|place| place.login).collect();
    let rows = sqlx::query!(
        r#"select s.login_id, m.code, m.name, m.kana, m.branch, n.symbol, n.number
           from subscribers s
           join members m on m.tenant_id = $1 and m.code = s.member_code
           cross join lateral (
               select n.symbol, n.number from household_numbers n
               where n.tenant_id = $1 and n.household_code = m.household_code
               order by n.valid_from desc limit 1
           ) n
           where s.tenant_id = $1 and s.login_id = any($2)"#,
        tx.tenant() as TenantId,
        &logins
    )
    .fetch_all(tx.conn())
    .await?;
    let item = |place: &ListPlace| {
        let row = rows.iter().find(|row| row.login_id == place.login)?;
        Some(WorkItem {
            since: place.since,
            code: row.code.clone(),
            name: row.name.clone(),
            kana: row.kana.clone(),
            symbol: row.symbol.clone(),
            number: row.number.clone(),
            branch: row.branch.clone(),
        })
    };
    Ok(due.iter().filter_map(item).collect())
}
