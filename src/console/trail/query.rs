//! The filters of the trail. They stand in the address, so that a page can be kept and sent; the only person whom they
//! name is a member, by the union's own code.

use chrono::{DateTime, Months, NaiveDate, NaiveTime, TimeZone as _, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::audit::{ActOutcome, Action, LineKey};
use crate::base::clock::jst;
use crate::base::ids::LoginId;
use crate::base::japanese::{fold, parse_date};
use crate::base::realm::Staff;
use crate::web::trail::place::read_place;

/// The console shows lines of this many months; older ones are kept, but not shown.
pub(super) const SHOWN_MONTHS: u32 = 13;
/// No member code of a union is longer.
const LONGEST_CODE: usize = 64;

/// The values of the filters in an address. An empty value sets no limit.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct TrailQuery {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) staff: String,
    pub(super) member: String,
    /// An action, or a category of actions.
    pub(super) action: String,
    pub(super) outcome: String,
    /// The last line of the page before.
    pub(super) before: String,
}

/// The lines that are wanted, by filters without mistakes.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) since: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
    pub(super) staff: Option<LoginId<Staff>>,
    pub(super) member: Option<String>,
    pub(super) actions: Option<Vec<Action>>,
    pub(super) outcome: Option<ActOutcome>,
    pub(super) before: Option<LineKey>,
}

/// A mistake in a field that people type into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayMistake {
    NoDay,
    /// The console doesn't show lines of that day any more.
    TooOld,
    /// The last day is before the first.
    Reversed,
}

/// The mistakes of the two days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mistakes {
    pub(super) from: Option<DayMistake>,
    pub(super) to: Option<DayMistake>,
}

/// The address names something that no form of ours offers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown;

impl TrailQuery {
    /// Returns the lines that are wanted, or the mistakes in the days.
    pub(super) fn read(&self, today: NaiveDate) -> Result<Result<Wanted, Mistakes>, Unknown> {
        let staff = match self.staff.as_str() {
            "" => None,
            id => Some(LoginId::from_uuid(id.parse::<Uuid>().map_err(|_| Unknown)?)),
        };
        let member = Some(fold(&self.member)).filter(|code| !code.is_empty());
        if member.as_deref().is_some_and(is_no_code) {
            return Err(Unknown);
        }
        let outcome = match self.outcome.as_str() {
            "" => None,
            name => Some(ActOutcome::parse(name).ok_or(Unknown)?),
        };
        let before = match self.before.as_str() {
            "" => None,
            place => Some(read_place(place).ok_or(Unknown)?),
        };
        let actions = self.actions()?;
        let oldest = oldest(today);
        let (from, to) = (day(&self.from), day(&self.to));
        let mistakes = Mistakes {
            from: match from {
                Ok(Some(day)) if day < oldest => Some(DayMistake::TooOld),
                Ok(_) => None,
                Err(mistake) => Some(mistake),
            },
            to: match (from, to) {
                (Ok(Some(from)), Ok(Some(to))) if to < from => Some(DayMistake::Reversed),
                (_, Ok(_)) => None,
                (_, Err(mistake)) => Some(mistake),
            },
        };
        if mistakes != Mistakes::default() {
            return Ok(Err(mistakes));
        }
        let (first, last) =
            (from.ok().flatten().unwrap_or(oldest), to.ok().flatten().unwrap_or(today));
        let after = last.succ_opt().unwrap_or(last);
        let (since, until) = (midnight(first), midnight(after));
        Ok(Ok(Wanted { since, until, staff, member, actions, outcome, before }))
    }

    fn actions(&self) -> Result<Option<Vec<Action>>, Unknown> {
        if self.action.is_empty() {
            return Ok(None);
        }
        if let Some(action) = Action::parse(&self.action) {
            return Ok(Some(vec![action]));
        }
        let of_it = Action::ALL.iter().copied().filter(|action| action.category() == self.action);
        let actions: Vec<_> = of_it.collect();
        if actions.is_empty() { Err(Unknown) } else { Ok(Some(actions)) }
    }

