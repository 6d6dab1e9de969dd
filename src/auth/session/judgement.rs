//! Judges a token by its row in the database, the union's policy and the time.
//!
//! A token that comes back after the browser has shown a newer one was copied, so its session ends.

use chrono::{DateTime, TimeDelta, Utc};

use super::life::{Life, rests};
use super::living::{CODE_LASTS, NOTE_EVERY};
use crate::auth::people::People;
use crate::tenant::policy::TenantConfig;

/// A remembered session gets a new token after this time (L11).
const ROTATED_EVERY: TimeDelta = TimeDelta::hours(1);
/// Requests in flight still bear the token before.
pub(super) const IN_FLIGHT: TimeDelta = TimeDelta::minutes(1);

/// The history of a session's newest token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Newest {
    pub at: DateTime<Utc>,
    /// True once the browser has shown it.
    pub shown: bool,
    /// True if it came by rotation alone.
    pub rotated: bool,
}

/// The judgement on the token before the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// It is as good as the newest: this is one of several requests at once.
    Good,
    /// The newest never reached the browser; it needs another.
    Lost,
    /// The session goes on under the newest: a double click's second request.
    Superseded,
    /// The newest is in use already: one of the two was copied.
    Copied,
}

impl Newest {
    fn is_due(self, now: DateTime<Utc>) -> bool {
        now - self.at >= ROTATED_EVERY
    }

    fn before(self, now: DateTime<Utc>) -> Before {
        let in_flight = now - self.at <= IN_FLIGHT;
        match (in_flight, self.shown, self.rotated) {
            (false, true, _) => Before::Copied,
            (true, _, true) => Before::Good,
            (false, false, true) => Before::Lost,
            (_, _, false) => Before::Superseded,
        }
    }
}

/// A token that is or was the session's, and the facts that it is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenRow {
    /// True if it is the session's newest token.
    pub is_newest: bool,
    pub newest: Newest,
    pub life: Life,
    /// The time at which the second factor was asked for again (L11); `None` if it is not asked for.
    pub lapsed_at: Option<DateTime<Utc>>,
    pub reauth_password_at: Option<DateTime<Utc>>,
}

/// The judgement on a request's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// The session goes on under a newer token.
    Superseded,
    /// Another browser has the token, too.
    Copied,
    /// The session rested too long or grew too old (L9).
    Over,
    Lives {
        /// From now on the person owes the second factor again (L11).
        lapses: bool,
        note: Note,
    },
}

/// The part of the use that has to be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
    Nothing,
    /// The session's last use.
    Use,
    /// The session's last use, and a new token in place of the one that was shown.
    Rotation,
}

