//! The lines about one person, for the page on which staff see them.

use chrono::{DateTime, Utc};

use super::recorded::{self, LineKey, Recorded};
use crate::base::ids::{EventId, LoginId, TenantId};
use crate::db::TenantTx;

/// A person as lines name them: by login, and by member if they may have none.
#[derive(Debug, Clone, Copy)]
pub struct LinesAbout<'p> {
    pub login: Option<LoginId>,
    pub member: &'p str,
}

/// A part of a person's lines.
#[derive(Debug, Clone, Copy)]
pub struct TimelinePart {
    /// Older lines are left out.
    pub since: DateTime<Utc>,
    /// Only lines before this one are read; the newest if there is none.
    pub before: Option<LineKey>,
    pub most: i64,
}

/// Reads lines about a person, the newest first.
///
/// Each index gives its own newest lines in order, so no more lines are read than are shown, however many there are.
pub async fn read(
    tx: &mut TenantTx,
    LinesAbout { login, member }: LinesAbout<'_>,
    TimelinePart { since, before, most }: TimelinePart,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let last =
        before.unwrap_or(LineKey { at: DateTime::<Utc>::MAX_UTC, id: EventId(uuid::Uuid::max()) });
    let keys = sqlx::query_as!(
        LineKey,
        r#"select at as "at!", id as "id!: EventId" from (
               (select e.at, e.id from audit_events e
                where e.tenant_id = $1 and e.subject_login = $2 and e.at >= $4 and e.at <= $5
                  and (e.at, e.id) < ($5, $6)
                order by e.at desc, e.id desc limit $7)
               union
               (select e.at, e.id from audit_events e
                where e.tenant_id = $1 and e.subject_member = $3 and e.at >= $4 and e.at <= $5
                  and (e.at, e.id) < ($5, $6)
                order by e.at desc, e.id desc limit $7)
           ) as found
           order by at desc, id desc limit $7"#,
        tx.tenant() as TenantId,
        login as Option<LoginId>,
        member,
        since,
        last.at,
        last.id as EventId,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    recorded::lines(tx, &keys).await
}
