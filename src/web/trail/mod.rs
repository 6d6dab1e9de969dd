//! A line of the trail as pages show it. `components/console/trail.html` makes a sentence of it.

pub mod place;

use serde::Serialize;
use serde_json::Value;

use crate::audit::{ActOutcome, Action, Recorded};
use crate::auth::staff::right::StaffRole;
use crate::base::clock::jst;
use crate::base::user_agent::device;

/// A line of the trail for a template.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TrailLineView {
    pub id: String,
    /// The moment in Japan, to the second.
    pub at: String,
    pub actor_kind: String,
    /// The actor's name at that time. Subscribers have none.
    pub actor: Option<String>,
    /// The roles that staff had, such as 「編集・管理者」.
    pub roles: Option<String>,
    /// True for what people did to their own account.
    pub own: bool,
    /// True if nothing proved who the actor is.
    pub unknown: bool,
    pub action: String,
    /// True if the action is itself a refusal, whose words say so.
    pub refusal: bool,
    /// The act that staff asked for in vain.
    pub act: Option<String>,
    /// The person whose data it is, in the words that the reader knows them by, such as 「800-1234-00 の方」.
    pub person: Option<String>,
    /// The name of the thing that was acted upon.
    pub target: Option<String>,
    pub rows: Option<i64>,
    pub outcome: String,
    pub why: Option<String>,
    pub reason: Option<String>,
    pub purpose: Option<String>,
    pub case_no: Option<String>,
    pub address: Option<String>,
    pub device: Option<String>,
    pub request: Option<String>,
    pub approval: Option<String>,
    pub batch: Option<String>,
    pub changed: Vec<ChangedField>,
    pub checked: Vec<CheckedItem>,
}

/// A field with its value before and after.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ChangedField {
    pub name: String,
    pub before: String,
    pub after: String,
}

/// An item that a caller was asked for.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CheckedItem {
    pub name: String,
    pub matched: bool,
}

impl TrailLineView {
    /// Shows a line. `person` names the one whose data it is, if the reader may know them.
    #[must_use]
    pub fn of(line: &Recorded, person: Option<String>) -> Self {
        let text = |key: &str| line.detail.get(key).and_then(Value::as_str).map(str::to_owned);
        let is = |key: &str| line.detail.get(key).and_then(Value::as_bool) == Some(true);
        let noted = ["too_many", "closed", "replayed"].into_iter().find(|key| is(key));
        let roles: Vec<_> = line
            .actor_roles
            .iter()
            .filter_map(|name| StaffRole::parse(name))
            .map(StaffRole::label)
            .collect();
        Self {
            id: line.id.to_string(),
            at: jst(line.at).format("%Y年%-m月%-d日 %H:%M:%S").to_string(),
            actor_kind: line.actor_kind.clone(),
            actor: line.actor_label.clone(),
            roles: (!roles.is_empty()).then(|| roles.join("・")),
            own: line.actor_kind == "subscriber"
                && line.actor_id.is_some()
                && line.actor_id == line.subject_login,
            unknown: line.actor_id.is_none(),
            action: line.action.clone(),
            refusal: Action::parse(&line.action)
                .is_some_and(|action| action.outcome() == ActOutcome::Refused),
            act: text("act"),
            person,
            target: line.target_label.clone(),
            rows: line.rows.or_else(|| line.detail.get("count").and_then(Value::as_i64)),
            outcome: line.outcome.clone(),
            why: line.why.clone().or_else(|| noted.map(str::to_owned)).or_else(|| text("reason")),
            reason: line.reason.clone(),
            purpose: line.purpose.clone(),
            case_no: line.case_no.clone(),
            address: line.remote_address.clone(),
            device: line.user_agent.as_deref().map(|browser| device(Some(browser))),
            request: line.request_id.map(|id| id.to_string()),
            approval: line.approval_id.map(|id| id.to_string()),
            batch: line.batch_id.map(|id| id.to_string()),
            changed: changed(line.changed.as_ref()),
            checked: checked(line.caller_check.as_ref()),
        }
    }
}

impl TrailLineView {
    /// Shows a line to the person whose data it is. They learn what staff did, in which role and on which day, and neither
    /// who it was nor from where, nor what staff wrote down.
    #[must_use]
    pub fn for_the_person(line: &Recorded) -> Self {
        let whole = Self::of(line, Some("あなた".to_owned()));
        Self {
            at: jst(line.at).format("%Y年%-m月%-d日").to_string(),
            actor_kind: whole.actor_kind,
            roles: whole.roles,
            action: whole.action,
            person: whole.person,
            outcome: whole.outcome,
            refusal: whole.refusal,
            ..Self::default()
        }
    }
}

/// Reads `{field: {before, after}}` or `{field: [before, after]}`; for anything else, the value stands as what came after.
fn changed(value: Option<&Value>) -> Vec<ChangedField> {
    let Some(fields) = value.and_then(Value::as_object) else { return Vec::new() };
    fields
        .iter()
        .map(|(name, change)| {
            let before = change.get("before").or_else(|| change.get(0));
            let after = change.get("after").or_else(|| change.get(1));
            let after = if before.is_none() && after.is_none() { Some(change) } else { after };
            ChangedField { name: name.clone(), before: shown(before), after: shown(after) }
        })
        .collect()
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn checked(value: Option<&Value>) -> Vec<CheckedItem> {
    let items = value.and_then(Value::as_object).into_iter().flatten();
    items
        .map(|(name, matched)| CheckedItem {
            name: name.clone(),
            matched: matched.as_bool().unwrap_or_default(),
        })
        .collect()
}
