//! A union's append-only trail: who did what to whose data, when, and from where.
//!
//! A line is written in the transaction of the change that it records, so neither exists without the other. The
//! actor belongs to the transaction ([`Actor`](crate::db::actor::Actor)), so no caller can forget it.

pub mod action;
pub mod alerts;
pub mod exports;
pub mod find;
pub mod line;
pub mod recorded;
pub mod seals;
pub mod timeline;

use serde_json::Value;
use uuid::Uuid;

pub use self::action::{ActOutcome, Action};
pub use self::line::{AuditLine, StaffPurpose, Target};
pub use self::recorded::{LineKey, Recorded};
use crate::base::clock::Clock;
use crate::base::ids::{EventId, LoginId, TenantId};
use crate::db::TenantTx;

/// Writes a line for one action. `subject` is the person whose data it is. `detail` carries ids and counts, and
/// never names, addresses or codes.
pub async fn record(
    tx: &mut TenantTx,
    clock: &Clock,
    action: Action,
    subject: Option<LoginId>,
    detail: Value,
) -> Result<(), sqlx::Error> {
    record_of(tx, clock, action, subject, detail).await
}

/// Writes what [`record`] writes, for a login of any realm.
pub async fn record_of<R>(
    tx: &mut TenantTx,
    clock: &Clock,
    action: Action,
    subject: Option<LoginId<R>>,
    detail: Value,
) -> Result<(), sqlx::Error> {
    let subject = subject.map(|login| login.0);
    write(tx, clock, &AuditLine::new(action, detail), &[subject]).await
}

/// Writes the same line for each of many people, in one statement.
pub async fn record_each(
    tx: &mut TenantTx,
    clock: &Clock,
    action: Action,
    subjects: &[LoginId],
    detail: Value,
) -> Result<(), sqlx::Error> {
    let subjects: Vec<_> = subjects.iter().map(|login| Some(login.0)).collect();
    write(tx, clock, &AuditLine::new(action, detail), &subjects).await
}

/// Writes one line for each subject, given by the login's id. For an act that concerns nobody in particular,
/// pass `&[None]`.
pub async fn write(
    tx: &mut TenantTx,
    clock: &Clock,
    line: &AuditLine,
    subjects: &[Option<Uuid>],
) -> Result<(), sqlx::Error> {
    if subjects.is_empty() {
        return Ok(());
    }
    let actor = tx.actor().clone();
    let ids: Vec<_> = subjects.iter().map(|_| EventId::new(clock).0).collect();
    sqlx::query!(
        r#"insert into audit_events
               (tenant_id, id, at, actor_kind, actor_id, actor_label, actor_roles, session_id, remote_address,
                user_agent, request_id, action, target_kind, target_id, target_label, subject_login,
                subject_member, purpose, case_no, reason, caller_check, changed, rows, outcome, why,
                approval_id, batch_id, detail)
           select $1, event.id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, event.subject,
                  $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26
           from unnest($27::uuid[], $28::uuid[]) as event (id, subject)
           returning true as written"#,
        tx.tenant() as TenantId,
        clock.now(),
        actor.kind.name(),
        actor.id,
        actor.label,
        &actor.roles,
        actor.session,
        actor.client.address.map(|address| address.to_string()),
        actor.client.user_agent,
        actor.request.map(|request| request.0),
        line.action.name(),
        line.target.as_ref().map(|target| target.kind),
        line.target.as_ref().map(|target| target.id.as_str()),
        line.target.as_ref().and_then(|target| target.label.as_deref()),
        line.member,
        line.purpose.as_ref().map(|purpose| purpose.code.as_str()),
        line.purpose.as_ref().and_then(|purpose| purpose.case_no.as_deref()),
        line.reason,
        line.caller_check,
        line.changed,
        line.rows,
        line.outcome.name(),
        line.why,
        line.approval.map(|approval| approval.0),
        line.batch.map(|batch| batch.0),
        line.detail,
        &ids,
        subjects as &[Option<Uuid>]
    )
    .fetch_all(tx.conn())
    .await
    .map(drop)
}
