//! The person whom an act concerns, as staff see them on its page.

use chrono::{DateTime, NaiveDate, Utc};

use super::{HelpError, HelpRefusal};
use crate::auth::credentials::first::InitialCredential;
use crate::auth::session::store;
use crate::auth::staff::act::Act;
use crate::auth::staff::desk::{Desk, Matter};
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;
use crate::tenant::policy::SecondFactor;

/// No code in a members file has more bytes.
const LONGEST_CODE: usize = 255;

/// A person of the registry.
#[derive(Debug, Clone)]
pub struct HelpSubject {
    pub code: String,
    pub name: String,
    pub kana: String,
    pub symbol: String,
    pub number: String,
    pub branch: String,
    pub birthdate: NaiveDate,
    pub lost_on: Option<NaiveDate>,
    pub login: Option<HelpLogin>,
}

/// The person's account.
#[derive(Debug, Clone)]
pub struct HelpLogin {
    pub id: LoginId,
    pub user_id: String,
    pub email: Option<String>,
    /// The address that the union knew before the person confirmed another one.
    pub former_email: Option<String>,
    pub email_confirmed_at: Option<DateTime<Utc>>,
    pub registered_at: Option<DateTime<Utc>>,
    pub password_locked_at: Option<DateTime<Utc>>,
    pub second_factor_locked_at: Option<DateTime<Utc>>,
    /// True if there are wrong tries that have locked nobody out yet.
    pub wrong_tries: bool,
    pub held_at: Option<DateTime<Utc>>,
    /// True if the person had it held by 「心当たりがない」.
    pub held_by_person: bool,
    pub closed_at: Option<DateTime<Utc>>,
    pub second_factor: Option<SecondFactor>,
    pub apps: i64,
    pub passkeys: i64,
    pub recovery_codes: i64,
    /// The number of sessions that have not ended.
    pub sessions: i64,
    pub factors_reset_at: Option<DateTime<Utc>>,
    /// The time of the letter with the first credentials, if the person has one.
    pub letter_at: Option<DateTime<Utc>>,
    /// True if the letter's password still opens the first sign-in, as far as nobody has changed it.
    pub letter_lives: bool,
}

impl HelpLogin {
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        self.password_locked_at.is_some() || self.second_factor_locked_at.is_some()
    }

    /// Returns every address that is known, the present one first.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        let former = self.former_email.as_deref().filter(|_| self.former_email != self.email);
        self.email.as_deref().into_iter().chain(former)
    }
}

impl HelpSubject {
    /// Returns the person's account.
    ///
    /// # Errors
    /// [`HelpRefusal::NoAccount`].
    pub fn account(&self) -> Result<&HelpLogin, HelpError> {
        self.login.as_ref().ok_or_else(|| HelpRefusal::NoAccount.into())
    }
}

/// Returns false for a text that PostgreSQL refuses, or that no file has as a code.
fn can_be_a_code(code: &str) -> bool {
    code.len() <= LONGEST_CODE && !code.chars().any(char::is_control)
}

