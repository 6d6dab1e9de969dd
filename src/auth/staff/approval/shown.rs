//! Requests as staff see them: the list, and one request with what it is about.

use chrono::{DateTime, TimeDelta, Utc};

use super::ApprovalError;
use super::kind::{Fact, Kinds, Preview};
use super::row::{self, ApprovalState, StoredRequest};
use crate::auth::context::Context;
use crate::auth::staff::act::ViewApproval;
use crate::auth::staff::desk::{Clerk, Desk, Matter};
use crate::auth::staff::find;
use crate::auth::staff::right::Right;
use crate::base::clock::Clock;
use crate::base::ids::{ApprovalId, LoginId, TenantId};
use crate::base::realm::{Realm as _, Staff};
use crate::db::TenantTx;

/// A request stands in the list for this long after its end.
const LISTED_FOR: TimeDelta = TimeDelta::days(30);
const MOST_LISTED: i64 = 200;

/// A request without anything of the person whom it concerns.
#[derive(Debug)]
pub struct ListedRequest {
    pub id: ApprovalId,
    pub title: &'static str,
    pub requested_by: String,
    pub requested_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub state: ApprovalState,
    pub decided_by: Option<String>,
    pub decided_at: Option<DateTime<Utc>>,
    /// True if the reader asked for it.
    pub own: bool,
}

/// Lists requests, those that wait first: all of the union's for a person who may approve, else the reader's own.
pub async fn list(
    tx: &mut TenantTx,
    clock: &Clock,
    kinds: &Kinds,
    reader: LoginId<Staff>,
) -> Result<Vec<ListedRequest>, sqlx::Error> {
    let approves = may_approve(tx, clock, reader).await?;
    let rows = sqlx::query!(
        r#"select a.id as "id: ApprovalId", a.kind, a.requested_by as "requested_by: LoginId<Staff>",
                  r.name as requested_by_name, a.requested_at, a.expires_at, a.state,
                  d.name as "decided_by_name?", a.decided_at
           from approvals a
           join staff r on r.tenant_id = $1 and r.realm = $2 and r.login_id = a.requested_by
           left join staff d on d.tenant_id = $1 and d.realm = $2 and d.login_id = a.decided_by
           where a.tenant_id = $1 and (a.requested_by = $3 or $4)
             and (a.state = 'waiting' or a.decided_at > $5)
           order by a.state = 'waiting' and a.expires_at > $6 desc, a.id desc
           limit $7"#,
        tx.tenant() as TenantId,
        Staff::NAME,
        reader.0,
        approves,
        clock.now() - LISTED_FOR,
        clock.now(),
        MOST_LISTED
    )
    .fetch_all(tx.conn())
    .await?;
    let listed = rows.into_iter().filter_map(|row| {
        Some(ListedRequest {
            id: row.id,
            title: kinds.get(&row.kind).ok()?.title,
            requested_by: row.requested_by_name,
            requested_at: row.requested_at,
            expires_at: row.expires_at,
            state: ApprovalState::at(&row.state, row.expires_at, clock.now()),
            decided_by: row.decided_by_name,
            decided_at: row.decided_at,
            own: row.requested_by == reader,
        })
    });
    Ok(listed.collect())
}

/// Counts the requests that wait for a person: those that they may decide.
pub async fn count_waiting(
    tx: &mut TenantTx,
    clock: &Clock,
    reader: LoginId<Staff>,
) -> Result<i64, sqlx::Error> {
    if !may_approve(tx, clock, reader).await? {
        return Ok(0);
    }
    sqlx::query_scalar!(
        r#"select count(*) as "waiting!" from approvals
           where tenant_id = $1 and state = 'waiting' and expires_at > $3 and requested_by <> $2
             and staff_concerned is distinct from $2"#,
        tx.tenant() as TenantId,
        reader.0,
        clock.now()
    )
    .fetch_one(tx.conn())
    .await
}

async fn may_approve(
    tx: &mut TenantTx,
    clock: &Clock,
    reader: LoginId<Staff>,
) -> Result<bool, sqlx::Error> {
    let staff = find(tx, reader).await?.filter(|staff| staff.are_in_office(clock.today()));
    let rights = staff.and_then(|staff| staff.rights);
    Ok(rights.is_some_and(|rights| rights.allow(Right::Approve)))
}

/// A request, as one person sees it.
#[derive(Debug)]
pub struct ShownRequest {
    pub title: &'static str,
    pub requested_by: String,
    pub requested_at: DateTime<Utc>,
    pub reason: String,
    pub expires_at: DateTime<Utc>,
    pub state: ApprovalState,
    pub decided_by: Option<String>,
    pub decided_at: Option<DateTime<Utc>>,
    pub answer: Option<String>,
    /// True if the reader asked for it.
    pub own: bool,
    /// The facts that its author was shown, while it waits: `None` if the data read otherwise now. Its author is not shown it again.
    pub preview: Option<Preview>,
    /// Whom it would touch by the data of this moment.
    pub effects: Vec<Fact>,
}

/// Shows a request to its author, or, with what it is about, to a person who may approve it. The latter leaves a line.
///
/// # Errors
/// [`ApprovalError::NotFound`] if there is none, and [`DeskError::Denied`](crate::auth::staff::desk::DeskError::Denied)
/// if the reader neither asked for it nor may approve.
pub async fn show(
    clerk: Clerk<'_>,
    cx: Context<'_>,
    kinds: &Kinds,
    id: ApprovalId,
) -> Result<ShownRequest, ApprovalError> {
    let mut tx = clerk.db.tenant(clerk.tenant, clerk.actor).await?;
    let found = row::find(&mut tx, clerk.clock, id, false).await?;
    let Some(request) = found else { return Err(ApprovalError::NotFound) };
    let kind = kinds.get(&request.kind)?;
    if clerk.actor.id == Some(request.requested_by.0) {
        return shown(&mut tx, request, kind.title, true, Vec::new(), None).await;
    }
    drop(tx);
    let subject = (kind.matter)(&request.parameters)?.subject;
    let (member, target) = (request.member.clone(), Some(request.target()));
    let matter = Matter { subject, member, target, ..Matter::default() };
    Desk::<ViewApproval>::act(clerk, matter, async |desk| {
        let mut preview = None;
        if request.state == ApprovalState::Waiting {
            let now = (kind.preview)(&request.parameters, desk.tx(), cx).await?;
            preview = now.filter(|(_, hash)| *hash == request.preview_hash);
        }
        let preview = preview.map(|(preview, _)| preview);
        let effects = match preview {
            Some(_) => (kind.effects)(&request.parameters, desk.tx(), cx).await?,
            None => Vec::new(),
        };
        shown(desk.tx(), request, kind.title, false, effects, preview).await
    })
    .await
}

async fn shown(
    tx: &mut TenantTx,
    request: StoredRequest,
    title: &'static str,
    own: bool,
    effects: Vec<Fact>,
    preview: Option<Preview>,
) -> Result<ShownRequest, ApprovalError> {
    let author = find(tx, request.requested_by).await?;
    let decider = match request.decided_by {
        Some(decider) => find(tx, decider).await?,
        None => None,
    };
    Ok(ShownRequest {
        title,
        requested_by: author.map(|staff| staff.name).unwrap_or_default(),
        requested_at: request.requested_at,
        reason: request.reason,
        expires_at: request.expires_at,
        state: request.state,
        decided_by: decider.map(|staff| staff.name),
        decided_at: request.decided_at,
        answer: request.answer,
        own,
        preview,
        effects,
    })
}
