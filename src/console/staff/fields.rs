//! The fields for what a staff member may do, which the invitation and the change of rights share.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::auth::staff::manage::change::StaffStanding;
use crate::auth::staff::reason::Reason;
use crate::auth::staff::right::{ExtraRight, StaffRole};
use crate::base::japanese::{fold, parse_date};
use crate::web::form::{Field, FormError, summary};

const NO_ROLE: &str = "役割を1つ以上選択してください。";
const NOT_TOGETHER: &str = "監査は、ほかの役割や追加の権限と一緒に選択できません。";
const NO_DATE: &str = "日付を「2027-03-31」や「令和9年3月31日」のように入力してください。";
const PAST: &str = "今日以降の日付を入力してください。";
pub(super) const NO_MEMBER: &str = "この個人コードの加入者はいません。";

/// The fields as they were sent. Check boxes are those of the types, by name.
#[derive(Debug, Default, Deserialize)]
pub(super) struct StandingInput {
    #[serde(default)]
    leaves_on: String,
    #[serde(default)]
    member: String,
    #[serde(default)]
    reason: String,
    #[serde(flatten)]
    boxes: BTreeMap<String, String>,
}

/// The fields as the page shows them.
#[derive(Debug, Default, Serialize)]
pub(super) struct StandingFields {
    roles: Vec<CheckBox>,
    rights: Vec<CheckBox>,
    roles_error: Field,
    leaves_on: Field,
    pub(super) member: Field,
    reason: Field,
}

#[derive(Debug, Serialize)]
struct CheckBox {
    name: String,
    label: &'static str,
    checked: bool,
}

/// The standing that the fields name, once there is no mistake in them.
#[derive(Debug)]
pub(super) struct TypedStanding {
    pub(super) standing: StaffStanding,
    pub(super) reason: Reason,
}

impl StandingFields {
    pub(super) fn of(standing: &StaffStanding) -> Self {
        let last_day = standing.leaves_on.map(|day| day.to_string());
        Self {
            leaves_on: Field::with_value(&last_day.unwrap_or_default()),
            member: Field::with_value(standing.member.as_deref().unwrap_or_default()),
            ..Self::ticked(&standing.roles, &standing.extra_rights)
        }
    }

    fn ticked(roles: &[String], extra: &[String]) -> Self {
        let is = |names: &[String], name: &str| names.iter().any(|known| known == name);
        let role = |role: StaffRole| CheckBox {
            name: format!("role_{}", role.name()),
            label: role.label(),
            checked: is(roles, role.name()),
        };
        let right = |right: ExtraRight| CheckBox {
            name: format!("right_{}", right.name()),
            label: right.label(),
            checked: is(extra, right.name()),
        };
        Self {
            roles: StaffRole::ALL.map(role).into(),
            rights: ExtraRight::ALL.map(right).into(),
            ..Self::default()
        }
    }

    /// A mistake in every field.
    #[cfg(test)]
    pub(super) fn all_wrong() -> Self {
        let wrong = || Field::with_value("<値>").with_error("誤りです。");
        Self {
            roles_error: wrong(),
            leaves_on: wrong(),
            member: wrong(),
            reason: wrong(),
            ..Self::ticked(&[], &[])
        }
    }

    /// Returns the summary's lines about these fields.
    pub(super) fn errors(&self) -> Vec<FormError> {
        summary(&[
            ("roles", &self.roles_error),
            ("leaves_on", &self.leaves_on),
            ("member", &self.member),
            ("reason", &self.reason),
        ])
    }
}

impl StandingInput {
    /// Reads the fields. A last day that stands already (`before`) may be over.
    pub(super) fn read(
        &self,
        today: NaiveDate,
        before: Option<NaiveDate>,
    ) -> (Option<TypedStanding>, StandingFields) {
        let ticked = |prefix: &str, name: &&str| {
            self.boxes.get(&format!("{prefix}{name}")).is_some_and(|value| value == "on")
        };
        let named = |names: Vec<&'static str>, prefix: &str| -> Vec<String> {
            names.into_iter().filter(|name| ticked(prefix, name)).map(str::to_owned).collect()
        };
        let roles = named(StaffRole::ALL.map(StaffRole::name).into(), "role_");
        let extra = named(ExtraRight::ALL.map(ExtraRight::name).into(), "right_");
        let mut fields = StandingFields {
            leaves_on: Field::with_value(&self.leaves_on),
            member: Field::with_value(&self.member),
            reason: Field::with_value(&self.reason),
            ..StandingFields::ticked(&roles, &extra)
        };
        let last_day = self.leaves_on.trim();
        let leaves_on = parse_date(last_day);
        if leaves_on.is_none() && !last_day.is_empty() {
            fields.leaves_on.error = Some(NO_DATE.to_owned());
        } else if leaves_on.is_some_and(|day| day < today) && leaves_on != before {
            fields.leaves_on.error = Some(PAST.to_owned());
        }
        let member = Some(fold(self.member.trim())).filter(|code| !code.is_empty());
        let standing = StaffStanding::new(&roles, &extra, leaves_on, member);
        if roles.is_empty() {
            fields.roles_error.error = Some(NO_ROLE.to_owned());
        } else if standing.rights().is_none() {
            fields.roles_error.error = Some(NOT_TOGETHER.to_owned());
        }
        let reason = Reason::parse(&self.reason);
        if let Err(none) = &reason {
            fields.reason.error = Some(none.message().to_owned());
        }
        let typed = reason.ok().filter(|_| fields.errors().is_empty());
        (typed.map(|reason| TypedStanding { standing, reason }), fields)
    }
}
