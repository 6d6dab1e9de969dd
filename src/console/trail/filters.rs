//! The form with the filters of the trail, and the filters that are set.

use serde::Serialize;
use uuid::Uuid;

use super::query::{DayMistake, Mistakes, TrailQuery};
use crate::audit::{ActOutcome, Action};
use crate::base::ids::LoginId;
use crate::base::realm::Staff;
use crate::console::places::TRAIL;
use crate::web::form::{Field, FormError, RadioButton, summary};

const NO_DAY: &str = "日付を正しく入力してください。";
const TOO_OLD: &str = "この画面で見られるのは、13か月前までの操作履歴です。";
const REVERSED: &str = "終わりの日には、始まりの日か、それより後の日を入力してください。";

#[derive(Debug, Serialize)]
pub(super) struct Filters {
    pub(super) errors: Vec<FormError>,
    from: Field,
    to: Field,
    member: Field,
    staff: Field,
    staff_choices: Vec<RadioButton>,
    action: String,
    categories: Vec<Category>,
    outcome: String,
    outcomes: Vec<&'static str>,
    chips: Vec<Chip>,
}

/// The actions on one thing.
#[derive(Debug, Serialize)]
struct Category {
    name: &'static str,
    actions: Vec<&'static str>,
}

/// A filter that is set, and the page without it.
#[derive(Debug, Serialize)]
struct Chip {
    /// The filter's name in the address.
    filter: &'static str,
    value: String,
    without: String,
}

impl Filters {
    pub(super) fn of(
        query: &TrailQuery,
        mistakes: Mistakes,
        staff: &[(LoginId<Staff>, String)],
    ) -> Self {
        let field = |value: &str, mistake: Option<DayMistake>| Field {
            value: value.to_owned(),
            error: mistake.map(|mistake| words(mistake).to_owned()),
        };
        let (from, to) = (field(&query.from, mistakes.from), field(&query.to, mistakes.to));
        Self {
            errors: summary(&[("from", &from), ("to", &to)]),
            from,
            to,
            member: Field::with_value(&query.member),
            staff: Field::with_value(&query.staff),
            staff_choices: staff_choices(staff, &query.staff),
            action: query.action.clone(),
            categories: categories(),
            outcome: query.outcome.clone(),
            outcomes: ActOutcome::ALL.map(ActOutcome::name).to_vec(),
            chips: chips(query, staff),
        }
    }
}

const fn words(mistake: DayMistake) -> &'static str {
    match mistake {
        DayMistake::NoDay => NO_DAY,
        DayMistake::TooOld => TOO_OLD,
        DayMistake::Reversed => REVERSED,
    }
}

fn staff_choices(staff: &[(LoginId<Staff>, String)], chosen: &str) -> Vec<RadioButton> {
    let choice = |value: String, label: &str| {
        let checked = value == chosen;
        RadioButton { value, label: label.to_owned(), recommended: false, checked }
    };
    let everybody = choice(String::new(), "指定なし");
    let each = staff.iter().map(|(login, name)| choice(login.to_string(), name));
    std::iter::once(everybody).chain(each).collect()
}

/// Returns the actions by category, in the order in which the trail lists them.
fn categories() -> Vec<Category> {
    let mut categories: Vec<Category> = Vec::new();
    for action in Action::ALL {
        let (name, action) = (action.category(), action.name());
        match categories.iter_mut().find(|category| category.name == name) {
            Some(category) => category.actions.push(action),
            None => categories.push(Category { name, actions: vec![action] }),
        }
    }
    categories
}

fn chips(query: &TrailQuery, staff: &[(LoginId<Staff>, String)]) -> Vec<Chip> {
    let id = query.staff.parse::<Uuid>().ok();
    let name = staff.iter().find(|(login, _)| Some(login.0) == id).map(|(_, name)| name);
    let set = [
        ("from", query.from.trim()),
        ("to", query.to.trim()),
        ("staff", name.map_or(query.staff.as_str(), String::as_str)),
        ("member", query.member.trim()),
        ("action", query.action.as_str()),
        ("outcome", query.outcome.as_str()),
    ];
    let chip = |(filter, value): (&'static str, &str)| {
        let rest = query.with(&[(filter, "")]);
        let without = if rest.is_empty() { TRAIL.to_owned() } else { format!("{TRAIL}?{rest}") };
        Chip { filter, value: value.to_owned(), without }
    };
    set.into_iter().filter(|(_, value)| !value.is_empty()).map(chip).collect()
}
