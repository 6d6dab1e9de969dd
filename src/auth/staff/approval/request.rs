//! Asking for an act, and taking a request back.

use serde_json::json;

use super::kind::FourEyes;
use super::row::{self, ApprovalState, End, target};
use super::{ANSWERED_WITHIN, ApprovalError};
use crate::audit::{self, Action, AuditLine};
use crate::auth::context::Context;
use crate::auth::journey::staff::Office;
use crate::auth::staff::closeness;
use crate::auth::staff::desk::{self, Clerk, DeskError, Eyes, Matter};
use crate::auth::staff::reason::Reason;
use crate::auth::staff::right::{Right, Rights};
use crate::base::clock::Clock;
use crate::base::ids::{ApprovalId, LoginId, TenantId};
use crate::base::realm::{Realm as _, Staff};
use crate::db::TenantTx;

/// Stores a request, for which the author needs the act's own right. A request that waits already is not stored twice.
///
/// # Errors
/// [`DeskError::Denied`] if the author may not do the act themselves, [`ApprovalError::Gone`] if there is nothing to do it
/// to, and [`ApprovalError::NoApprover`] if nobody else could let it be done.
pub async fn request<K: FourEyes>(
    clerk: Clerk<'_>,
    cx: Context<'_>,
    act: &K,
    reason: &Reason,
) -> Result<ApprovalId, ApprovalError> {
    let mut matter = Matter { reason: Some(reason.as_str().to_owned()), ..act.matter() };
    let mut tx = clerk.db.tenant(clerk.tenant, clerk.actor).await?;
    // The member is what the request keeps of the person.
    if let (None, Some(subject)) = (&matter.member, matter.subject) {
        matter.member = closeness::member_of(&mut tx, subject).await?;
    }
    let judged = match desk::admit(&mut tx, clerk).await? {
        Ok(author) => {
            let judged = desk::judge::<K::Act>(&mut tx, &author, &matter, Eyes::Two).await?;
            judged.map(|()| author)
        }
        Err(denial) => Err(denial),
    };
    let author = match judged {
        Ok(author) => author.login,
        Err(denial) => {
            drop(tx);
            return Err(desk::deny::<K::Act>(clerk, &matter, denial).await?.into());
        }
    };
    let Some(preview) = act.preview(&mut tx, cx).await? else { return Err(ApprovalError::Gone) };
    if approvers(&mut tx, clerk.clock, author, act.staff_concerned()).await? == 0 {
        return Err(ApprovalError::NoApprover);
    }
    let (id, now) = (ApprovalId::new(clerk.clock), clerk.clock.now());
    let hash = preview.hash(act)?;
    let stored = sqlx::query_scalar!(
        r#"insert into approvals (tenant_id, id, kind, parameters, preview_hash, member_code, staff_concerned,
                                  requested_by, requested_at, reason, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           on conflict (tenant_id, requested_by, preview_hash) where state = 'waiting' do nothing
           returning id as "id: ApprovalId""#,
        tx.tenant() as TenantId,
        id.0,
        K::KIND,
        serde_json::to_value(act)?,
        hash,
        matter.member,
        act.staff_concerned().map(|login| login.0),
        author.0,
        now,
        reason.as_str(),
        now + ANSWERED_WITHIN
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(id) = stored else { return waiting(&mut tx, author, &hash).await };
    let line = AuditLine {
        approval: Some(id),
        detail: json!({ "kind": K::KIND }),
        ..matter.line(Action::ApprovalRequested)
    };
    audit::write(&mut tx, clerk.clock, &line, &matter.subjects()).await?;
    tx.commit().await?;
    Ok(id)
}

/// Finds the same request, which waits already.
async fn waiting(
    tx: &mut TenantTx,
    author: LoginId<Staff>,
    hash: &[u8],
) -> Result<ApprovalId, ApprovalError> {
    let id = sqlx::query_scalar!(
        r#"select id as "id: ApprovalId" from approvals
           where tenant_id = $1 and requested_by = $2 and preview_hash = $3 and state = 'waiting'"#,
        tx.tenant() as TenantId,
        author.0,
        hash
    )
    .fetch_optional(tx.conn())
    .await?;
    id.ok_or(ApprovalError::NotFound)
}

/// Counts the staff in office who could let an act of `author` be done.
pub async fn approvers(
    tx: &mut TenantTx,
    clock: &Clock,
    author: LoginId<Staff>,
    staff_concerned: Option<LoginId<Staff>>,
) -> Result<usize, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select roles, extra_rights, accepted_at, suspended_at, leaves_on from staff
           where tenant_id = $1 and realm = $2 and login_id <> $3 and login_id is distinct from $4"#,
        tx.tenant() as TenantId,
        Staff::NAME,
        author.0,
        staff_concerned.map(|login| login.0)
    )
    .fetch_all(tx.conn())
    .await?;
    let can = rows.into_iter().filter(|row| {
        let (accepted_at, suspended_at) = (row.accepted_at, row.suspended_at);
        let office = Office { accepted_at, suspended_at, leaves_on: row.leaves_on };
        let rights = Rights::of_names(&row.roles, &row.extra_rights);
        office.is_held(clock.today()) && rights.is_some_and(|rights| rights.allow(Right::Approve))
    });
    Ok(can.count())
}

/// Takes a request back. Returns false if it did not wait any more.
///
/// # Errors
/// [`ApprovalError::NotFound`] if the person has made no such request.
pub async fn withdraw(clerk: Clerk<'_>, id: ApprovalId) -> Result<bool, ApprovalError> {
    let mut tx = clerk.db.tenant(clerk.tenant, clerk.actor).await?;
    let author = desk::admit(&mut tx, clerk).await?.map_err(DeskError::Denied)?.login;
    let found = row::find(&mut tx, clerk.clock, id, true).await?;
    let Some(found) = found.filter(|found| found.requested_by == author) else {
        return Err(ApprovalError::NotFound);
    };
    let withdrawn = End { state: ApprovalState::Withdrawn, by: Some(author), answer: None };
    if !row::end(&mut tx, clerk.clock, id, withdrawn).await? {
        return Ok(false);
    }
    let line = AuditLine { target: Some(target(id)), ..found.line(Action::ApprovalWithdrawn) };
    audit::write(&mut tx, clerk.clock, &line, &[None]).await?;
    tx.commit().await?;
    Ok(true)
}