    /// Returns the address's query with only the filters, and other values for some of them.
    pub(super) fn with(&self, others: &[(&str, &str)]) -> String {
        let own = [
            ("from", &self.from),
            ("to", &self.to),
            ("staff", &self.staff),
            ("member", &self.member),
            ("action", &self.action),
            ("outcome", &self.outcome),
        ];
        let kept = own
            .into_iter()
            .filter(|(name, _)| others.iter().all(|(other, _)| other != name))
            .map(|(name, value)| (name, value.as_str()));
        let fields: Vec<_> =
            kept.chain(others.iter().copied()).filter(|(_, value)| !value.is_empty()).collect();
        serde_urlencoded::to_string(fields).unwrap_or_default()
    }

    /// Returns the filters as the line of the act tells them. A member stands in a field of its own.
    pub(super) fn detail(&self) -> Value {
        let fields = [
            ("from", &self.from),
            ("to", &self.to),
            ("staff", &self.staff),
            ("action", &self.action),
            ("outcome", &self.outcome),
            ("before", &self.before),
        ];
        let given = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let given = given.map(|(name, value)| (name.to_owned(), json!(value)));
        Value::Object(given.collect())
    }
}

/// Returns the first day of which lines are shown.
pub(super) fn oldest(today: NaiveDate) -> NaiveDate {
    today.checked_sub_months(Months::new(SHOWN_MONTHS)).unwrap_or(today)
}

/// Nothing else may get onto the trail by this field.
fn is_no_code(text: &str) -> bool {
    text.len() > LONGEST_CODE || text.chars().any(char::is_control)
}

fn day(text: &str) -> Result<Option<NaiveDate>, DayMistake> {
    match text.trim() {
        "" => Ok(None),
        text => parse_date(text).map(Some).ok_or(DayMistake::NoDay),
    }
}

/// Returns the moment at which a day begins in Japan.
fn midnight(day: NaiveDate) -> DateTime<Utc> {
    let zone = jst(DateTime::UNIX_EPOCH).timezone();
    let begins = zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).single();
    begins.map_or(DateTime::UNIX_EPOCH, |begins| begins.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 29).unwrap();

    fn asked(fields: &str) -> TrailQuery {
        serde_urlencoded::from_str(fields).unwrap()
    }

    #[test]
    fn without_filters_the_last_thirteen_months_are_wanted() {
        let wanted = asked("").read(TODAY).unwrap().unwrap();
        assert_eq!(wanted.since.to_rfc3339(), "2025-10-28T15:00:00+00:00");
        assert_eq!(wanted.until.to_rfc3339(), "2026-11-29T15:00:00+00:00");
        assert!(wanted.actions.is_none() && wanted.member.is_none() && wanted.before.is_none());
    }

    #[test]
    fn a_filter_by_a_category_is_one_by_all_its_actions() {
        let wanted = asked("action=staff&outcome=refused&member=%EF%BC%AB1");
        let wanted = wanted.read(TODAY).unwrap().unwrap();
        let actions = wanted.actions.unwrap();
        assert!(actions.contains(&Action::StaffInvited) && actions.len() > 2);
        assert_eq!(wanted.outcome, Some(ActOutcome::Refused));
        assert_eq!(wanted.member.as_deref(), Some("K1"));
        let one = asked("action=sign_out").read(TODAY).unwrap().unwrap();
        assert_eq!(one.actions, Some(vec![Action::SignOut]));
    }

    #[test]
    fn what_no_form_offers_is_not_found() {
        for fields in [
            "staff=1",
            "action=nothing",
            "outcome=maybe",
            "before=x",
            "before=1-2",
            "member=K%00",
            "member=K%0a1",
        ] {
            assert_eq!(asked(fields).read(TODAY).err(), Some(Unknown), "{fields}");
        }
    }

    #[test]
    fn mistakes_in_days_are_told_at_their_fields() {
        let mistakes = |fields: &str| asked(fields).read(TODAY).unwrap().unwrap_err();
        assert_eq!(mistakes("from=x").from, Some(DayMistake::NoDay));
        assert_eq!(mistakes("from=2025-10-28").from, Some(DayMistake::TooOld));
        assert_eq!(mistakes("from=2026-11-02&to=2026-11-01").to, Some(DayMistake::Reversed));
        assert!(asked("from=2026-11-01&to=2026-11-01").read(TODAY).unwrap().is_ok());
    }

    #[test]
    fn an_address_without_filters_is_bare() {
        let query = asked("from=2026-11-01&staff=&before=x");
        assert_eq!(query.with(&[("before", "1-2")]), "from=2026-11-01&before=1-2");
        assert_eq!(query.with(&[("from", "")]), "");
    }
}
