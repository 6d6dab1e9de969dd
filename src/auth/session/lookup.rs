//! Finding a session by its token, with all that is known of whose it is.

use chrono::{DateTime, Months, TimeDelta, Utc};

use super::{Lookup, NOTE_EVERY, Session, end};
use crate::auth::journey::{Address, Facts};
use crate::base::clock::{Clock, jst};
use crate::base::ids::{AccountId, SessionId, TermsId};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::directory::Tenant;
use crate::tenant::policy::{SecondFactor, SignIn};

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
                  s.last_seen_at, s.remember_until, s.reauthenticated_at,
                  s.reauth_password_at, s.second_factor_at is not null as "second_factor!",
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
        reauthenticated_at: row.reauthenticated_at,
        reauth_password_at: row.reauth_password_at,
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
            totp_window: 0,
            recovery_codes: false,
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
