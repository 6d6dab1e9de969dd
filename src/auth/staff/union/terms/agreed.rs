//! The people who agreed to a version of the terms, and their number.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId, TermsId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;

/// A page of the list has this many people.
pub const PAGE: usize = 50;
/// One more is read, to know if there are more. Nothing is counted.
const LIMIT: i64 = 51;

/// The numbers of the union's people by their answer to a version. Everybody is one of the three.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Consent {
    pub agreed: i64,
    /// Registered, with an account that is open, and not agreed: they are asked while the version is in force.
    pub not_yet: i64,
    /// Not registered, or with an account that is over.
    pub not_asked: i64,
}

/// The union's people by version. A version that nobody has agreed to is not among them.
#[derive(Debug, Default)]
pub struct Consents {
    by_version: HashMap<TermsId, Consent>,
    nobody: Consent,
}

impl Consents {
    #[must_use]
    pub fn of(&self, version: TermsId) -> Consent {
        self.by_version.get(&version).copied().unwrap_or(self.nobody)
    }
}

/// Counts how everybody stands to each version.
pub async fn count(tx: &mut TenantTx) -> Result<Consents, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with people as (
               select (select count(*) from members where tenant_id = $1) as members,
                      count(*) filter (where password_hash is not null and closed_at is null) as registered
               from logins where tenant_id = $1 and realm = $2
           ), agreed as (
               select g.terms_id, count(*) as agreed,
                      count(*) filter (where l.password_hash is not null and l.closed_at is null) as registered
               from terms_agreements g
               join logins l on l.tenant_id = $1 and l.realm = $2 and l.id = g.login_id
               where g.tenant_id = $1 and g.realm = $2
               group by g.terms_id
           )
           select p.members as "members!", p.registered as "registered!",
                  a.terms_id as "terms?: TermsId", coalesce(a.agreed, 0) as "agreed!",
                  coalesce(a.registered, 0) as "agreed_and_registered!"
           from people p left join agreed a on true"#,
        tx.tenant() as TenantId,
        Subscribers::NAME
    )
    .fetch_all(tx.conn())
    .await?;
    let consent = |members: i64, agreed: i64, not_yet: i64| Consent {
        agreed,
        not_yet,
        not_asked: members - agreed - not_yet,
    };
    let everybody = rows.first().map_or((0, 0), |row| (row.members, row.registered));
    let by_version = rows.iter().filter_map(|row| {
        let not_yet = row.registered - row.agreed_and_registered;
        Some((row.terms?, consent(row.members, row.agreed, not_yet)))
    });
    Ok(Consents { by_version: by_version.collect(), nobody: consent(everybody.0, 0, everybody.1) })
}

/// Counts the people whom a new version would ask at their next sign-in.
pub async fn registered(tx: &mut TenantTx) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from logins
           where tenant_id = $1 and realm = $2 and password_hash is not null and closed_at is null"#,
        tx.tenant() as TenantId,
        Subscribers::NAME
    )
    .fetch_one(tx.conn())
    .await
}

/// The place in the list after which a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub at: DateTime<Utc>,
    pub login: LoginId,
}

/// A person who agreed.
#[derive(Debug, Clone)]
pub struct Agreed {
    pub login: LoginId,
    pub at: DateTime<Utc>,
    pub name: String,
    pub symbol: String,
    pub number: String,
    pub branch: String,
}

/// Lists those who agreed to a version, the latest first. The second value is true if there are more.
pub async fn list(
    tx: &mut TenantTx,
    clock: &Clock,
    version: TermsId,
    after: Option<Place>,
) -> Result<(Vec<Agreed>, bool), sqlx::Error> {
    // Nobody has agreed in the future, whatever the clocks say.
    let first =
        Place { at: clock.now() + TimeDelta::days(1), login: LoginId::from_uuid(Uuid::max()) };
    let after = after.unwrap_or(first);
    let mut people = sqlx::query_as!(
        Agreed,
        r#"select g.login_id as "login: LoginId", g.agreed_at as "at", m.name, n.symbol as "symbol!",
                  n.number as "number!", m.branch
           from (select login_id, agreed_at from terms_agreements
                 where tenant_id = $1 and realm = $2 and terms_id = $3
                   and (agreed_at, login_id) < ($4, $5)
                 order by agreed_at desc, login_id desc limit $6) g
           join subscribers p on p.tenant_id = $1 and p.login_id = g.login_id
           join members m on m.tenant_id = $1 and m.code = p.member_code
           cross join lateral (
               select n.symbol, n.number from household_numbers n
               where n.tenant_id = $1 and n.household_code = m.household_code
               order by n.valid_from desc limit 1
           ) n
           order by g.agreed_at desc, g.login_id desc"#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        version as TermsId,
        after.at,
        after.login.0,
        LIMIT
    )
    .fetch_all(tx.conn())
    .await?;
    let more = people.len() > PAGE;
    people.truncate(PAGE);
    Ok((people, more))
}
