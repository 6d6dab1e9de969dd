//! The people at whose data a staff member looked, and their numbers.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::base::ids::TenantId;
use crate::db::TenantTx;

/// An act of a staff member on a person's data.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub at: DateTime<Utc>,
    pub person: String,
    /// 記号, and 番号 if it is one.
    pub number: Option<(String, i64)>,
    pub is_own_household: bool,
}

/// Reads what a staff member looked at after one moment, up to another, in the order of time.
pub(super) async fn looks(
    tx: &mut TenantTx,
    staff: Uuid,
    after: DateTime<Utc>,
    through: DateTime<Utc>,
) -> Result<Vec<Look>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select e.at, coalesce(b.member_code, e.subject_member, e.subject_login::text) as "person!",
                  n.symbol as "symbol?", n.number as "number?",
                  coalesce(m.household_code = own.household_code, false) as "own!"
           from audit_events e
           left join subscribers b on b.tenant_id = $1 and b.login_id = e.subject_login
           left join members m on m.tenant_id = $1 and m.code = coalesce(b.member_code, e.subject_member)
           left join lateral (
               select n.symbol, n.number from household_numbers n
               where n.tenant_id = $1 and n.household_code = m.household_code
               order by n.valid_from desc limit 1
           ) n on true
           left join staff s on s.tenant_id = $1 and s.login_id = $2
           left join members own on own.tenant_id = $1 and own.code = s.member_code
           where e.tenant_id = $1 and e.actor_kind = 'staff' and e.actor_id = $2
             and e.at > $3 and e.at <= $4 and e.outcome = 'ok'
             and coalesce(e.subject_login::text, e.subject_member) is not null
             and e.subject_login is distinct from $2
           order by e.at, e.id"#,
        tx.tenant() as TenantId,
        staff,
        after,
        through
    )
    .fetch_all(tx.conn())
    .await?;
    let look = |row: (DateTime<Utc>, String, Option<String>, Option<String>, bool)| {
        let (at, person, symbol, number, is_own_household) = row;
        let number = number.and_then(|number| number.parse().ok());
        Look { at, person, number: symbol.zip(number), is_own_household }
    };
    let rows = rows.into_iter();
    Ok(rows.map(|row| look((row.at, row.person, row.symbol, row.number, row.own))).collect())
}
