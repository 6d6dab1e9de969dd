//! The only source of time. A test can hold it and move it.
//!
//! Nothing else may ask the machine for the time (clippy bans it), so a test of a thirty-minute
//! link doesn't take thirty minutes. Days are days in Japan, because every union is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveTime, Utc};

/// Japan Standard Time has had no daylight saving since 1951.
const JST_SECONDS_EAST: i32 = 9 * 60 * 60;

/// A clock: the machine's, or one that a test moves.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    #[default]
    System,
    /// Microseconds since 1970; only [`Clock::advance`] moves them.
    Test(Arc<AtomicI64>),
}

impl Clock {
    /// Makes a clock that stands at `start` until it is moved.
    #[must_use]
    pub fn test(start: DateTime<Utc>) -> Self {
        Self::Test(Arc::new(AtomicI64::new(start.timestamp_micros())))
    }

    /// Returns the time to the microsecond, which is PostgreSQL's resolution, so a time read back
    /// compares equal.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that may ask")]
            Self::System => Utc::now().timestamp_micros(),
            Self::Test(micros) => micros.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }

    /// Returns the time that a test holds, or `None` for the machine's clock. On `None`, callers use the
    /// database's clock for what several machines do together: a mail that is due at once must not wait because
    /// this machine's clock is ahead.
    #[must_use]
    pub fn held(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::System => None,
            Self::Test(_) => Some(self.now()),
        }
    }

    /// Returns today's date in Japan.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        jst(self.now()).date_naive()
    }

    /// Moves a test's clock. The machine's clock is not touched.
    pub fn advance(&self, by: Duration) {
        if let Self::Test(micros) = self {
            micros.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        }
    }
}

/// Returns the same instant as a wall clock in Japan shows it.
#[must_use]
pub fn jst(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    let tokyo = FixedOffset::east_opt(JST_SECONDS_EAST).expect("nine hours is a valid offset");
    at.with_timezone(&tokyo)
}

/// Returns the instant at which a day begins in Japan.
#[must_use]
pub fn midnight(day: NaiveDate) -> DateTime<Utc> {
    (day.and_time(NaiveTime::MIN) - Duration::seconds(JST_SECONDS_EAST.into())).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_japan() {
        let clock = Clock::test("2026-03-31T14:59:59Z".parse().unwrap());
        assert_eq!(clock.today().to_string(), "2026-03-31");
        clock.advance(Duration::seconds(1));
        assert_eq!(clock.today().to_string(), "2026-04-01");
        assert_eq!(midnight(clock.today()), clock.now());
    }
}
