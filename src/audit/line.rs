//! One line of the trail: what was done, to what, why, and how it ended. The transaction knows who
//! did it.

use serde_json::Value;

use super::action::{ActOutcome, Action};
use crate::base::ids::{ApprovalId, BatchId, LoginId};
use crate::base::realm::Staff;

/// The kind of a target that is a staff member.
const STAFF: &str = "staff";

/// The thing acted upon, if it is more than the subject.
#[derive(Debug, Clone)]
pub struct Target {
    pub kind: &'static str,
    pub id: String,
    /// Its name at that time.
    pub label: Option<String>,
}

impl Target {
    /// Names a staff member.
    #[must_use]
    pub fn staff(login: LoginId<Staff>, name: Option<String>) -> Self {
        Self { kind: STAFF, id: login.to_string(), label: name }
    }

    /// Returns true if it is this staff member.
    #[must_use]
    pub fn is_staff(&self, login: LoginId<Staff>) -> bool {
        self.kind == STAFF && self.id == login.to_string()
    }
}

/// The reason why staff looked or acted.
#[derive(Debug, Clone)]
pub struct StaffPurpose {
    /// A code of the union's list.
    pub code: String,
    /// The number of the inquiry or document that it belongs to.
    pub case_no: Option<String>,
}

/// A line as a room writes it. It must contain no secret, no subscriber's name, no address and no medical value:
/// the trail is kept for ever, and is read by people who may not see those.
#[derive(Debug, Clone)]
pub struct AuditLine {
    pub action: Action,
    pub target: Option<Target>,
    /// The member whose data it is, for one who may have no login.
    pub member: Option<String>,
    pub purpose: Option<StaffPurpose>,
    /// The reason that staff gave, in their own words.
    pub reason: Option<String>,
    /// The answers of a caller on the telephone: item → true if it was answered correctly.
    pub caller_check: Option<Value>,
    /// Field → its value before and after.
    pub changed: Option<Value>,
    /// The number of rows that were shown, exported or touched.
    pub rows: Option<i64>,
    pub outcome: ActOutcome,
    /// The reason why it was refused, or failed.
    pub why: Option<&'static str>,
    /// The approval that let it happen.
    pub approval: Option<ApprovalId>,
    /// The import that brought the data.
    pub batch: Option<BatchId>,
    /// Ids and counts that have no field of their own.
    pub detail: Value,
}

impl AuditLine {
    #[must_use]
    pub fn new(action: Action, detail: Value) -> Self {
        Self {
            action,
            target: None,
            member: None,
            purpose: None,
            reason: None,
            caller_check: None,
            changed: None,
            rows: None,
            outcome: action.outcome(),
            why: None,
            approval: None,
            batch: None,
            detail,
        }
    }
}
