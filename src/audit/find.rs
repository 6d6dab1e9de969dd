//! Finds lines of the trail, the newest first, a page after another.
//!
//! Each filter that leaves few lines has a statement of its own, which walks an index in the order of the page: a statement
//! that served all filters at once would be planned for none of them. It returns where the lines are;
//! [`recorded::lines`](super::recorded::lines) reads them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::recorded::LineKey;
use super::{ActOutcome, Action};
use crate::base::ids::{EventId, TenantId};
use crate::db::TenantTx;

/// The lines that are wanted.
#[derive(Debug, Clone)]
pub struct Filter {
    pub since: DateTime<Utc>,
    /// Lines of this moment and later are left out.
    pub until: DateTime<Utc>,
    /// A staff member's acts.
    pub staff: Option<Uuid>,
    /// The lines about a person.
    pub person: Option<PersonFilter>,
    /// Any of these actions.
    pub actions: Option<Vec<Action>>,
    pub outcome: Option<ActOutcome>,
}

/// A member, and their login if they have one.
#[derive(Debug, Clone)]
pub struct PersonFilter {
    pub member: String,
    pub login: Option<Uuid>,
}

/// The values of a filter as the statements take them.
struct Limits<'f> {
    since: DateTime<Utc>,
    before: LineKey,
    staff: Option<Uuid>,
    actions: Option<Vec<String>>,
    outcome: Option<&'static str>,
    person: Option<&'f PersonFilter>,
    limit: i64,
}

/// Finds up to `limit` lines before a place in the trail, or from the newest on.
pub async fn find(
    tx: &mut TenantTx,
    filter: &Filter,
    before: Option<LineKey>,
    limit: i64,
) -> Result<Vec<LineKey>, sqlx::Error> {
    // No line has this id.
    let end = LineKey { at: filter.until, id: EventId(Uuid::nil()) };
    let limits = Limits {
        since: filter.since,
        before: before.map_or(end, |before| before.min(end)),
        staff: filter.staff,
        actions: filter.actions.as_ref().map(|actions| names(actions)),
        outcome: filter.outcome.map(ActOutcome::name),
        person: filter.person.as_ref(),
        limit,
    };
    if let Some(person) = limits.person {
        return about(tx, &limits, person).await;
    }
    if let Some(staff) = limits.staff {
        return by_staff(tx, &limits, staff).await;
    }
    match (&limits.actions, filter.outcome) {
        (_, Some(ActOutcome::Refused | ActOutcome::Failed)) => not_ok(tx, &limits).await,
        (Some(actions), _) => of_actions(tx, &limits, actions).await,
        (None, _) => all(tx, &limits).await,
    }
}

fn names(actions: &[Action]) -> Vec<String> {
    actions.iter().map(|action| action.name().to_owned()).collect()
}

async fn all(tx: &mut TenantTx, limits: &Limits<'_>) -> Result<Vec<LineKey>, sqlx::Error> {
    sqlx::query_as!(
        LineKey,
        r#"select at, id as "id: EventId" from audit_events
           where tenant_id = $1 and at >= $2 and (at, id) < ($3, $4)
             and ($5::text is null or outcome = $5)
           order by at desc, id desc limit $6"#,
        tx.tenant() as TenantId,
        limits.since,
        limits.before.at,
        limits.before.id.0,
        limits.outcome,
        limits.limit
    )
    .fetch_all(tx.conn())
    .await
}

/// Lines about a person name the login or the member, or both.
async fn about(
    tx: &mut TenantTx,
    limits: &Limits<'_>,
    person: &PersonFilter,
) -> Result<Vec<LineKey>, sqlx::Error> {
    sqlx::query_as!(
        LineKey,
        r#"select at as "at!", id as "id!: EventId" from (
               (select at, id from audit_events
                where tenant_id = $1 and subject_login = $7 and at >= $2 and (at, id) < ($3, $4)
                  and ($5::text is null or outcome = $5)
                  and ($9::uuid is null or (actor_kind = 'staff' and actor_id = $9))
                  and ($10::text[] is null or action = any($10))
                order by at desc, id desc limit $6)
               union all
               (select at, id from audit_events
                where tenant_id = $1 and subject_member = $8 and at >= $2 and (at, id) < ($3, $4)
                  and ($7::uuid is null or subject_login is distinct from $7)
                  and ($5::text is null or outcome = $5)
                  and ($9::uuid is null or (actor_kind = 'staff' and actor_id = $9))
                  and ($10::text[] is null or action = any($10))
                order by at desc, id desc limit $6)
           ) as both_ways
           order by at desc, id desc limit $6"#,
        tx.tenant() as TenantId,
        limits.since,
        limits.before.at,
        limits.before.id.0,
        limits.outcome,
        limits.limit,
        person.login,
        person.member,
        limits.staff,
        limits.actions.as_deref()
    )
    .fetch_all(tx.conn())
    .await
}

