//! Shows members and their accounts to an operator. Nothing is changed here.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::audit::{self, Action, AuditLine};
use crate::auth::credentials::user_id::UserId;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::db::TenantTx;
use crate::tenant::policy::SecondFactor;

/// Tells how far a person has come with the first sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Standing {
    /// The person has no account.
    None,
    /// The person has the first credentials by letter, and has not registered yet.
    Letter,
    /// The first password follows from the union's formula, and the person has not registered yet.
    Migrated,
    Registered,
}

/// A member in a list. It has no name, so that a list does not show names.
#[derive(Debug, Serialize)]
pub struct Listed {
    pub code: String,
    pub user_id: Option<String>,
    pub standing: Standing,
    pub locked_at: Option<DateTime<Utc>>,
    /// 資格喪失日
    pub lost_on: Option<NaiveDate>,
}

/// Selects the members of a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct RosterFilter<'w> {
    /// If true, only members who are locked out are listed.
    pub locked: bool,
    /// Only members with this standing are listed.
    pub standing: Option<Standing>,
    /// Only members whose codes come after this one are listed.
    pub after: Option<&'w str>,
}

/// Returns members in the order of their codes, at most `most` of them.
pub async fn list(
    tx: &mut TenantTx,
    RosterFilter { locked, standing, after }: RosterFilter<'_>,
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

/// Everything that an operator may know about a person.
#[derive(Debug, Serialize)]
pub struct Shown {
    pub code: String,
    pub household_code: String,
    pub name: String,
    pub kana: String,
    /// The relation as the database names it, such as `insured`.
    pub relation: String,
    pub acquired_on: NaiveDate,
    pub lost_on: Option<NaiveDate>,
    pub user_id: Option<String>,
    pub standing: Standing,
    pub registered_at: Option<DateTime<Utc>>,
    pub second_factor: Option<SecondFactor>,
    pub apps: i64,
    pub passkeys: i64,
    /// The number of recovery codes that are not used yet.
    pub recovery_codes: i64,
    /// True if the person confirmed a mail address.
    pub has_address: bool,
    /// True if mail to the account's address came back.
    pub address_failed: bool,
    pub locked_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub last_seen_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    login: Option<LoginId>,
}

/// Returns the person with a code, or else with a user ID. If the person is found, the audit trail records this
/// look-up.
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
