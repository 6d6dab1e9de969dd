//! Strangeness, as pure functions of the acts of one staff member.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Datelike as _, DurationRound as _, TimeDelta, Timelike as _, Utc, Weekday};

use super::looks::Look;
use crate::base::clock::jst;

/// More people than this in an hour are many.
const MANY: usize = 30;
/// So many numbers that follow one another are no chance.
const SEQUENCE: usize = 5;
pub(super) const HOUR: TimeDelta = TimeDelta::hours(1);
/// The night lasts from the first hour to the second.
const NIGHT: (u32, u32) = (22, 6);

/// Returns true at night and on weekends in Japan. There is no list of holidays.
pub(super) fn is_off_hours(at: DateTime<Utc>) -> bool {
    let at = jst(at);
    let is_night = at.hour() >= NIGHT.0 || at.hour() < NIGHT.1;
    is_night || matches!(at.weekday(), Weekday::Sat | Weekday::Sun)
}

/// Returns when the working day began to which a moment belongs. A night belongs to the day on whose evening it began.
pub(super) fn working_day(at: DateTime<Utc>) -> DateTime<Utc> {
    let begins = TimeDelta::hours(NIGHT.1.into());
    let day = (jst(at) - begins).duration_trunc(TimeDelta::days(1));
    day.map_or(at, |day| day.to_utc() + begins)
}

/// Returns when the hour began to which a moment belongs.
pub(super) fn hour(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(HOUR).unwrap_or(at)
}

/// The hour of looks that ends with a look.
struct Window<'l> {
    people: HashMap<&'l str, usize>,
    numbers: BTreeMap<&'l str, BTreeMap<i64, usize>>,
}

/// A strange look, with the number of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Strange {
    pub at: DateTime<Utc>,
    pub people: usize,
}

/// The strange ones among looks, in the order of time.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct StrangeLooks {
    pub many: Vec<Strange>,
    pub sequences: Vec<Strange>,
    /// The looks at the staff member's own household.
    pub own: Vec<Strange>,
}

pub(super) fn judge(looks: &[Look]) -> StrangeLooks {
    let mut found = StrangeLooks::default();
    let mut window = Window { people: HashMap::new(), numbers: BTreeMap::new() };
    let mut first = 0;
    for look in looks {
        while looks[first].at <= look.at - HOUR {
            window.forget(&looks[first]);
            first += 1;
        }
        window.add(look);
        let people = window.people.len();
        if people > MANY {
            found.many.push(Strange { at: look.at, people });
        }
        let people = window.longest_sequence(look);
        if people >= SEQUENCE {
            found.sequences.push(Strange { at: look.at, people });
        }
        if look.is_own_household {
            found.own.push(Strange { at: look.at, people: 1 });
        }
    }
    found
}

impl<'l> Window<'l> {
    fn add(&mut self, look: &'l Look) {
        *self.people.entry(&look.person).or_default() += 1;
        if let Some((symbol, number)) = &look.number {
            *self.numbers.entry(symbol).or_default().entry(*number).or_default() += 1;
        }
    }

    fn forget(&mut self, look: &'l Look) {
        if let Some(times) = self.people.get_mut(look.person.as_str()) {
            *times -= 1;
            if *times == 0 {
                self.people.remove(look.person.as_str());
            }
        }
        if let Some((symbol, number)) = &look.number
            && let Some(numbers) = self.numbers.get_mut(symbol.as_str())
            && let Some(times) = numbers.get_mut(number)
        {
            *times -= 1;
            if *times == 0 {
                numbers.remove(number);
            }
        }
    }

    /// Counts the numbers that follow one another without a gap, up and down from that of a look.
    fn longest_sequence(&self, look: &Look) -> usize {
        let Some((symbol, number)) = &look.number else { return 0 };
        let Some(numbers) = self.numbers.get(symbol.as_str()) else { return 0 };
        let known: BTreeSet<i64> = numbers.keys().copied().collect();
        let up = (*number..).take_while(|number| known.contains(number)).count();
        let down = (1..).take_while(|back| known.contains(&(number - back))).count();
        up + down
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    fn look(seconds: i64, person: &str, number: Option<i64>) -> Look {
        Look {
            at: time("2026-11-30T10:00:00+09:00") + TimeDelta::seconds(seconds),
            person: person.to_owned(),
            number: number.map(|number| ("800".to_owned(), number)),
            is_own_household: false,
        }
    }

    #[test]
    fn the_night_and_the_weekend_are_no_working_hours() {
        for (at, off) in [
            ("2026-11-30T05:59:59+09:00", true),
            ("2026-11-30T06:00:00+09:00", false),
            ("2026-11-30T21:59:59+09:00", false),
            ("2026-11-30T22:00:00+09:00", true),
            ("2026-11-28T12:00:00+09:00", true),
            ("2026-11-29T12:00:00+09:00", true),
        ] {
            assert_eq!(is_off_hours(time(at)), off, "{at}");
        }
        let (evening, morning) = ("2026-11-30T23:00:00+09:00", "2026-12-01T05:00:00+09:00");
        assert_eq!(working_day(time(evening)), working_day(time(morning)));
        assert_eq!(working_day(time(evening)), time("2026-11-30T06:00:00+09:00"));
    }

    #[test]
    fn the_thirty_first_person_within_an_hour_is_one_too_many() {
        let people = |gap: i64| -> Vec<Look> {
            (0..40).map(|n| look(n * gap, &format!("K{n}"), None)).collect()
        };
        let many = judge(&people(60)).many;
        assert_eq!(many.first().map(|strange| strange.people), Some(31));
        assert_eq!(judge(&people(120)).many, [], "thirty in each hour");
        let same: Vec<_> = (0..100).map(|n| look(n, "K1", Some(7))).collect();
        assert_eq!(judge(&same), StrangeLooks::default(), "one person, often");
    }

    #[test]
    fn five_numbers_in_a_row_are_a_sequence_in_whatever_order() {
        let looks = |numbers: &[i64]| -> Vec<Look> {
            let each = (0..).zip(numbers);
            each.map(|(n, number)| look(n, &format!("K{number}"), Some(*number))).collect()
        };
        let found = judge(&looks(&[12, 10, 14, 11, 13]));
        assert_eq!(found.sequences.iter().map(|s| s.people).collect::<Vec<_>>(), [5]);
        assert_eq!(judge(&looks(&[10, 12, 14, 16, 18, 11])).sequences, []);
        assert_eq!(judge(&looks(&[10, 10, 10, 10, 10])).sequences, [], "a family");
    }
}
