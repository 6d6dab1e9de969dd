//! The statements that count.

use chrono::NaiveDate;

use crate::base::ids::TenantId;
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;

/// Members, those registered, those not, those locked, and those whom no mail reaches.
pub(super) type Counts = [i64; 5];

/// Counts by the 記号 of the household's newest number.
pub(super) async fn by_symbol(
    tx: &mut TenantTx,
    today: NaiveDate,
) -> Result<Vec<(String, Counts)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select coalesce(n.symbol, '') as "symbol!", count(*) as "members!",
                  count(*) filter (where l.password_hash is not null) as "registered!",
                  count(*) filter (where l.locked_at is not null or l.second_factor_locked_at is not null)
                      as "locked!",
                  count(*) filter (where f.email is not null) as "undelivered!"
           from members m
           left join (
               select distinct on (household_code) household_code, symbol from household_numbers
               where tenant_id = $1 order by household_code, valid_from desc
           ) n on n.household_code = m.household_code
           left join subscribers p on p.tenant_id = $1 and p.member_code = m.code
           left join logins l
               on l.tenant_id = $1 and l.realm = $2 and l.id = p.login_id and l.closed_at is null
           left join email_failures f on f.tenant_id = $1 and f.email = l.email
           where m.tenant_id = $1 and (m.lost_on is null or m.lost_on > $3)
           group by 1 order by 1"#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        today
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let unregistered = row.members - row.registered;
            (row.symbol, [row.members, row.registered, unregistered, row.locked, row.undelivered])
        })
        .collect())
}

/// Counts by the week of the registration, the latest first. Each week begins on its Monday in Japan.
pub(super) async fn by_week(
    tx: &mut TenantTx,
    today: NaiveDate,
) -> Result<Vec<(NaiveDate, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select date_trunc('week', l.registered_at at time zone 'Asia/Tokyo')::date as "week!",
                  count(*) as "count!"
           from members m
           join subscribers p on p.tenant_id = $1 and p.member_code = m.code
           join logins l on l.tenant_id = $1 and l.realm = $2 and l.id = p.login_id
           where m.tenant_id = $1 and (m.lost_on is null or m.lost_on > $3)
             and l.password_hash is not null and l.closed_at is null
           group by 1 order by 1 desc"#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        today
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.week, row.count)).collect())
}
