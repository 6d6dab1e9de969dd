//! When the portal rests (T13): a union's recurring window, written once as a rule (RFC 5545), and the
//! platform's own, planned one by one.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use rrule::{RRuleSet, Tz};

use super::policy::Maintenance;
use crate::base::clock::{Clock, jst};
use crate::base::ids::WindowId;
use crate::db::PlatformTx;

/// Rules count from here, where it matters to them.
const SINCE: &str = "20260101";
/// So far ahead a union's windows are known: far longer than a server runs.
const KNOWN: u16 = 400;
/// So long before it is told.
const TOLD: TimeDelta = TimeDelta::days(3);

/// A time in which the portal is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

impl Window {
    #[must_use]
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        (self.from..self.until).contains(&now)
    }

    /// Whether it is time to tell people.
    #[must_use]
    pub fn is_told(&self, now: DateTime<Utc>) -> bool {
        self.from - TOLD <= now && now < self.until
    }

    /// 「11月19日（木）19:00〜22:00」, in Japan's time.
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

impl Maintenance {
    /// The windows from 2026 on.
    ///
    /// # Errors
    /// What is wrong with the rule.
    pub fn windows(&self) -> Result<Vec<Window>, String> {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").map_err(|e| e.to_string());
        let (from, until) = (time(&self.from)?, time(&self.until)?);
        let start = format!("{SINCE}T{}00", from.format("%H%M"));
        let rule = format!("DTSTART;TZID=Asia/Tokyo:{start}\nRRULE:{}", self.rule);
        let set: RRuleSet = rule.parse().map_err(|error: rrule::RRuleError| error.to_string())?;
        let window = |from_at: DateTime<Tz>| {
            let from_at = from_at.to_utc();
            Window { from: from_at, until: from_at + (until - from) }
        };
        Ok(set.all(KNOWN).dates.into_iter().map(window).collect())
    }
}

/// The window that is open, or the next that people have to know of.
#[must_use]
pub fn told(windows: &[Window], now: DateTime<Utc>) -> Option<Window> {
    let next = windows.partition_point(|window| window.until <= now);
    windows.get(next).copied().filter(|window| window.is_told(now))
}

/// The platform's own windows that are not over.
///
/// # Errors
/// The database's.
pub async fn planned(
    tx: &mut PlatformTx,
    now: DateTime<Utc>,
) -> Result<Vec<(WindowId, Window)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id: WindowId", starts_at, ends_at from maintenance_windows
           where cancelled_at is null and ends_at > $1 order by starts_at"#,
        now
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (row.id, Window { from: row.starts_at, until: row.ends_at })).collect())
}

/// Plans a window for every union.
///
/// # Errors
/// The database's.
pub async fn plan(
    tx: &mut PlatformTx,
    clock: &Clock,
    window: Window,
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
    Ok(id)
}

/// Cancels a window, also one that is open. Whether there was one.
///
/// # Errors
/// The database's.
pub async fn cancel(tx: &mut PlatformTx, clock: &Clock, id: WindowId) -> Result<bool, sqlx::Error> {
    let cancelled = sqlx::query!(
        "update maintenance_windows set cancelled_at = $2
         where id = $1 and cancelled_at is null and ends_at > $2",
        id as WindowId,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
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

    #[test]
    fn t13_the_third_thursday_is_that_of_japan() {
        let windows = third_thursday().windows().unwrap();
        let window = told(&windows, at("2026-11-18T00:00:00Z")).unwrap();
        assert_eq!(window.from, at("2026-11-19T10:00:00Z"));
        assert_eq!(window.text(), "11月19日（木）19:00〜22:00");
        assert!(windows.last().unwrap().from > at("2050-01-01T00:00:00Z"));
    }

    #[test]
    fn t13_it_is_told_three_days_ahead_and_closed_for_three_hours() {
        let windows = third_thursday().windows().unwrap();
        for (now, is_told, is_open) in [
            ("2026-11-16T09:59:59Z", false, false),
            ("2026-11-16T10:00:00Z", true, false),
            ("2026-11-19T09:59:59Z", true, false),
            ("2026-11-19T10:00:00Z", true, true),
            ("2026-11-19T12:59:59Z", true, true),
            ("2026-11-19T13:00:00Z", false, false),
        ] {
            let window = told(&windows, at(now));
            assert_eq!(window.is_some(), is_told, "{now}");
            assert_eq!(window.is_some_and(|window| window.is_open(at(now))), is_open, "{now}");
        }
    }

    #[test]
    fn a_window_over_midnight_names_both_days() {
        let window = Window { from: at("2026-12-05T13:00:00Z"), until: at("2026-12-05T20:30:00Z") };
        assert_eq!(window.text(), "12月5日（土）22:00〜12月6日（日）05:30");
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for rule in ["", "FREQ=SOMETIMES", "FREQ=MONTHLY;BYDAY=9XX", "FREQ=DAILY;X=\nRRULE:Y"] {
            let rule = rule.to_owned();
            assert!(
                Maintenance { rule: rule.clone(), ..third_thursday() }.windows().is_err(),
                "{rule}"
            );
        }
    }
}
