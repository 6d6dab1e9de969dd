//! The life of a session that nobody ended.

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};

use super::living::NOTE_EVERY;
use crate::auth::eligibility::Loss;
use crate::auth::people::{People, SessionRules};
use crate::base::clock::jst;
use crate::tenant::policy::TenantConfig;

/// The facts that decide it.
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
    /// Half a sign-in is never kept: anybody who finds it could finish it.
    pub(super) fn is_whole(&self, rules: &SessionRules) -> bool {
        self.password_set_at.is_some() && (self.second_factor || !rules.asks_second_factor)
    }

    pub(super) fn password_ends(&self, rules: &SessionRules) -> Option<DateTime<Utc>> {
        let max_age = rules.password_max_age_years;
        self.password_set_at.and_then(|set| expires_at(max_age, set))
    }

    pub fn is_over<R: People>(&self, policy: &TenantConfig, now: DateTime<Utc>) -> bool {
        let rules = R::session_rules(policy);
        // A person whose password has grown too old has to sign in again: an earlier session doesn't outlive it.
        let ends = self.password_ends(&rules);
        let outlived = ends.is_some_and(|at| at <= now && self.created_at < at);
        let today = jst(now).date_naive();
        let loss = Loss::of(&policy.after_loss, self.lost_on, today);
        let closed = loss.is_some_and(|loss| loss.is_closed(today));
        outlived
            || closed
            || match self.remember_until.filter(|_| self.is_whole(&rules)) {
                Some(until) => until <= now,
                None => is_over(&rules, self.created_at, self.last_seen_at, now),
            }
    }
}

/// Returns the time from which a password set at `set` is too old: the same day, that many years later (seed 004).
pub(in crate::auth) fn expires_at(
    max_age_years: Option<u16>,
    set: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let months = Months::new(12 * u32::from(max_age_years?));
    jst(set).checked_add_months(months).map(|until| until.to_utc())
}

/// Returns true if a session was left alone for longer than the union allows.
pub(in crate::auth) fn rests(
    rules: &SessionRules,
    last_seen_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> bool {
    // The last use may have been up to NOTE_EVERY later than what was noted.
    now - last_seen_at > TimeDelta::minutes(rules.idle_minutes.into()) + NOTE_EVERY
}

fn is_over(
    rules: &SessionRules,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> bool {
    rests(rules, last_seen_at, now)
        || now - created_at > TimeDelta::hours(rules.session_hours.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l9_a_session_ends_by_rest_and_by_age() {
        let rules = SessionRules {
            asks_second_factor: false,
            idle_minutes: 30,
            session_hours: 12,
            remember_days: None,
            remember_asks_second_factor: false,
            password_max_age_years: None,
            offers_recovery_codes: false,
        };
        let start: DateTime<Utc> = "2026-11-21T00:00:00Z".parse().unwrap();
        let minutes = |minutes| start + TimeDelta::minutes(minutes);
        for (seen, now, over) in
            [(0, 31, false), (0, 32, true), (700, 720, false), (715, 721, true)]
        {
            assert_eq!(is_over(&rules, start, minutes(seen), minutes(now)), over, "{seen} {now}");
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
