//! Sessions that a change of policy ends.

use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use std::collections::HashSet;

use super::rule::{Touch, TouchRule};
use crate::auth::people::People as _;
use crate::auth::session::life::{Life, rests};
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;
use crate::tenant::policy::TenantConfig;

/// A session that was not ended.
pub(super) struct UnendedSession {
    login: LoginId,
    life: Life,
    lapsed: bool,
}

fn all(tx: &mut TenantTx) -> BoxStream<'_, Result<UnendedSession, sqlx::Error>> {
    let rows = sqlx::query!(
        r#"select s.login_id as "login: LoginId", s.created_at, s.last_seen_at,
                  s.remember_until, s.second_factor_at is not null as "second_factor!",
                  s.second_factor_lapsed_at is not null as "lapsed!", l.password_set_at, m.lost_on
           from sessions s
           join logins l on l.tenant_id = s.tenant_id and l.realm = s.realm and l.id = s.login_id
           join subscribers p on p.tenant_id = l.tenant_id and p.login_id = l.id
           join members m on m.tenant_id = p.tenant_id and m.code = p.member_code
           where s.tenant_id = $1 and s.realm = $2 and s.ended_at is null"#,
        tx.tenant() as TenantId,
        Subscribers::NAME
    )
    .fetch(tx.conn());
    Box::pin(rows.map_ok(|row| UnendedSession {
        login: row.login,
        lapsed: row.lapsed,
        life: Life {
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            remember_until: row.remember_until,
            second_factor: row.second_factor,
            password_set_at: row.password_set_at,
            lost_on: row.lost_on,
        },
    }))
}

fn rule<'r>(
    setting: &'static str,
    whom: &str,
    touches: impl Fn(&UnendedSession) -> bool + Send + Sync + 'r,
) -> TouchRule<'r, UnendedSession> {
    TouchRule { setting, whom: whom.to_owned(), touches: Box::new(touches) }
}

/// The number of living sessions, and of their people.
pub(super) async fn living(
    tx: &mut TenantTx,
    clock: &Clock,
    policy: &TenantConfig,
) -> Result<(i64, i64), sqlx::Error> {
    let rule = rule("", "", |living: &UnendedSession| {
        !living.life.is_over::<Subscribers>(policy, clock.now())
    });
    let counted = count_by(tx, vec![rule]).await?;
    Ok(counted.first().map_or((0, 0), |touch| (touch.sessions.unwrap_or_default(), touch.people)))
}

/// Counts the sessions that end, by the setting that ends them. Each setting is tried by itself.
pub(super) async fn count(
    tx: &mut TenantTx,
    clock: &Clock,
    before: &TenantConfig,
    after: &TenantConfig,
) -> Result<Vec<Touch>, sqlx::Error> {
    let now = clock.now();
    let mut rules = Vec::new();
    let ends = "ログインが終了する人";
    for (setting, take) in GROUPS {
        let mut alone = before.clone();
        take(&mut alone, after);
        if alone == *before {
            continue;
        }
        let was = Subscribers::session_rules(before);
        let asks_again = Subscribers::session_rules(&alone);
        rules.push(rule(setting, ends, move |living: &UnendedSession| {
            !living.life.is_over::<Subscribers>(before, now)
                && living.life.is_over::<Subscribers>(&alone, now)
        }));
        if asks_again.remember_asks_second_factor {
            let lapses = move |living: &UnendedSession| {
                let was_asked =
                    was.remember_asks_second_factor && rests(&was, living.life.last_seen_at, now);
                living.life.remember_until.is_some_and(|until| until > now)
                    && living.life.second_factor
                    && !living.lapsed
                    && !was_asked
                    && rests(&asks_again, living.life.last_seen_at, now)
            };
            rules.push(rule(setting, "二要素認証をもう一度求められる人", lapses));
        }
    }
    if before.hosts.canonical != after.hosts.canonical {
        rules.push(rule(
            "hosts.canonical",
            "ホスト名が変わり、ログインし直す人",
            move |living: &UnendedSession| !living.life.is_over::<Subscribers>(before, now),
        ));
    }
    count_by(tx, rules).await
}

/// Takes one group of settings over into another policy.
type Take = fn(&mut TenantConfig, &TenantConfig);

const GROUPS: [(&str, Take); 6] = [
    ("sign_in.second_factors", |policy, new| {
        policy.sign_in.second_factors.clone_from(&new.sign_in.second_factors);
    }),
    ("sign_in.idle_minutes", |policy, new| {
        policy.sign_in.idle_minutes = new.sign_in.idle_minutes;
    }),
    ("sign_in.session_hours", |policy, new| {
        policy.sign_in.session_hours = new.sign_in.session_hours;
    }),
    ("sign_in.remember_asks_second_factor", |policy, new| {
        policy.sign_in.remember_asks_second_factor = new.sign_in.remember_asks_second_factor;
    }),
    ("password.max_age_years", |policy, new| {
        policy.password.max_age_years = new.password.max_age_years;
    }),
    ("after_loss.years", |policy, new| policy.after_loss = new.after_loss.clone()),
];

async fn count_by(
    tx: &mut TenantTx,
    rules: Vec<TouchRule<'_, UnendedSession>>,
) -> Result<Vec<Touch>, sqlx::Error> {
    let mut counts = vec![(0, HashSet::new()); rules.len()];
    if !rules.is_empty() {
        let mut rows = all(tx);
        while let Some(living) = rows.try_next().await? {
            for ((sessions, people), rule) in counts.iter_mut().zip(&rules) {
                if (rule.touches)(&living) {
                    *sessions += 1;
                    people.insert(living.login.0);
                }
            }
        }
    }
    let touch =
        |((sessions, people), rule): ((i64, HashSet<_>), TouchRule<'_, UnendedSession>)| Touch {
            setting: rule.setting,
            whom: rule.whom,
            people: i64::try_from(people.len()).unwrap_or(i64::MAX),
            sessions: Some(sessions),
        };
    Ok(counts.into_iter().zip(rules).map(touch).collect())
}
