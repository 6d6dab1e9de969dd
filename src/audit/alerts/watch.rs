//! Looks for what is strange among lines that were just sealed. So each line is looked at once, by whichever worker.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::looks::looks;
use super::rules::{self, HOUR, Strange};
use super::{AlertKind, Raised, raise};
use crate::audit::seals::stored::StoredLine;
use crate::base::clock::Clock;
use crate::db::TenantTx;

/// Nobody is alerted to what is older: it is sealed late, or was there before alerts were.
const NEWS: TimeDelta = TimeDelta::days(1);

/// The new acts of a staff member.
struct Acts<'l> {
    label: Option<&'l str>,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    off_hours: Vec<DateTime<Utc>>,
}

/// Raises the alerts that lines give cause to.
pub async fn watch(
    tx: &mut TenantTx,
    clock: &Clock,
    sealed: &[StoredLine],
) -> Result<(), sqlx::Error> {
    let since = clock.now() - NEWS;
    let mut of_staff: BTreeMap<Uuid, Acts<'_>> = BTreeMap::new();
    for line in sealed.iter().filter(|line| line.actor_kind == "staff" && line.at > since) {
        let Some(actor) = line.actor_id else { continue };
        let acts = of_staff.entry(actor).or_insert(Acts {
            label: None,
            first: line.at,
            last: line.at,
            off_hours: Vec::new(),
        });
        acts.label = line.actor_label.as_deref().or(acts.label);
        (acts.first, acts.last) = (acts.first.min(line.at), acts.last.max(line.at));
        if rules::is_off_hours(line.at) {
            acts.off_hours.push(line.at);
        }
    }
    for (actor, acts) in &of_staff {
        for at in &acts.off_hours {
            let (kind, period) = (AlertKind::OffHours, rules::working_day(*at));
            let label = acts.label;
            raise(tx, clock, &Raised { kind, actor: *actor, label, period, at: *at, people: None })
                .await?;
        }
        let looks = looks(tx, *actor, acts.first - HOUR, acts.last).await?;
        let strange = rules::judge(&looks);
        let period: fn(DateTime<Utc>) -> DateTime<Utc> = rules::hour;
        for (kind, found, period) in [
            (AlertKind::ManyPeople, strange.many, period),
            (AlertKind::NumberSequence, strange.sequences, period),
            (AlertKind::OwnHousehold, strange.own, rules::working_day),
        ] {
            for (period, Strange { at, people }) in most_each(&found, period) {
                let (label, people) = (acts.label, i32::try_from(people).ok());
                raise(tx, clock, &Raised { kind, actor: *actor, label, period, at, people })
                    .await?;
            }
        }
    }
    Ok(())
}

/// Returns what was strangest in each period.
fn most_each(
    found: &[Strange],
    period: impl Fn(DateTime<Utc>) -> DateTime<Utc>,
) -> BTreeMap<DateTime<Utc>, Strange> {
    let mut most: BTreeMap<DateTime<Utc>, Strange> = BTreeMap::new();
    for strange in found {
        let kept = most.entry(period(strange.at)).or_insert(*strange);
        if strange.people > kept.people {
            *kept = *strange;
        }
    }
    most
}