/// Returns the matter of an act on the person with a code, as the trail names it. A code of nobody's is not on the trail.
pub async fn matter(
    tx: &mut TenantTx,
    code: &str,
    reason: Option<String>,
) -> Result<Matter, sqlx::Error> {
    if !can_be_a_code(code) {
        return Ok(Matter::default());
    }
    let member = sqlx::query!(
        r#"select m.code, s.login_id as "login?: LoginId" from members m
           left join subscribers s on s.tenant_id = $1 and s.member_code = m.code
           where m.tenant_id = $1 and m.code = $2"#,
        tx.tenant() as TenantId,
        code
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(member.map_or_else(Matter::default, |member| Matter {
        subject: member.login,
        member: Some(member.code),
        reason,
        ..Matter::default()
    }))
}

/// Reads a person.
///
/// # Errors
/// [`HelpError::Unknown`] for a code of nobody's.
pub async fn find<A: Act>(desk: &mut Desk<A>, code: &str) -> Result<HelpSubject, HelpError> {
    if !can_be_a_code(code) {
        return Err(HelpError::Unknown);
    }
    read(desk.tx(), code).await?.ok_or(HelpError::Unknown)
}

/// Locks a person against other acts, and their login against themselves. Reads them as they stand then.
///
/// # Errors
/// [`HelpError::Unknown`] for a code of nobody's.
pub async fn take<A: Act>(desk: &mut Desk<A>, code: &str) -> Result<HelpSubject, HelpError> {
    if !can_be_a_code(code) {
        return Err(HelpError::Unknown);
    }
    let tx = desk.tx();
    // The server may not lock members, and the person may have no login yet.
    let name = format!("help {} {code}", tx.tenant());
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", name)
        .execute(tx.conn())
        .await?;
    if let Some(login) = matter(tx, code, None).await?.subject {
        store::lock_login(tx, login).await?;
    }
    find(desk, code).await
}

/// Reads a person, for what an approver sees.
pub(super) async fn read(
    tx: &mut TenantTx,
    code: &str,
) -> Result<Option<HelpSubject>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select m.code, m.name, m.kana, m.branch, m.birthdate, m.lost_on,
                  n.symbol as "symbol!", n.number as "number!",
                  l.id as "id?: LoginId", l.user_id as "user_id?", l.email, l.former_email,
                  l.email_confirmed_at, l.registered_at, l.locked_at, l.second_factor_locked_at,
                  l.held_at, l.held_cause, l.closed_at, l.factors_reset_at,
                  l.second_factor as "second_factor: SecondFactor",
                  coalesce(l.password_failures > 0 or l.second_factor_failures > 0
                           or s.birthdate_failures > 0
                           or exists (select from known_browsers k
                                      where k.tenant_id = $1 and k.realm = $3 and k.login_id = l.id
                                        and k.failures > 0), false) as "wrong_tries!",
                  (select count(*) from devices d
                   where d.tenant_id = $1 and d.realm = $3 and d.login_id = l.id
                     and d.kind = 'totp') as "apps!",
                  (select count(*) from devices d
                   where d.tenant_id = $1 and d.realm = $3 and d.login_id = l.id
                     and d.kind = 'passkey') as "passkeys!",
                  (select count(*) from recovery_codes c
                   where c.tenant_id = $1 and c.realm = $3 and c.login_id = l.id
                     and c.used_at is null) as "recovery_codes!",
                  (select count(*) from sessions e
                   where e.tenant_id = $1 and e.realm = $3 and e.login_id = l.id
                     and e.ended_at is null) as "sessions!",
                  s.initial_credential as "initial_credential: InitialCredential",
                  s.initial_issued_at, s.initial_password_hash is not null as "has_hash!"
           from members m
           cross join lateral (
               select n.symbol, n.number from household_numbers n
               where n.tenant_id = $1 and n.household_code = m.household_code
               order by n.valid_from desc limit 1
           ) n
           left join subscribers s on s.tenant_id = $1 and s.member_code = m.code
           left join logins l on l.tenant_id = $1 and l.realm = $3 and l.id = s.login_id
           where m.tenant_id = $1 and m.code = $2"#,
        tx.tenant() as TenantId,
        code,
        Subscribers::NAME
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| {
        let by_letter = row.initial_credential == Some(InitialCredential::Letter);
        let login = row.id.zip(row.user_id).map(|(id, user_id)| HelpLogin {
            id,
            user_id,
            email: row.email,
            former_email: row.former_email,
            email_confirmed_at: row.email_confirmed_at,
            registered_at: row.registered_at,
            password_locked_at: row.locked_at,
            second_factor_locked_at: row.second_factor_locked_at,
            wrong_tries: row.wrong_tries,
            held_at: row.held_at,
            held_by_person: row.held_cause.as_deref() == Some("not_me"),
            closed_at: row.closed_at,
            second_factor: row.second_factor,
            apps: row.apps,
            passkeys: row.passkeys,
            recovery_codes: row.recovery_codes,
            sessions: row.sessions,
            factors_reset_at: row.factors_reset_at,
            letter_at: row.initial_issued_at.filter(|_| by_letter),
            letter_lives: by_letter && row.has_hash && row.registered_at.is_none(),
        });
        HelpSubject {
            code: row.code,
            name: row.name,
            kana: row.kana,
            symbol: row.symbol,
            number: row.number,
            branch: row.branch,
            birthdate: row.birthdate,
            lost_on: row.lost_on,
            login,
        }
    }))
}
