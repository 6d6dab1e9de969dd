//! Sessions: a random token in the browser, its hash in the database.
//!
//! A session begins with the right password and is renewed (a new token, the old one dead) when a
//! second factor is proved. It ends by sign-out, by rest, or by age.

use chrono::{DateTime, TimeDelta, Utc};

use super::journey::{self, Facts, Step};
use crate::base::clock::Clock;
use crate::base::ids::{AccountId, SessionId};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::policy::SignIn;

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
    /// Where one-time codes go.
    pub email: Option<String>,
    facts: Facts,
}

/// What a token turned out to be.
#[derive(Debug, Clone)]
pub enum Lookup {
    Living(Box<Session>),
    /// It rested too long or grew too old (L9).
    Expired,
    /// It was never ours, or was ended.
    Unknown,
}

impl Session {
    /// What the person has to do next.
    #[must_use]
    pub fn next_step(&self, policy: &SignIn) -> Step {
        journey::next(policy, self.facts)
    }
}

/// Begins a session for a person whose password was right.
pub(super) async fn begin(
    tx: &mut TenantTx,
    clock: &Clock,
    account: AccountId,
) -> Result<(SessionId, PlainToken), sqlx::Error> {
    let (id, token) = (SessionId::new(clock), PlainToken::random());
    sqlx::query!(
        "insert into sessions (id, account_id, token_hash, created_at, last_seen_at)
         values ($1, $2, $3, $4, $4)",
        id as SessionId,
        account as AccountId,
        token.hashed().to_vec(),
        clock.now()
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
    policy: &SignIn,
    token: &PlainToken,
) -> Result<Lookup, sqlx::Error> {
    let Some(row) = sqlx::query!(
        r#"select s.id as "id: SessionId", s.account_id as "account: AccountId", s.created_at,
                  s.last_seen_at, s.ended_at, s.second_factor_at is not null as "second_factor!",
                  a.email, a.password_hash is not null as "own_password!", m.household_code, m.name
           from sessions s
           join accounts a on a.tenant_id = s.tenant_id and a.id = s.account_id
           join members m on m.tenant_id = a.tenant_id and m.code = a.member_code
           where s.token_hash = $1"#,
        token.hashed().to_vec()
    )
    .fetch_optional(tx.conn())
    .await?
    else {
        return Ok(Lookup::Unknown);
    };
    if row.ended_at.is_some() {
        return Ok(Lookup::Unknown);
    }
    let now = clock.now();
    if is_over(policy, row.created_at, row.last_seen_at, now) {
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
    Ok(Lookup::Living(Box::new(Session {
        id: row.id,
        account: row.account,
        household_code: row.household_code,
        name: row.name,
        email: row.email,
        facts: Facts { own_password: row.own_password, second_factor: row.second_factor },
    })))
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

/// Notes the second factor and gives the session a new token; `old` is dead from now.
pub(super) async fn renew(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId,
    old: &PlainToken,
) -> Result<PlainToken, sqlx::Error> {
    let token = PlainToken::random();
    sqlx::query!(
        "update sessions
         set token_hash = $2, previous_token_hash = $3, last_seen_at = $4,
             second_factor_at = coalesce(second_factor_at, $4)
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
}
