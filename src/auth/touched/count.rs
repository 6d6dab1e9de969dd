//! Counts the people whom a change of policy touches.

use futures_util::TryStreamExt as _;

use super::people::{self, MemberFacts};
use super::rule::{Touch, TouchRule};
use super::{rules, sessions, staff};
use crate::base::clock::Clock;
use crate::db::TenantTx;
use crate::tenant::policy::TenantConfig;

/// Counts the people of the transaction's union whom replacing one policy by another touches, by what
/// happens to them. Nothing for settings that did not change.
pub async fn count(
    tx: &mut TenantTx,
    clock: &Clock,
    before: &TenantConfig,
    after: &TenantConfig,
) -> Result<Vec<Touch>, sqlx::Error> {
    let mut touches =
        count_people(tx, rules::of(before, after, clock.today(), clock.now())).await?;
    touches.extend(sessions::count(tx, clock, before, after).await?);
    touches.extend(staff::count(tx, before, after).await?);
    touches.sort_by_key(|touch| touch.setting);
    Ok(touches)
}

/// Counts the living sessions of the transaction's union, and their people.
pub async fn living_sessions(
    tx: &mut TenantTx,
    clock: &Clock,
    policy: &TenantConfig,
) -> Result<(i64, i64), sqlx::Error> {
    sessions::living(tx, clock, policy).await
}

async fn count_people(
    tx: &mut TenantTx,
    rules: Vec<TouchRule<'_, MemberFacts>>,
) -> Result<Vec<Touch>, sqlx::Error> {
    let mut counts = vec![0; rules.len()];
    if !rules.is_empty() {
        let mut rows = people::all(tx);
        while let Some(person) = rows.try_next().await? {
            for (count, rule) in counts.iter_mut().zip(&rules) {
                *count += i64::from((rule.touches)(&person));
            }
        }
    }
    let touch =
        |(people, TouchRule { setting, whom, .. })| Touch { setting, whom, people, sessions: None };
    Ok(counts.into_iter().zip(rules).map(touch).collect())
}
