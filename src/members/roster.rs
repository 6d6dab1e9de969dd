//! How members stand: for an operator who looks them up, and changes nothing.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::audit::{self, Action, AuditLine};
use crate::auth::credentials::user_id::UserId;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::db::TenantTx;
use crate::tenant::policy::SecondFactor;

/// How far a person has come with signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Standing {
    /// There is no account.
    None,
    /// The first credentials came by letter.
    Letter,
    /// The first password follows from the union's formula.
    Migrated,
    Registered,
}

/// A member in a list, without a name.
#[derive(Debug, Serialize)]
pub struct Listed {
    pub code: String,
    pub user_id: Option<String>,
    pub standing: Standing,
    pub locked_at: Option<DateTime<Utc>>,
    /// 資格喪失日
    pub lost_on: Option<NaiveDate>,
}

/// Which members are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'w> {
    /// Those who are locked out.
    pub locked: bool,
    /// Those who stand so.
    pub standing: Option<Standing>,
    /// Those whose codes come after this one.
    pub after: Option<&'w str>,
}

/// Members in the order of their codes, `most` of them.
///
/// # Errors
/// The database's.
pub async fn list(
    tx: &mut TenantTx,
    Wanted { locked, standing, after }: Wanted<'_>,
    most: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query_as!(
        Listed,
        r#"select m.code, a.user_id as "user_id?", s.standing as "standing!: Standing",
                  coalesce(a.locked_at, a.second_factor_locked_at) as locked_at, m.lost_on
           from members m
           left join subscribers b on b.tenant_id = m.tenant_id and b.member_code = m.code
           left join logins a on a.tenant_id = b.tenant_id and a.realm = b.realm and a.id = b.login_id
           cross join lateral (
               select case when a.id is null then 'none'
                           when a.password_hash is not null then 'registered'
                           when b.initial_credential = 'letter' then 'letter'
                           else 'migrated' end as standing
           ) s
           where m.tenant_id = $5
             and ($1::text is null or m.code > $1)
             and (not $2 or coalesce(a.locked_at, a.second_factor_locked_at) is not null)
             and ($3::text is null or s.standing = $3)
           order by m.code limit $4"#,
        after,
        locked,
        standing as Option<Standing>,
        most,
        tx.tenant() as TenantId
    )
    .fetch_all(tx.conn())
    .await
}

/// All that an operator may know of a person.
#[derive(Debug, Serialize)]
pub struct Shown {
    pub code: String,
    pub household_code: String,
    pub name: String,
    pub kana: String,
    /// As the database names it: `insured`.
    pub relation: String,
    pub acquired_on: NaiveDate,
    pub lost_on: Option<NaiveDate>,
    pub user_id: Option<String>,
    pub standing: Standing,
    pub registered_at: Option<DateTime<Utc>>,
    pub second_factor: Option<SecondFactor>,
    pub apps: i64,
    pub passkeys: i64,
    /// Those that are not used yet.
    pub recovery_codes: i64,
    /// Whether the person confirmed a mail address, and whether mail to it came back.
    pub has_address: bool,
    pub address_failed: bool,
    pub locked_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub last_seen_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    login: Option<LoginId>,
}

/// The person with a code, or else with a user ID. That somebody looked goes on the trail.
///
/// # Errors
/// The database's.
pub async fn show(
    tx: &mut TenantTx,
    clock: &Clock,
    wanted: &str,
) -> Result<Option<Shown>, sqlx::Error> {
    let user_id = UserId::parse(wanted).ok();
    let shown = sqlx::query_as!(
        Shown,
        r#"select m.code, m.household_code, m.name, m.kana, m.relation,
                  m.acquired_on, m.lost_on, a.user_id as "user_id?",
                  case when a.id is null then 'none'
                       when a.password_hash is not null then 'registered'
                       when b.initial_credential = 'letter' then 'letter'
                       else 'migrated' end as "standing!: Standing",
                  a.registered_at as "registered_at?",
                  a.second_factor as "second_factor: SecondFactor",
                  (select count(*) from devices d
                   where d.tenant_id = a.tenant_id and d.realm = a.realm and d.login_id = a.id
                     and d.kind = 'totp') as "apps!",
                  (select count(*) from devices d
                   where d.tenant_id = a.tenant_id and d.realm = a.realm and d.login_id = a.id
                     and d.kind = 'passkey') as "passkeys!",
                  (select count(*) from recovery_codes c
                   where c.tenant_id = a.tenant_id and c.realm = a.realm and c.login_id = a.id
                     and c.used_at is null) as "recovery_codes!",
                  a.email_confirmed_at is not null as "has_address!",
                  exists (select from email_failures f
                          where f.tenant_id = a.tenant_id and f.email = a.email) as "address_failed!",
                  coalesce(a.locked_at, a.second_factor_locked_at) as locked_at,
                  a.closed_at as "closed_at?",
                  (select max(s.last_seen_at) from sessions s
                   where s.tenant_id = a.tenant_id and s.realm = a.realm and s.login_id = a.id) as last_seen_at,
                  a.id as "login?: LoginId"
           from members m
           left join subscribers b on b.tenant_id = m.tenant_id and b.member_code = m.code
           left join logins a on a.tenant_id = b.tenant_id and a.realm = b.realm and a.id = b.login_id
           where m.tenant_id = $3 and (m.code = $1 or a.user_id = $2)
           order by m.code = $1 desc limit 1"#,
        wanted,
        user_id.as_ref().map(UserId::as_str),
        tx.tenant() as TenantId
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(Shown { code, login, .. }) = &shown {
        let line = AuditLine::new(Action::MemberShown, serde_json::json!({}));
        let line = AuditLine { member: Some(code.clone()), ..line };
        audit::write(tx, clock, &line, &[login.map(|login| login.0)]).await?;
    }
    Ok(shown)
}
