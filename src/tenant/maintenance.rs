//! Maintenance windows (T13), in which the portal is closed: a union's recurring ones by a rule (RFC
//! 5545), and the platform's, planned one by one.

use std::sync::Arc;

use arc_swap::ArcSwap;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use rrule::{RRuleSet, Tz};

use super::notify;
use super::policy::Maintenance;
use crate::base::clock::{Clock, jst};
use crate::base::ids::WindowId;
use crate::db::PlatformTx;

/// Rules that count from a start (such as `INTERVAL=2`) count from here.
const SINCE: &str = "20260101";
/// The number of windows that are computed at a time.
const KNOWN: u16 = 20;
/// People are told of a window this long before.
const TOLD: TimeDelta = TimeDelta::days(3);

/// A time in which the portal is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MaintenanceWindow {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

impl MaintenanceWindow {
    #[must_use]
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        (self.from..self.until).contains(&now)
    }

    /// Returns true if people have to know of it now.
    #[must_use]
    pub fn is_told(&self, now: DateTime<Utc>) -> bool {
        self.from - TOLD <= now && now < self.until
    }

    /// Formats the window in Japan's time: 「11月19日（木）19:00〜22:00」.
    #[must_use]
    pub fn text(&self) -> String {
        let (from, until) = (jst(self.from), jst(self.until));
        let day = |at: DateTime<chrono::FixedOffset>| {
            format!("{}（{}）", at.format("%-m月%-d日"), weekday(at.date_naive()))
        };
        let until_day =
            if from.date_naive() == until.date_naive() { String::new() } else { day(until) };
        format!("{}{}〜{until_day}{}", day(from), from.format("%H:%M"), until.format("%H:%M"))
    }
}

fn weekday(date: NaiveDate) -> char {
    use chrono::Datelike as _;
    ['月', '火', '水', '木', '金', '土', '日'][date.weekday().num_days_from_monday() as usize]
}

/// A union's recurring windows. It caches the next few.
#[derive(Debug)]
pub struct Recurring {
    rule: RRuleSet,
    length: TimeDelta,
    near: ArcSwap<Near>,
}

/// The windows that begin after `since`, in order.
#[derive(Debug)]
struct Near {
    since: DateTime<Utc>,
    windows: Vec<MaintenanceWindow>,
}

impl Near {
    /// Returns true if the cache has every window that people have to know of now.
    fn covers(&self, now: DateTime<Utc>) -> bool {
        let goes_on = self.windows.len() < KNOWN.into();
        let last = self.windows.last().map(|window| window.from);
        self.since <= now && (goes_on || last.is_some_and(|last| last > now + TOLD))
    }
}

impl Recurring {
    /// Reads a rule. The error says in English what is wrong with it.
    pub fn of(maintenance: &Maintenance) -> Result<Self, String> {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").map_err(|e| e.to_string());
        let (from, until) = (time(&maintenance.from)?, time(&maintenance.until)?);
        let start = format!("{SINCE}T{}00", from.format("%H%M"));
        let rule = format!("DTSTART;TZID=Asia/Tokyo:{start}\nRRULE:{}", maintenance.rule);
        let rule: RRuleSet = rule.parse().map_err(|error: rrule::RRuleError| error.to_string())?;
        let never = Near { since: DateTime::<Utc>::MAX_UTC, windows: Vec::new() };
        Ok(Self { rule, length: until - from, near: ArcSwap::from_pointee(never) })
    }

    /// Returns the window that is open, or the next one that people have to know of.
    #[must_use]
    pub fn told(&self, now: DateTime<Utc>) -> Option<MaintenanceWindow> {
        let near = self.near.load();
        if near.covers(now) {
            return told(&near.windows, now);
        }
        let near = self.from(now);
        let window = told(&near.windows, now);
        self.near.store(Arc::new(near));
        window
    }

    fn from(&self, now: DateTime<Utc>) -> Near {
        let since = now - TimeDelta::days(1);
        let after = self.rule.clone().after(since.with_timezone(&Tz::UTC));
        let window = |from: DateTime<Tz>| {
            let from = from.to_utc();
            MaintenanceWindow { from, until: from + self.length }
        };
        Near { since, windows: after.all(KNOWN).dates.into_iter().map(window).collect() }
    }
}

/// Returns the open window that ends last, or else the next one that people have to know of.
#[must_use]
pub fn told(windows: &[MaintenanceWindow], now: DateTime<Utc>) -> Option<MaintenanceWindow> {
    let told = || windows.iter().copied().filter(|window| window.is_told(now));
    let open = told().filter(|window| window.is_open(now)).max_by_key(|window| window.until);
    open.or_else(|| told().min())
}

/// Lists the platform's windows that are not over.
pub async fn planned(
    tx: &mut PlatformTx,
    now: DateTime<Utc>,
) -> Result<Vec<(WindowId, MaintenanceWindow)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id: WindowId", starts_at, ends_at from maintenance_windows
           where cancelled_at is null and ends_at > $1 order by starts_at"#,
        now
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| (row.id, MaintenanceWindow { from: row.starts_at, until: row.ends_at }))
        .collect())
}

