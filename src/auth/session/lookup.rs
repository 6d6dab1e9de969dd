//! Finding a session by its token, with all that is known of whose it is.

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};

use super::token::{self, Before, Newest};
use super::{Lookup, NOTE_EVERY, Session, end};
use crate::auth::context::Context;
use crate::auth::eligibility::Loss;
use crate::auth::factor::email_code::{SendingError, VALID_FOR};
use crate::auth::journey::{Address, Facts};
use crate::base::clock::jst;
use crate::base::ids::{LoginId, SessionId, TermsId};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::policy::{SecondFactor, SignIn, TenantConfig};

/// Finds the session of a token that a browser shows, and notes that it was used.
///
/// # Errors
/// All of [`SendingError`].
pub async fn find(
    tx: &mut TenantTx,
    cx: Context<'_>,
    token: &PlainToken,
) -> Result<Lookup, SendingError> {
    look(tx, cx, token, true).await
}

/// Finds the session of a token that is on its way to the browser.
pub(in crate::auth) async fn read(
    tx: &mut TenantTx,
    cx: Context<'_>,
    token: &PlainToken,
) -> Result<Lookup, SendingError> {
    look(tx, cx, token, false).await
}

async fn look(
    tx: &mut TenantTx,
    cx: Context<'_>,
    token: &PlainToken,
    shown: bool,
) -> Result<Lookup, SendingError> {
    let Context { clock, tenant, .. } = cx;
    let now = clock.now();
    let Some(row) = sqlx::query!(
        r#"select s.id as "id: SessionId", s.account_id as "account: LoginId", s.created_at,
                  s.last_seen_at, s.remember_until, s.reauthenticated_at,
                  s.reauth_password_at, s.second_factor_at is not null as "second_factor!",
                  s.token_hash = $1 as "newest!", s.token_at, s.token_shown, s.token_rotated,
                  s.second_factor_lapsed_at,
                  a.user_id, a.email, a.email_confirmed_at is not null as "email_confirmed!",
                  a.birthdate_confirmed_at is not null as "birthdate!",
                  a.user_id_chosen_at is not null as "user_id_chosen!",
                  a.password_set_at, s.registered_at is not null as "first_session!",
                  a.second_factor as "method: SecondFactor",
                  exists (select from email_failures f
                          where f.tenant_id = a.tenant_id and f.email = a.email) as "failed!",
                  exists (select from recovery_codes r
                          where r.tenant_id = a.tenant_id and r.account_id = a.id
                            and r.used_at is null) as "recovery_codes!",
                  a.passkey_offer_answered_at is not null as "passkey_offer_answered!",
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
                  a.member_code, m.household_code, m.name, m.lost_on
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
        return token::of_before(tx, cx, token).await;
    };
    let newest = Newest { at: row.token_at, shown: row.token_shown, rotated: row.token_rotated };
    let before = (!row.newest).then(|| newest.before(now));
    match before {
        Some(Before::Superseded) => {
            return Ok(Lookup::Superseded { session: row.id, account: row.account });
        }
        Some(Before::Copied) => {
            token::end_copied(tx, cx, row.id, row.account).await?;
            return Ok(Lookup::Unknown);
        }
        Some(Before::Good | Before::Lost) | None => {}
    }
    let life = Life {
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        remember_until: row.remember_until,
        second_factor: row.second_factor,
        password_set_at: row.password_set_at,
        lost_on: row.lost_on,
    };
    if life.is_over(&tenant.config, now) {
        // For good: a policy that allows more later must not revive it.
        end(tx, clock, row.id).await?;
        return Ok(Lookup::Expired);
    }
    // Whoever comes back after a rest proves the second factor again, where the union asks for that.
    let rested = || rests(&tenant.config.sign_in, row.last_seen_at, now);
    let asks_again = tenant.config.sign_in.remember_asks_second_factor;
    let remembered = row.remember_until.is_some() && life.is_whole(&tenant.config);
    let lapses = remembered && row.second_factor && asks_again && rested();
    let lapsed_at = row.second_factor_lapsed_at.or(lapses.then_some(now));
    let shown_first = shown && row.newest && !row.token_shown;
    if lapses || shown_first || now - row.last_seen_at >= NOTE_EVERY {
        sqlx::query!(
            "update sessions
             set last_seen_at = $2,
                 second_factor_lapsed_at = coalesce(second_factor_lapsed_at, $3),
                 token_shown = token_shown or ($5 and token_hash = $4)
             where id = $1",
            row.id as SessionId,
            now,
            lapses.then_some(now),
            token.hashed().to_vec(),
            shown
        )
        .execute(tx.conn())
        .await?;
    }
    // A code on its way to the person is bound to the token that asked for it.
    let awaits_code =
        lapsed_at.is_some() || row.reauth_password_at.is_some_and(|at| now - at <= VALID_FOR);
    let due = before == Some(Before::Lost) || (row.newest && newest.is_due(now));
    let rotated = match remembered && due && !awaits_code {
        true => token::rotate(tx, clock, row.id, token, newest).await?,
        false => None,
    };
    let address = match (row.email_confirmed, row.asked) {
        (true, _) => Address::Confirmed,
        (false, true) => Address::Asked,
        (false, false) => Address::None,
    };
    Ok(Lookup::Living(Box::new(Session {
        id: row.id,
        account: row.account,
        member_code: row.member_code,
        household_code: row.household_code,
        name: row.name,
        user_id: row.user_id,
        loss: Loss::of(&tenant.config.after_loss, row.lost_on, clock.today()),
        email: row.email,
        email_failed: row.failed,
        has_recovery_codes: row.recovery_codes,
        passkey_offer_answered: row.passkey_offer_answered,
        remember_until: row.remember_until,
        password_set_at: row.password_set_at,
        reauthenticated_at: row.reauthenticated_at,
        reauth_password_at: row.reauth_password_at,
        lapsed_at,
        rotated,
        facts: Facts {
            birthdate: row.birthdate,
            terms: row.terms,
            address,
            user_id: row.user_id_chosen,
            own_password: row.password_set_at.is_some(),
            password_expired: life.password_ends(&tenant.config).is_some_and(|at| at <= now),
            first_session: row.first_session,
            method: row.method,
            set_up: row.set_up,
            second_factor: row.second_factor && lapsed_at.is_none(),
        },
    })))
}

