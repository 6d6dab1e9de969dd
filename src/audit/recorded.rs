//! A line of the trail as it is read back.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::base::ids::{EventId, TenantId};
use crate::db::TenantTx;

/// The place of a line in the order of the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineKey {
    pub at: DateTime<Utc>,
    pub id: EventId,
}

/// A line that was recorded. Names are as they were written, and may be of a later or an earlier program than this one.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub at: DateTime<Utc>,
    pub id: EventId,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub actor_label: Option<String>,
    pub actor_roles: Vec<String>,
    pub session_id: Option<Uuid>,
    pub remote_address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<Uuid>,
    pub action: String,
    pub target_kind: Option<String>,
    pub target_id: Option<String>,
    pub target_label: Option<String>,
    /// The person whose data it is: a login of the union, or a member who may have none.
    pub subject_login: Option<Uuid>,
    pub subject_member: Option<String>,
    pub purpose: Option<String>,
    pub case_no: Option<String>,
    pub reason: Option<String>,
    pub caller_check: Option<Value>,
    pub changed: Option<Value>,
    pub rows: Option<i64>,
    pub outcome: String,
    pub why: Option<String>,
    pub approval_id: Option<Uuid>,
    pub batch_id: Option<Uuid>,
    pub detail: Value,
}

impl Recorded {
    #[must_use]
    pub const fn key(&self) -> LineKey {
        LineKey { at: self.at, id: self.id }
    }
}

/// Reads lines, the newest first.
pub async fn lines(tx: &mut TenantTx, keys: &[LineKey]) -> Result<Vec<Recorded>, sqlx::Error> {
    let at: Vec<_> = keys.iter().map(|key| key.at).collect();
    let ids: Vec<_> = keys.iter().map(|key| key.id.0).collect();
    sqlx::query_as!(
        Recorded,
        r#"select e.at, e.id as "id: EventId", e.actor_kind, e.actor_id, e.actor_label, e.actor_roles,
                  e.session_id, e.remote_address, e.user_agent, e.request_id, e.action, e.target_kind,
                  e.target_id, e.target_label, e.subject_login, e.subject_member, e.purpose, e.case_no,
                  e.reason, e.caller_check, e.changed, e.rows, e.outcome, e.why, e.approval_id,
                  e.batch_id, e.detail
           from unnest($2::timestamptz[], $3::uuid[]) as wanted (at, id)
           join audit_events e on e.tenant_id = $1 and e.at = wanted.at and e.id = wanted.id
           order by e.at desc, e.id desc"#,
        tx.tenant() as TenantId,
        &at,
        &ids
    )
    .fetch_all(tx.conn())
    .await
}
