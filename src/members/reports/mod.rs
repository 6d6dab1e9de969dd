//! Numbers of a union's people by group: who is registered, who is locked, whom no mail reaches.
//!
//! A group of few people says too much of each, so it is not shown, nor what it could be worked out from ([`hiding`]).
//! The members' files name no workplace, so people are grouped by the 記号 of their card.

pub mod csv;
pub mod hiding;

mod count;

use chrono::NaiveDate;

use self::count::Counts;
use self::hiding::Cell;
use crate::auth::staff::act::Act;
use crate::auth::staff::desk::Desk;
use crate::base::clock::Clock;

/// The number of weeks that are told one by one; those before are one group.
const WEEKS: usize = 26;

/// The people of a group, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Members who have not lost eligibility.
    pub members: Cell,
    pub registered: Cell,
    pub unregistered: Cell,
    /// Wrong passwords or second factors have locked them out.
    pub locked: Cell,
    /// The last mail to their address came back.
    pub undelivered: Cell,
}

impl Line {
    fn of([members, registered, unregistered, locked, undelivered]: [Cell; 5]) -> Self {
        Self { members, registered, unregistered, locked, undelivered }
    }

    /// Returns the registered share, in tenths of a percent, if the numbers themselves are shown.
    #[must_use]
    pub fn share(&self) -> Option<i64> {
        match (self.members, self.registered) {
            (Cell::Shown(members), Cell::Shown(registered)) if members > 0 => {
                Some(registered * 1_000 / members)
            }
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub all: Line,
    /// By 記号.
    pub symbols: Vec<(String, Line)>,
    /// The people who registered in a week, which begins on that Monday, the latest first. `None` for all before.
    pub weeks: Vec<(Option<NaiveDate>, Cell)>,
}

/// Counts the union's people. `A` is the act of looking at the numbers, or of taking them away.
pub async fn count<A: Act>(desk: &mut Desk<A>, clock: &Clock) -> Result<Report, sqlx::Error> {
    let tx = desk.tx();
    let symbols = count::by_symbol(tx, clock.today()).await?;
    let weeks = count::by_week(tx, clock.today()).await?;
    Ok(report(symbols, weeks))
}

fn report(symbols: Vec<(String, Counts)>, weeks: Vec<(NaiveDate, i64)>) -> Report {
    let all = symbols.iter().fold([0; 5], |mut sum, (_, counts)| {
        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        sum
    });
    let (names, counts): (Vec<_>, Vec<_>) = symbols.into_iter().unzip();
    let lines = hiding::table(&counts).into_iter().map(Line::of);
    Report {
        all: Line::of(hiding::line(all)),
        symbols: names.into_iter().zip(lines).collect(),
        weeks: by_week(weeks),
    }
}

fn by_week(mut weeks: Vec<(NaiveDate, i64)>) -> Vec<(Option<NaiveDate>, Cell)> {
    let before: i64 = weeks.drain(WEEKS.min(weeks.len())..).map(|(_, count)| count).sum();
    let mut weeks: Vec<_> = weeks.into_iter().map(|(week, count)| (Some(week), count)).collect();
    if before > 0 {
        weeks.push((None, before));
    }
    let (names, counts): (Vec<_>, Vec<_>) = weeks.into_iter().unzip();
    names.into_iter().zip(hiding::column(&counts)).collect()
}
