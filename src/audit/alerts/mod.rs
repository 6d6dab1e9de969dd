//! Alerts: what the worker finds strange in the acts of staff, for 監査 and 管理者 to look at.

mod looks;
mod rules;
pub mod watch;

use chrono::{DateTime, Months, Utc};
use uuid::Uuid;

use crate::base::clock::Clock;
use crate::base::ids::{AlertId, LoginId, TenantId};
use crate::base::realm::Staff;
use crate::db::TenantTx;

/// Alerts are kept as long as lines of the trail are shown.
const KEPT_MONTHS: u32 = 13;
/// No transaction deletes more rows than this.
const BATCH: i64 = 1_000;

/// A kind of strangeness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum AlertKind {
    /// A staff member looked at many people within an hour.
    ManyPeople,
    /// A staff member acted at night, or on a Saturday or a Sunday.
    OffHours,
    /// A staff member looked at people whose numbers follow one another.
    NumberSequence,
    /// A staff member looked at their own household.
    OwnHousehold,
}

impl AlertKind {
    pub const ALL: [Self; 4] =
        [Self::ManyPeople, Self::OffHours, Self::NumberSequence, Self::OwnHousehold];

    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ManyPeople => "many_people",
            Self::OffHours => "off_hours",
            Self::NumberSequence => "number_sequence",
            Self::OwnHousehold => "own_household",
        }
    }
}

/// An alert in the list.
#[derive(Debug, Clone)]
pub struct Alert {
    pub id: AlertId,
    pub kind: AlertKind,
    pub actor: LoginId<Staff>,
    pub actor_label: Option<String>,
    pub at: DateTime<Utc>,
    pub people: Option<i32>,
    pub seen_at: Option<DateTime<Utc>>,
    /// The staff member who put their name under it.
    pub seen_name: Option<String>,
}

/// Lists alerts, those that nobody has seen first, and each the newest first.
pub async fn list(tx: &mut TenantTx, limit: i64) -> Result<Vec<Alert>, sqlx::Error> {
    sqlx::query_as!(
        Alert,
        r#"select id as "id: AlertId", kind as "kind: AlertKind", actor_id as "actor: LoginId<Staff>",
                  actor_label, at, people, seen_at, seen_name
           from audit_alerts where tenant_id = $1
           order by seen_at is not null, at desc, id desc limit $2"#,
        tx.tenant() as TenantId,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

/// Counts the alerts that nobody has seen, up to a limit.
pub async fn count_unseen(tx: &mut TenantTx, limit: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "unseen!" from (
               select from audit_alerts where tenant_id = $1 and seen_at is null limit $2) few"#,
        tx.tenant() as TenantId,
        limit
    )
    .fetch_one(tx.conn())
    .await
}

/// Returns the staff member of whose acts an alert tells.
pub async fn whose(tx: &mut TenantTx, id: AlertId) -> Result<Option<LoginId<Staff>>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select actor_id as "actor: LoginId<Staff>" from audit_alerts
           where tenant_id = $1 and id = $2"#,
        tx.tenant() as TenantId,
        id.0
    )
    .fetch_optional(tx.conn())
    .await
}

/// Puts a staff member's name under an alert; the first one's stays.
pub async fn see(
    tx: &mut TenantTx,
    clock: &Clock,
    id: AlertId,
    staff: LoginId<Staff>,
) -> Result<(), sqlx::Error> {
    let name = tx.actor().label.clone();
    sqlx::query!(
        "update audit_alerts set seen_at = $3, seen_by = $4, seen_name = $5
         where tenant_id = $1 and id = $2 and seen_at is null",
        tx.tenant() as TenantId,
        id.0,
        clock.now(),
        staff.0,
        name
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Deletes a batch of old alerts. Returns true if there may be more.
pub async fn sweep(tx: &mut TenantTx, clock: &Clock) -> Result<bool, sqlx::Error> {
    let oldest = clock.now().checked_sub_months(Months::new(KEPT_MONTHS));
    let deleted = sqlx::query!(
        "delete from audit_alerts a using (
             select id from audit_alerts where tenant_id = $1 and at < $2 limit $3) old
         where a.tenant_id = $1 and a.id = old.id",
        tx.tenant() as TenantId,
        oldest.unwrap_or(DateTime::UNIX_EPOCH),
        BATCH
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    Ok(deleted >= BATCH.unsigned_abs())
}

/// Raises an alert, unless there is one of its kind for that staff member and time.
async fn raise(tx: &mut TenantTx, clock: &Clock, raised: &Raised<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into audit_alerts (tenant_id, id, kind, actor_id, actor_label, period, at, people)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (tenant_id, kind, actor_id, period) do nothing",
        tx.tenant() as TenantId,
        AlertId::new(clock).0,
        raised.kind.name(),
        raised.actor,
        raised.label,
        raised.period,
        raised.at,
        raised.people
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// An alert that is new.
struct Raised<'a> {
    kind: AlertKind,
    actor: Uuid,
    label: Option<&'a str>,
    /// There is one alert of a kind for a staff member and this time.
    period: DateTime<Utc>,
    at: DateTime<Utc>,
    people: Option<i32>,
}
