//! Letting a requested act be done, or refusing it.

use serde_json::Value;

use super::ApprovalError;
use super::kind::{ExecuteError, Execution, Kinds};
use super::row::{self, ApprovalState, EndOfRequest, StoredRequest};
use crate::audit::{self, Action, AuditLine};
use crate::auth::context::Context;
use crate::auth::staff::act::{Act, GrantApproval, RefuseApproval};
use crate::auth::staff::desk::{self, Clerk, Denial, DeskError, Eyes, Granted, InOffice, Matter};
use crate::auth::staff::reason::Reason;
use crate::base::ids::{ApprovalId, TenantId};
use crate::db::TenantTx;

/// The result of deciding about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// The act is done; its result, in its kind's form.
    Executed(Value),
    Refused,
    /// It can't be granted any more, for a reason that has this code.
    Void(&'static str),
    /// It had come to its end before.
    Over(ApprovalState),
}

/// The data that the request is about read otherwise now, or are gone.
const CHANGED: &str = "changed";

/// Lets an act be done, and does it, in the transaction of the person who grants it.
///
/// # Errors
/// [`DeskError::Denied`] if the person may not approve this request, and [`ApprovalError::NotFound`] if there is none.
/// After any error nothing has changed.
pub async fn grant(
    clerk: Clerk<'_>,
    cx: Context<'_>,
    kinds: &Kinds,
    id: ApprovalId,
) -> Result<Decided, ApprovalError> {
    let (mut tx, approver, request) = open::<GrantApproval>(clerk, id).await?;
    if request.state != ApprovalState::Waiting {
        return Ok(Decided::Over(request.state));
    }
    let kind = kinds.get(&request.kind)?;
    let shown = (kind.preview)(&request.parameters, &mut tx, cx).await?;
    if shown.is_none_or(|(_, hash)| hash != request.preview_hash) {
        return void(clerk, tx, &request, CHANGED).await;
    }
    let executed =
        EndOfRequest { state: ApprovalState::Executed, by: Some(approver.login), answer: None };
    if !row::end(&mut tx, clerk.clock, id, executed).await? {
        return Ok(Decided::Over(ApprovalState::Expired));
    }
    let line = request.line(Action::ApprovalGranted);
    audit::write(&mut tx, clerk.clock, &line, &[None]).await?;
    let granted = Granted { approval: id, author: request.requested_by };
    let (parameters, reason) = (&request.parameters, request.reason.as_str());
    match (kind.execute)(tx, cx, Execution { parameters, reason, granted }).await {
        Ok((mut tx, result)) => {
            keep_result(&mut tx, id, &result).await?;
            tx.commit().await?;
            Ok(Decided::Executed(result))
        }
        Err(ExecuteError::Declined(why)) => void_anew(clerk, &request, why).await,
        Err(ExecuteError::Desk(DeskError::Denied(denial))) => {
            void_anew(clerk, &request, authors(denial)).await
        }
        Err(ExecuteError::Desk(error)) => Err(error.into()),
        Err(ExecuteError::Sending(error)) => Err(error.into()),
    }
}

/// Refuses an act, and keeps the reason for its author.
///
/// # Errors
/// As for [`grant`].
pub async fn refuse(
    clerk: Clerk<'_>,
    id: ApprovalId,
    reason: &Reason,
) -> Result<Decided, ApprovalError> {
    let (mut tx, approver, request) = open::<RefuseApproval>(clerk, id).await?;
    let refused = EndOfRequest {
        state: ApprovalState::Refused,
        by: Some(approver.login),
        answer: Some(reason.as_str()),
    };
    if !row::end(&mut tx, clerk.clock, id, refused).await? {
        return Ok(Decided::Over(request.state));
    }
    let reason = Some(reason.as_str().to_owned());
    let line = AuditLine { reason, ..request.line(Action::ApprovalRefused) };
    audit::write(&mut tx, clerk.clock, &line, &[None]).await?;
    tx.commit().await?;
    Ok(Decided::Refused)
}

/// Locks a request for a person who may decide it: somebody with the right, who neither asked for it nor is concerned.
async fn open<A: Act>(
    clerk: Clerk<'_>,
    id: ApprovalId,
) -> Result<(TenantTx, InOffice, StoredRequest), ApprovalError> {
    let mut tx = clerk.db.tenant(clerk.tenant, clerk.actor).await?;
    let found = row::find(&mut tx, clerk.clock, id, true).await?;
    let Some(request) = found else { return Err(ApprovalError::NotFound) };
    let matter = Matter {
        member: request.member.clone(),
        target: Some(request.target()),
        ..Matter::default()
    };
    let judged = match desk::admit(&mut tx, clerk).await? {
        Ok(approver) if approver.login == request.requested_by => Err(Denial::OwnRequest),
        Ok(approver) if Some(approver.login) == request.staff_concerned => Err(Denial::OwnData),
        Ok(approver) => {
            let judged = desk::judge::<A>(&mut tx, &approver, &matter, Eyes::Two).await?;
            judged.map(|()| approver)
        }
        Err(denial) => Err(denial),
    };
    match judged {
        Ok(approver) => Ok((tx, approver, request)),
        Err(denial) => {
            drop(tx);
            Err(desk::deny::<A>(clerk, &matter, denial).await?.into())
        }
    }
}

/// Returns the code of a request whose author may not do the act any more.
const fn authors(denial: Denial) -> &'static str {
    match denial {
        Denial::NotStaff | Denial::NotInOffice => "author_not_in_office",
        Denial::NoRight => "author_has_no_right",
        Denial::OwnData | Denial::Colleague | Denial::OwnRequest => "author_is_concerned",
    }
}

async fn void(
    clerk: Clerk<'_>,
    mut tx: TenantTx,
    request: &StoredRequest,
    why: &'static str,
) -> Result<Decided, ApprovalError> {
    let is_void = request.void(&mut tx, clerk.clock, why).await?;
    tx.commit().await?;
    Ok(if is_void { Decided::Void(why) } else { Decided::Over(request.state) })
}

/// Voids a request whose act was begun and left nothing behind.
async fn void_anew(
    clerk: Clerk<'_>,
    request: &StoredRequest,
    why: &'static str,
) -> Result<Decided, ApprovalError> {
    let mut tx = clerk.db.tenant(clerk.tenant, clerk.actor).await?;
    desk::admit(&mut tx, clerk).await?.map_err(DeskError::Denied)?;
    void(clerk, tx, request, why).await
}

async fn keep_result(tx: &mut TenantTx, id: ApprovalId, result: &Value) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update approvals set result = $3 where tenant_id = $1 and id = $2",
        tx.tenant() as TenantId,
        id.0,
        result
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