/// What decides whether a session that nobody ended goes on.
#[derive(Debug, Clone, Copy)]
pub(in crate::auth) struct Life {
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub remember_until: Option<DateTime<Utc>>,
    pub second_factor: bool,
    pub password_set_at: Option<DateTime<Utc>>,
    pub lost_on: Option<NaiveDate>,
}

impl Life {
    /// Half a sign-in is never kept: whoever finds it could finish it.
    fn is_whole(&self, policy: &TenantConfig) -> bool {
        self.password_set_at.is_some()
            && (self.second_factor || policy.sign_in.second_factors.is_empty())
    }

    fn password_ends(&self, policy: &TenantConfig) -> Option<DateTime<Utc>> {
        let max_age = policy.password.max_age_years;
        self.password_set_at.and_then(|set| expires_at(max_age, set))
    }

    pub fn is_over(&self, policy: &TenantConfig, now: DateTime<Utc>) -> bool {
        // An old password asks for itself once more: a session of before doesn't outlive it.
        let ends = self.password_ends(policy);
        let outlived = ends.is_some_and(|at| at <= now && self.created_at < at);
        let today = jst(now).date_naive();
        let loss = Loss::of(&policy.after_loss, self.lost_on, today);
        let closed = loss.is_some_and(|loss| loss.is_closed(today));
        outlived
            || closed
            || match self.remember_until.filter(|_| self.is_whole(policy)) {
                Some(until) => until <= now,
                None => is_over(&policy.sign_in, self.created_at, self.last_seen_at, now),
            }
    }
}

/// When a password set at `set` is too old: on the same day, so many years later (seed 004).
pub(in crate::auth) fn expires_at(
    max_age_years: Option<u16>,
    set: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let months = Months::new(12 * u32::from(max_age_years?));
    jst(set).checked_add_months(months).map(|until| until.to_utc())
}

/// Returns true if a session was left alone for longer than the union allows.
pub(in crate::auth) fn rests(
    policy: &SignIn,
    last_seen_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> bool {
    // The last use may have been up to NOTE_EVERY later than what was noted.
    now - last_seen_at > TimeDelta::minutes(policy.idle_minutes.into()) + NOTE_EVERY
}

fn is_over(
    policy: &SignIn,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> bool {
    rests(policy, last_seen_at, now)
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
            remember_asks_second_factor: false,
            passkey_alone: false,
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
        assert_eq!(expires_at(Some(3), set), Some(at("2029-11-21T01:00:00Z")));
        assert_eq!(
            expires_at(Some(1), at("2028-02-29T01:00:00Z")),
            Some(at("2029-02-28T01:00:00Z"))
        );
        assert_eq!(expires_at(None, set), None);
    }
}