/// Judges a token. `shown`: a browser has shown it; else it is on its way there.
pub(super) fn judge<R: People>(
    found: &TokenRow,
    policy: &TenantConfig,
    now: DateTime<Utc>,
    shown: bool,
) -> Judgement {
    let before = (!found.is_newest).then(|| found.newest.before(now));
    match before {
        Some(Before::Superseded) => return Judgement::Superseded,
        Some(Before::Copied) => return Judgement::Copied,
        Some(Before::Good | Before::Lost) | None => {}
    }
    let (life, rules) = (&found.life, R::session_rules(policy));
    if life.is_over::<R>(policy, now) {
        return Judgement::Over;
    }
    let remembered = life.remember_until.is_some() && life.is_whole(&rules);
    // A person who comes back after a rest proves the second factor again, where the union asks for that.
    let lapses = found.lapsed_at.is_none()
        && remembered
        && life.second_factor
        && rules.remember_asks_second_factor
        && rests(&rules, life.last_seen_at, now);
    // A code on its way to the person is bound to the token that asked for it.
    let awaits_code = lapses
        || found.lapsed_at.is_some()
        || found.reauth_password_at.is_some_and(|at| now - at <= CODE_LASTS);
    let due = before == Some(Before::Lost) || (found.is_newest && found.newest.is_due(now));
    let shown_first = shown && found.is_newest && !found.newest.shown;
    let note = if remembered && due && !awaits_code {
        Note::Rotation
    } else if lapses || shown_first || now - life.last_seen_at >= NOTE_EVERY {
        Note::Use
    } else {
        Note::Nothing
    };
    Judgement::Lives { lapses, note }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::realm::Subscribers;

    #[test]
    fn l11_what_the_token_before_is_worth() {
        let at: DateTime<Utc> = "2026-11-21T00:00:00Z".parse().unwrap();
        for (seconds, shown, rotated, worth) in [
            (0, false, true, Before::Good),
            (60, true, true, Before::Good),
            (61, false, true, Before::Lost),
            (61, true, true, Before::Copied),
            (0, false, false, Before::Superseded),
            (60, true, false, Before::Superseded),
            (3600, false, false, Before::Superseded),
            (3600, true, false, Before::Copied),
        ] {
            let newest = Newest { at, shown, rotated };
            let now = at + TimeDelta::seconds(seconds);
            assert_eq!(newest.before(now), worth, "{seconds} {shown} {rotated}");
        }
    }

    fn policy(asks_again: bool) -> TenantConfig {
        let text = include_str!("../../../tenants/klinekenpo.toml");
        let mut policy = crate::tenant::file::parse(text).unwrap();
        policy.sign_in.idle_minutes = 30;
        policy.sign_in.session_hours = 12;
        policy.sign_in.remember_asks_second_factor = asks_again;
        policy
    }

    #[test]
    fn l9_l11_a_token_is_judged_by_its_row_the_policy_and_the_time() {
        let start: DateTime<Utc> = "2026-11-21T00:00:00Z".parse().unwrap();
        let minutes = |minutes| start + TimeDelta::minutes(minutes);
        let plain = TokenRow {
            is_newest: true,
            newest: Newest { at: start, shown: true, rotated: false },
            life: Life {
                created_at: start,
                last_seen_at: start,
                remember_until: None,
                second_factor: true,
                password_set_at: Some(start - TimeDelta::days(1)),
                lost_on: None,
            },
            lapsed_at: None,
            reauth_password_at: None,
        };
        let life = |change: fn(&mut Life)| {
            let mut life = plain.life;
            life.remember_until = Some(start + TimeDelta::days(30));
            change(&mut life);
            life
        };
        let remembered = TokenRow { life: life(|_| {}), ..plain };
        let half = TokenRow { life: life(|life| life.second_factor = false), ..plain };
        let unshown = TokenRow { newest: Newest { shown: false, ..plain.newest }, ..plain };
        let before = |shown, rotated| TokenRow {
            is_newest: false,
            newest: Newest { at: start, shown, rotated },
            ..remembered
        };
        let lives = |note| Judgement::Lives { lapses: false, note };
        let lapse = Judgement::Lives { lapses: true, note: Note::Use };
        let awaiting = TokenRow { reauth_password_at: Some(minutes(59)), ..remembered };
        let lapsed = TokenRow { lapsed_at: Some(start), ..remembered };
        for (case, found, asks_again, at, shown, expected) in [
            ("used a moment ago", plain, false, 0, true, lives(Note::Nothing)),
            ("used a minute ago", plain, false, 1, true, lives(Note::Use)),
            ("shown for the first time", unshown, false, 0, true, lives(Note::Use)),
            ("on its way to the browser", unshown, false, 0, false, lives(Note::Nothing)),
            ("rested for half an hour", plain, false, 32, true, Judgement::Over),
            ("rested, and is remembered", remembered, false, 32, true, lives(Note::Use)),
            ("rested, and is asked again", remembered, true, 32, true, lapse),
            ("was asked again before", lapsed, true, 32, true, lives(Note::Use)),
            ("half a sign-in is not remembered", half, false, 32, true, Judgement::Over),
            ("an hour old", remembered, false, 60, true, lives(Note::Rotation)),
            ("an hour old, with a code in the mail", awaiting, false, 60, true, lives(Note::Use)),
            ("the one before, in flight", before(true, true), false, 1, true, lives(Note::Use)),
            ("the newest was lost", before(false, true), false, 2, true, lives(Note::Rotation)),
            ("a double click", before(false, false), false, 1, true, Judgement::Superseded),
            ("both are in use", before(true, true), false, 2, true, Judgement::Copied),
            ("no longer remembered", remembered, false, 60 * 24 * 30, true, Judgement::Over),
        ] {
            let judged = judge::<Subscribers>(&found, &policy(asks_again), minutes(at), shown);
            assert_eq!(judged, expected, "{case}");
        }
    }
}