async fn by_staff(
    tx: &mut TenantTx,
    limits: &Limits<'_>,
    staff: Uuid,
) -> Result<Vec<LineKey>, sqlx::Error> {
    sqlx::query_as!(
        LineKey,
        r#"select at, id as "id: EventId" from audit_events
           where tenant_id = $1 and actor_kind = 'staff' and actor_id = $7
             and at >= $2 and (at, id) < ($3, $4)
             and ($5::text is null or outcome = $5)
             and ($8::text[] is null or action = any($8))
           order by at desc, id desc limit $6"#,
        tx.tenant() as TenantId,
        limits.since,
        limits.before.at,
        limits.before.id.0,
        limits.outcome,
        limits.limit,
        staff,
        limits.actions.as_deref()
    )
    .fetch_all(tx.conn())
    .await
}

async fn not_ok(tx: &mut TenantTx, limits: &Limits<'_>) -> Result<Vec<LineKey>, sqlx::Error> {
    sqlx::query_as!(
        LineKey,
        r#"select at, id as "id: EventId" from audit_events
           where tenant_id = $1 and outcome <> 'ok' and outcome = $5
             and at >= $2 and (at, id) < ($3, $4)
             and ($7::text[] is null or action = any($7))
           order by at desc, id desc limit $6"#,
        tx.tenant() as TenantId,
        limits.since,
        limits.before.at,
        limits.before.id.0,
        limits.outcome,
        limits.limit,
        limits.actions.as_deref()
    )
    .fetch_all(tx.conn())
    .await
}

/// Takes a page of each action, and the newest of all these.
async fn of_actions(
    tx: &mut TenantTx,
    limits: &Limits<'_>,
    actions: &[String],
) -> Result<Vec<LineKey>, sqlx::Error> {
    sqlx::query_as!(
        LineKey,
        r#"select found.at, found.id as "id: EventId"
           from unnest($7::text[]) as wanted (action)
           cross join lateral (
               select e.at, e.id from audit_events e
               where e.tenant_id = $1 and e.action = wanted.action
                 and e.at >= $2 and (e.at, e.id) < ($3, $4)
                 and ($5::text is null or e.outcome = $5)
               order by e.at desc, e.id desc limit $6
           ) found
           order by found.at desc, found.id desc limit $6"#,
        tx.tenant() as TenantId,
        limits.since,
        limits.before.at,
        limits.before.id.0,
        limits.outcome,
        limits.limit,
        actions
    )
    .fetch_all(tx.conn())
    .await
}

/// Finds up to `limit` acts of staff on a person's data since a moment, before a place in the trail or from the newest on.
/// A refusal is no act.
pub async fn acts_of_staff_on(
    tx: &mut TenantTx,
    person: &PersonFilter,
    since: DateTime<Utc>,
    before: Option<LineKey>,
    limit: i64,
) -> Result<Vec<LineKey>, sqlx::Error> {
    let end = LineKey { at: DateTime::<Utc>::MAX_UTC, id: EventId(Uuid::max()) };
    let before = before.unwrap_or(end);
    sqlx::query_as!(
        LineKey,
        r#"select at as "at!", id as "id!: EventId" from (
               (select at, id from audit_events
                where tenant_id = $1 and subject_login = $2 and at >= $4 and (at, id) < ($5, $6)
                  and actor_kind = 'staff' and outcome = 'ok'
                order by at desc, id desc limit $7)
               union all
               (select at, id from audit_events
                where tenant_id = $1 and subject_member = $3 and at >= $4 and (at, id) < ($5, $6)
                  and subject_login is distinct from $2 and actor_kind = 'staff' and outcome = 'ok'
                order by at desc, id desc limit $7)
           ) as both_ways
           order by at desc, id desc limit $7"#,
        tx.tenant() as TenantId,
        person.login,
        person.member,
        since,
        before.at,
        before.id.0,
        limit
    )
    .fetch_all(tx.conn())
    .await
}
