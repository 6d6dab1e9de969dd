//! A request as a row.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use crate::audit::{self, Action, AuditLine, Target};
use crate::base::clock::Clock;
use crate::base::ids::{ApprovalId, LoginId, TenantId};
use crate::base::realm::Staff;
use crate::db::TenantTx;

/// The state of a request. Every state but the first is its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    Waiting,
    /// Granted, and done.
    Executed,
    Refused,
    /// Its author took it back.
    Withdrawn,
    /// Nobody answered it in time, which counts as a refusal.
    Expired,
    /// The data that it is about have changed, or its author may not do it any more.
    Void,
}

impl ApprovalState {
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Executed, Self::Refused, Self::Withdrawn, Self::Expired, Self::Void];

    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Executed => "executed",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Void => "void",
        }
    }

    /// Returns the state of a row at a time: a request is over at its hour, whenever the worker comes by.
    pub(super) fn at(name: &str, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let stored = Self::ALL.into_iter().find(|state| state.name() == name);
        match stored.unwrap_or(Self::Void) {
            Self::Waiting if expires_at <= now => Self::Expired,
            state => state,
        }
    }
}

/// A stored request.
#[derive(Debug)]
pub(super) struct StoredRequest {
    pub id: ApprovalId,
    pub kind: String,
    pub parameters: Value,
    pub preview_hash: Vec<u8>,
    pub member: Option<String>,
    pub staff_concerned: Option<LoginId<Staff>>,
    pub requested_by: LoginId<Staff>,
    pub requested_at: DateTime<Utc>,
    pub reason: String,
    pub expires_at: DateTime<Utc>,
    pub state: ApprovalState,
    pub decided_by: Option<LoginId<Staff>>,
    pub decided_at: Option<DateTime<Utc>>,
    pub answer: Option<String>,
}

/// Finds a request, and locks it if `lock`, so that it is decided once.
pub(super) async fn find(
    tx: &mut TenantTx,
    clock: &Clock,
    id: ApprovalId,
    lock: bool,
) -> Result<Option<StoredRequest>, sqlx::Error> {
    if lock {
        sqlx::query!(
            "select from approvals where tenant_id = $1 and id = $2 for update",
            tx.tenant() as TenantId,
            id.0
        )
        .fetch_optional(tx.conn())
        .await?;
    }
    let row = sqlx::query!(
        r#"select kind, parameters, preview_hash, member_code,
                  staff_concerned as "staff_concerned: LoginId<Staff>",
                  requested_by as "requested_by: LoginId<Staff>", requested_at, reason, expires_at, state,
                  decided_by as "decided_by: LoginId<Staff>", decided_at, answer
           from approvals where tenant_id = $1 and id = $2"#,
        tx.tenant() as TenantId,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| StoredRequest {
        id,
        kind: row.kind,
        parameters: row.parameters,
        preview_hash: row.preview_hash,
        member: row.member_code,
        staff_concerned: row.staff_concerned,
        requested_by: row.requested_by,
        requested_at: row.requested_at,
        reason: row.reason,
        expires_at: row.expires_at,
        state: ApprovalState::at(&row.state, row.expires_at, clock.now()),
        decided_by: row.decided_by,
        decided_at: row.decided_at,
        answer: row.answer,
    }))
}

/// The end of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct EndOfRequest<'e> {
    pub state: ApprovalState,
    pub by: Option<LoginId<Staff>>,
    pub answer: Option<&'e str>,
}

/// Ends a request. Returns false if it did not wait any more.
pub(super) async fn end(
    tx: &mut TenantTx,
    clock: &Clock,
    id: ApprovalId,
    EndOfRequest { state, by, answer }: EndOfRequest<'_>,
) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query!(
        "update approvals set state = $3, decided_by = $4, decided_at = $5, answer = $6
         where tenant_id = $1 and id = $2 and state = 'waiting' and expires_at > $5",
        tx.tenant() as TenantId,
        id.0,
        state.name(),
        by.map(|by| by.0),
        clock.now(),
        answer
    )
    .execute(tx.conn())
    .await?;
    Ok(ended.rows_affected() > 0)
}

impl StoredRequest {
    pub(super) fn target(&self) -> Target {
        target(self.id)
    }

    /// Returns the line of something that befalls the request.
    pub(super) fn line(&self, action: Action) -> AuditLine {
        let detail = json!({ "kind": self.kind });
        AuditLine {
            target: Some(self.target()),
            member: self.member.clone(),
            approval: Some(self.id),
            ..AuditLine::new(action, detail)
        }
    }

    /// Writes that the request can't be granted any more, and why.
    pub(super) async fn void(
        &self,
        tx: &mut TenantTx,
        clock: &Clock,
        why: &'static str,
    ) -> Result<bool, sqlx::Error> {
        let end_of = EndOfRequest { state: ApprovalState::Void, by: None, answer: Some(why) };
        let is_ended = end(tx, clock, self.id, end_of).await?;
        if is_ended {
            let line = AuditLine { why: Some(why), ..self.line(Action::ApprovalVoid) };
            audit::write(tx, clock, &line, &[None]).await?;
        }
        Ok(is_ended)
    }
}

pub(super) fn target(id: ApprovalId) -> Target {
    Target { kind: "approval", id: id.to_string(), label: None }
}
