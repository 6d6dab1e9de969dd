//! Sessions: a random token in the browser, its hash in the database.
//!
//! A session begins with the right password and is renewed (a new token, the old one dead) when a
//! second factor is proved. It ends by sign-out, by rest, or by age.

use chrono::{DateTime, Months, TimeDelta, Utc};

use super::journey::{self, Address, Facts, Progress, Step};
use crate::audit::{self, Action};
use crate::base::clock::{Clock, jst};
use crate::base::ids::{AccountId, SessionId, TermsId};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::directory::Tenant;
use crate::tenant::policy::{SecondFactor, SignIn, TenantConfig};

/// When a session was last used is noted once a minute, not at every request.
const NOTE_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A living session and whose it is.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: SessionId,
    pub account: AccountId,
    pub household_code: String,
    /// The person's name, as the union knows it.
    pub name: String,
    pub user_id: String,
    /// The address the person confirmed, or else the one the union knows.
    pub email: Option<String>,
    /// Until when the browser keeps the session though it is closed (L11).
    pub remember_until: Option<DateTime<Utc>>,
    /// When the own password was set.
    pub(super) password_set_at: Option<DateTime<Utc>>,
    facts: Facts,
}

/// What a token turned out to be.
#[derive(Debug, Clone)]
pub enum Lookup {
    Living(Box<Session>),
    /// It rested too long or grew too old (L9).
    Expired,
    /// The session goes on under a newer token: a double click's second request.
    Superseded,
    /// It was never ours, or was ended.
    Unknown,
}

impl Session {
    /// What the person has to do next.
    #[must_use]
    pub fn next_step(&self, policy: &TenantConfig) -> Step {
        journey::next(policy, self.facts)
    }

