//! The strip that says whom a page is about, so that nobody acts on the wrong person.

use chrono::NaiveDate;
use serde::Serialize;

use crate::base::japanese::{day, day_in_both_calendars};
use crate::console::places;
use crate::members::person::{HouseholdMember, RegistryEntry};
use crate::members::relation::Relation;

/// A person as the strip names them. `components/console/people.html` shows it.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct IdentityBar {
    path: String,
    name: String,
    kana: String,
    /// 記号-番号-枝番
    number: String,
    birthdate: String,
    /// The relation's name in the database; the component has the word.
    relation: &'static str,
    eligibility: Eligibility,
}

/// 資格 as pages show it.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Eligibility {
    /// One of `begins`, `held`, `ends` and `lost`.
    pub(super) state: &'static str,
    /// The day of 資格取得, and of 資格喪失.
    pub(super) acquired: String,
    pub(super) lost: Option<String>,
}

impl Eligibility {
    pub(super) fn of(acquired_on: NaiveDate, lost_on: Option<NaiveDate>, today: NaiveDate) -> Self {
        let state = match lost_on {
            Some(lost) if lost <= today => "lost",
            Some(_) => "ends",
            None if today < acquired_on => "begins",
            None => "held",
        };
        Self { state, acquired: day(acquired_on), lost: lost_on.map(day) }
    }
}

/// Joins 記号, 番号 and 枝番; a union without 記号 has none.
pub(in crate::console) fn number(symbol: &str, number: &str, branch: &str) -> String {
    let parts = [symbol, number, branch].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-")
}

impl IdentityBar {
    pub(super) fn of(person: &RegistryEntry, today: NaiveDate) -> Self {
        Self {
            path: places::person(&person.code),
            name: person.name.clone(),
            kana: person.kana.clone(),
            number: number(&person.symbol, &person.number, &person.branch),
            birthdate: day_in_both_calendars(person.birthdate),
            relation: person.relation.name(),
            eligibility: Eligibility::of(person.acquired_on, person.lost_on, today),
        }
    }

    /// Names another person of the same household.
    pub(super) fn of_household(
        person: &RegistryEntry,
        other: HouseholdMember,
        today: NaiveDate,
    ) -> Self {
        Self {
            path: places::person(&other.code),
            number: number(&person.symbol, &person.number, &other.branch),
            birthdate: day_in_both_calendars(other.birthdate),
            relation: Relation::name(other.relation),
            eligibility: Eligibility::of(other.acquired_on, other.lost_on, today),
            name: other.name,
            kana: other.kana,
        }
    }
}

#[cfg(test)]
impl IdentityBar {
    /// A person of each relation, and with each state of eligibility.
    pub(super) fn samples() -> Vec<Self> {
        let states = ["held", "ends", "lost", "begins", "held"];
        let of = |(relation, state): (&'static str, &'static str)| Self {
            path: "/people/K%2F1".to_owned(),
            name: "テスト <太郎>".to_owned(),
            kana: "テスト タロウ".to_owned(),
            number: "101-11-00".to_owned(),
            birthdate: "1979年8月22日（昭和54年8月22日）".to_owned(),
            relation,
            eligibility: Eligibility {
                state,
                acquired: "2010年4月1日".to_owned(),
                lost: (state != "held").then(|| "2026年4月1日".to_owned()),
            },
        };
        let relations = ["insured", "spouse", "child", "parent", "other"];
        relations.into_iter().zip(states).map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a3_eligibility_is_told_as_it_stands_today() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2026-11-21");
        for (acquired, lost, state) in [
            ("2010-04-01", None, "held"),
            ("2026-11-22", None, "begins"),
            ("2010-04-01", Some("2026-11-22"), "ends"),
            ("2010-04-01", Some("2026-11-21"), "lost"),
        ] {
            let told = Eligibility::of(day(acquired), lost.map(day), today);
            assert_eq!(told.state, state, "{acquired} {lost:?}");
        }
        assert_eq!(number("", "345", "00"), "345-00");
        assert_eq!(number("800", "1234", "01"), "800-1234-01");
    }
}