/// Plans a window for every union.
pub async fn plan(
    tx: &mut PlatformTx,
    clock: &Clock,
    window: MaintenanceWindow,
    by: &str,
) -> Result<WindowId, sqlx::Error> {
    let id = WindowId::new(clock);
    sqlx::query!(
        "insert into maintenance_windows (id, starts_at, ends_at, planned_at, planned_by)
         values ($1, $2, $3, $4, $5)",
        id as WindowId,
        window.from,
        window.until,
        clock.now(),
        by
    )
    .execute(tx.conn())
    .await?;
    notify::changed(tx.conn()).await?;
    Ok(id)
}

/// Cancels a window, even one that is open. Returns false if there is none, or it is over.
pub async fn cancel(tx: &mut PlatformTx, clock: &Clock, id: WindowId) -> Result<bool, sqlx::Error> {
    let cancelled = sqlx::query!(
        "update maintenance_windows set cancelled_at = $2
         where id = $1 and cancelled_at is null and ends_at > $2",
        id as WindowId,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    notify::changed(tx.conn()).await?;
    Ok(cancelled.rows_affected() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn third_thursday() -> Maintenance {
        Maintenance {
            rule: "FREQ=MONTHLY;BYDAY=3TH".into(),
            from: "19:00".into(),
            until: "22:00".into(),
        }
    }

    fn recurring(rule: &str) -> Recurring {
        Recurring::of(&Maintenance { rule: rule.into(), ..third_thursday() }).unwrap()
    }

    #[test]
    fn t13_the_third_thursday_is_that_of_japan() {
        let recurring = Recurring::of(&third_thursday()).unwrap();
        let window = recurring.told(at("2026-11-18T00:00:00Z")).unwrap();
        assert_eq!(window.from, at("2026-11-19T10:00:00Z"));
        assert_eq!(window.text(), "11月19日（木）19:00〜22:00");
    }

    #[test]
    fn t13_it_is_told_three_days_ahead_and_closed_for_three_hours() {
        let recurring = Recurring::of(&third_thursday()).unwrap();
        for (now, is_told, is_open) in [
            ("2026-11-16T09:59:59Z", false, false),
            ("2026-11-16T10:00:00Z", true, false),
            ("2026-11-19T09:59:59Z", true, false),
            ("2026-11-19T10:00:00Z", true, true),
            ("2026-11-19T12:59:59Z", true, true),
            ("2026-11-19T13:00:00Z", false, false),
            ("2049-07-15T10:00:00Z", true, true),
            ("2026-11-19T10:00:00Z", true, true),
        ] {
            let window = recurring.told(at(now));
            assert_eq!(window.is_some(), is_told, "{now}");
            assert_eq!(window.is_some_and(|window| window.is_open(at(now))), is_open, "{now}");
        }
    }

    #[test]
    fn t13_a_rule_of_every_day_never_ends_and_one_that_ends_does() {
        let daily = recurring("FREQ=DAILY");
        for day in ["2026-01-01", "2027-02-05", "2031-12-31", "2060-02-29"] {
            let now = at(&format!("{day}T10:30:00Z"));
            assert!(daily.told(now).is_some_and(|window| window.is_open(now)), "{day}");
        }
        let twice = recurring("FREQ=DAILY;COUNT=2");
        assert!(twice.told(at("2026-01-02T10:30:00Z")).is_some());
        assert!(twice.told(at("2026-01-03T10:30:00Z")).is_none());
    }

    #[test]
    fn t13_of_windows_that_overlap_the_one_that_ends_last_counts() {
        let window = |from, until| MaintenanceWindow { from: at(from), until: at(until) };
        let windows = [
            window("2026-12-01T01:00:00Z", "2026-12-01T11:00:00Z"),
            window("2026-12-01T03:00:00Z", "2026-12-01T04:00:00Z"),
        ];
        for now in ["2026-12-01T03:30:00Z", "2026-12-01T05:00:00Z"] {
            assert_eq!(told(&windows, at(now)), Some(windows[0]), "{now}");
        }
        assert_eq!(told(&windows, at("2026-12-01T11:00:00Z")), None);
    }

    #[test]
    fn a_window_over_midnight_names_both_days() {
        let window = MaintenanceWindow {
            from: at("2026-12-05T13:00:00Z"),
            until: at("2026-12-05T20:30:00Z"),
        };
        assert_eq!(window.text(), "12月5日（土）22:00〜12月6日（日）05:30");
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for rule in ["", "FREQ=SOMETIMES", "FREQ=MONTHLY;BYDAY=9XX", "FREQ=DAILY;X=\nRRULE:Y"] {
            let rule = rule.to_owned();
            assert!(
                Recurring::of(&Maintenance { rule: rule.clone(), ..third_thursday() }).is_err(),
                "{rule}"
            );
        }
    }
}