    /// How far the first sign-in is.
    #[must_use]
    pub fn progress(&self, policy: &TenantConfig) -> Option<Progress> {
        journey::progress(policy, self.facts, self.next_step(policy))
    }

    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// Begins a session for a person whose password was right.
pub(super) async fn begin(
    tx: &mut TenantTx,
    clock: &Clock,
    account: AccountId,
    remember_until: Option<DateTime<Utc>>,
) -> Result<(SessionId, PlainToken), sqlx::Error> {
    let (id, token) = (SessionId::new(clock), PlainToken::random());
    sqlx::query!(
        "insert into sessions (id, account_id, token_hash, created_at, last_seen_at, remember_until)
         values ($1, $2, $3, $4, $4, $5)",
        id as SessionId,
        account as AccountId,
        token.hashed().to_vec(),
        clock.now(),
        remember_until
    )
    .execute(tx.conn())
    .await?;
    Ok((id, token))
}

/// Finds the session of a token, and notes that it was used.
///
/// # Errors
/// The database's.
pub async fn find(
    tx: &mut TenantTx,
    clock: &Clock,
    tenant: &Tenant,
    token: &PlainToken,
) -> Result<Lookup, sqlx::Error> {
    let now = clock.now();
    let Some(row) = sqlx::query!(
        r#"select s.id as "id: SessionId", s.account_id as "account: AccountId", s.created_at,
                  s.last_seen_at, s.remember_until, s.second_factor_at is not null as "second_factor!",
                  s.token_hash = $1 as "newest!",
                  a.user_id, a.email, a.email_confirmed_at is not null as "email_confirmed!",
                  a.birthdate_confirmed_at is not null as "birthdate!",
                  a.user_id_chosen_at is not null as "user_id_chosen!",
                  a.password_set_at, s.registered_at is not null as "first_session!",
                  a.second_factor as "method: SecondFactor",
                  a.email_confirmed_at is null and exists (
                      select from email_confirmations c
                      where c.tenant_id = a.tenant_id and c.account_id = a.id) as "asked!",
                  exists (select from terms_agreements g
                          where g.tenant_id = a.tenant_id and g.account_id = a.id
                            and g.terms_id = $2) as "terms!",
                  case when s.second_factor_at is not null then true else
                      case a.second_factor
                      when 'passkey' then exists (
                          select from passkeys p
                          where p.tenant_id = a.tenant_id and p.account_id = a.id)
                      when 'totp' then exists (
                          select from totp_devices t
                          where t.tenant_id = a.tenant_id and t.account_id = a.id)
                      else false end
                  end as "set_up!",
                  m.household_code, m.name
           from sessions s
           join accounts a on a.tenant_id = s.tenant_id and a.id = s.account_id
           join members m on m.tenant_id = a.tenant_id and m.code = a.member_code
           where (s.token_hash = $1 or s.previous_token_hash = $1)
             and s.ended_at is null"#,
        token.hashed().to_vec(),
        tenant.terms.in_force(now).id as TermsId
    )
    .fetch_optional(tx.conn())
    .await?
    else {
        return Ok(Lookup::Unknown);
    };
    if !row.newest {
        return Ok(Lookup::Superseded);
    }
    // Half a sign-in is never kept: whoever finds it could finish it.
    let whole = row.password_set_at.is_some()
        && (row.second_factor || tenant.config.sign_in.second_factors.is_empty());
    let over = match row.remember_until.filter(|_| whole) {
        Some(until) => until <= now,
        None => is_over(&tenant.config.sign_in, row.created_at, row.last_seen_at, now),
    };
    if over {
        // For good: a policy that allows more later must not revive it.
        end(tx, clock, row.id).await?;
        return Ok(Lookup::Expired);
    }
    if now - row.last_seen_at >= NOTE_EVERY {
        sqlx::query!(
            "update sessions set last_seen_at = $2 where id = $1",
            row.id as SessionId,
            now
        )
        .execute(tx.conn())
        .await?;
    }
    let max_age = tenant.config.password.max_age_years;
    let address = match (row.email_confirmed, row.asked) {
        (true, _) => Address::Confirmed,
        (false, true) => Address::Asked,
        (false, false) => Address::None,
    };
    Ok(Lookup::Living(Box::new(Session {
        id: row.id,
        account: row.account,
        household_code: row.household_code,
        name: row.name,
        user_id: row.user_id,
        email: row.email,
        remember_until: row.remember_until,
        password_set_at: row.password_set_at,
        facts: Facts {
            birthdate: row.birthdate,
            terms: row.terms,
            address,
            user_id: row.user_id_chosen,
            own_password: row.password_set_at.is_some(),
            password_expired: row.password_set_at.is_some_and(|set| has_expired(max_age, set, now)),
            first_session: row.first_session,
            method: row.method,
            set_up: row.set_up,
            second_factor: row.second_factor,
        },
    })))
}

/// Whether a password set at `set` is too old: from the same day on, so many years later (seed 004).
fn has_expired(max_age_years: Option<u16>, set: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    max_age_years.is_some_and(|years| {
        let until = jst(set).checked_add_months(Months::new(12 * u32::from(years)));
        until.is_some_and(|until| until <= now)
    })
}

fn is_over(
    policy: &SignIn,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> bool {
    // The last use may have been up to NOTE_EVERY later than what was noted.
    now - last_seen_at > TimeDelta::minutes(policy.idle_minutes.into()) + NOTE_EVERY
        || now - created_at > TimeDelta::hours(policy.session_hours.into())
}

/// Notes that the first own password was set in this session.
pub(super) async fn note_registration(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update sessions set registered_at = $2 where id = $1",
        session as SessionId,
        clock.now()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Whether a session still owes its second factor. Who asks at the same time waits for the answer,
/// so that a double click's second request is no wrong guess.
pub(super) async fn owes_second_factor(
    tx: &mut TenantTx,
    session: SessionId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select second_factor_at is null and ended_at is null as "owes!"
           from sessions where id = $1 for update"#,
        session as SessionId
    )
    .fetch_one(tx.conn())
    .await
}

/// Notes the second factor, and gives the session a new token.
pub(super) async fn prove_second_factor(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId,
    old: &PlainToken,
) -> Result<PlainToken, sqlx::Error> {
    sqlx::query!(
        "update sessions set second_factor_at = coalesce(second_factor_at, $2) where id = $1",
        session as SessionId,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    renew(tx, clock, session, old).await
}

/// Gives the session a new token, as at each change of privilege; `old` is dead from now.
pub(super) async fn renew(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId,
    old: &PlainToken,
) -> Result<PlainToken, sqlx::Error> {
    let token = PlainToken::random();
    sqlx::query!(
        "update sessions
         set token_hash = $2, previous_token_hash = $3, last_seen_at = $4
         where id = $1",
        session as SessionId,
        token.hashed().to_vec(),
        old.hashed().to_vec(),
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(token)
}

/// Ends a session; ending it again changes nothing. Whether it lived.
///
/// # Errors
/// The database's.
pub async fn end(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId,
) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query!(
        "update sessions set ended_at = $2 where id = $1 and ended_at is null",
        session as SessionId,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(ended.rows_affected() > 0)
}

/// Ends every session of an account but `keep` (L7); how many lived.
///
/// # Errors
/// The database's.
pub async fn end_others(
    tx: &mut TenantTx,
    clock: &Clock,
    account: AccountId,
    keep: Option<SessionId>,
) -> Result<u64, sqlx::Error> {
    let ended = sqlx::query!(
        "update sessions set ended_at = $3
         where account_id = $1 and ended_at is null and id is distinct from $2",
        account as AccountId,
        keep as Option<SessionId>,
        clock.now()
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    if ended > 0 {
        let detail = serde_json::json!({ "ended": ended, "kept": keep });
        audit::record(tx, clock, Action::SessionsEnded, Some(account), detail).await?;
    }
    Ok(ended)
}

/// Locks an account until staff unlock it, and ends all that was begun with it. `by` names what
/// went wrong too often.
pub(super) async fn lock(
    tx: &mut TenantTx,
    clock: &Clock,
    account: AccountId,
    by: &'static str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update accounts set locked_at = coalesce(locked_at, $2) where id = $1",
        account as AccountId,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    let detail = serde_json::json!({ "by": by });
    audit::record(tx, clock, Action::Locked, Some(account), detail).await?;
    end_others(tx, clock, account, None).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l9_a_session_ends_by_rest_and_by_age() {
        let policy = SignIn {
            second_factors: vec![],
            recommended: None,
            lock_after: 11,
            idle_minutes: 30,
            session_hours: 12,
            remember_days: None,
        };
        let start: DateTime<Utc> = "2026-11-21T00:00:00Z".parse().unwrap();
        let minutes = |minutes| start + TimeDelta::minutes(minutes);
        for (seen, now, over) in
            [(0, 31, false), (0, 32, true), (700, 720, false), (715, 721, true)]
        {
            assert_eq!(is_over(&policy, start, minutes(seen), minutes(now)), over, "{seen} {now}");
        }
    }

    #[test]
    fn g5_a_password_grows_old_on_a_day() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let set = at("2026-11-21T01:00:00Z");
        for (years, now, expired) in [
            (Some(3), "2029-11-21T00:59:59Z", false),
            (Some(3), "2029-11-21T01:00:00Z", true),
            (None, "2099-01-01T00:00:00Z", false),
        ] {
            assert_eq!(has_expired(years, set, at(now)), expired, "{now}");
        }
    }
}
