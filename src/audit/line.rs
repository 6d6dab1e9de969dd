//! One line: what was done, to what, why, and how it ended. Who did it stands in the transaction.

use serde_json::Value;
use uuid::Uuid;

use super::action::{Action, Outcome};
use crate::base::ids::BatchId;

/// What an act was done to, where that is more than its subject.
#[derive(Debug, Clone)]
pub struct Target {
    pub kind: &'static str,
    pub id: String,
    /// What it was called then.
    pub label: Option<String>,
}

/// Why staff looked or acted.
#[derive(Debug, Clone)]
pub struct Purpose {
    /// A code of the union's list.
    pub code: String,
    /// The number of the inquiry or paper it belongs to.
    pub case_no: Option<String>,
}

/// A line as a room writes it. Nothing in it is a secret, a name of a subscriber, an address or a medical value:
/// the trail is kept for ever and read by others than the person's own staff.
#[derive(Debug, Clone)]
pub struct Line {
    pub action: Action,
    pub target: Option<Target>,
    /// The member whose data it is, where they may have no login.
    pub member: Option<String>,
    pub purpose: Option<Purpose>,
    /// What staff gave as their reason, in their words.
    pub reason: Option<String>,
    /// Which items a caller told rightly: item → true or false.
    pub caller_check: Option<Value>,
    /// Field → before and after.
    pub changed: Option<Value>,
    /// How many rows were shown, exported or touched.
    pub rows: Option<i64>,
    pub outcome: Outcome,
    /// Why it was refused, or failed.
    pub why: Option<&'static str>,
    /// The approval that let it happen.
    pub approval: Option<Uuid>,
    /// The file that brought it.
    pub batch: Option<BatchId>,
    /// Ids and counts that have no field of their own.
    pub detail: Value,
}

impl Line {
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
