//! Keeping one's own expenses from the rest of the household (E7).
//!
//! The household reads what its members had, as the notices on paper do. An adult may keep theirs
//! private: then nobody else's page, sum or file has them, of whatever month. That somebody does is told whether
//! or not there are rows, so that the telling gives nothing away.

use chrono::{DateTime, Months, NaiveDate, Utc};

use super::ledger::Reader;
use crate::audit::{self, Action};
use crate::auth::session::Session;
use crate::base::clock::{Clock, jst};
use crate::base::month::Month;
use crate::db::TenantTx;

/// 成年 (民法4条): from the eighteenth birthday on.
const ADULT_YEARS: u32 = 18;

/// How it stands with one's own rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    Shared,
    Private {
        since: NaiveDate,
    },
    /// Too young to choose; shared.
    Minor,
}

/// Whether somebody else of the household keeps theirs private.
///
/// # Errors
/// The database's.
pub async fn hides_somebody(tx: &mut TenantTx, reader: Reader<'_>) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
               select from members m
               where m.household_code = $1 and m.code <> $2
                 and exists (select from private_expenses p
                             where p.tenant_id = m.tenant_id and p.member_code = m.code)
           ) or exists (
               -- Of whoever has left the household, it keeps the rows.
               select from expenses e
               where e.household_code = $1 and e.member_code <> $2
                 and ($3::date is null or e.treatment_month <= $3)
                 and exists (select from expense_notices n
                             where n.tenant_id = e.tenant_id and n.month = e.notice_month)
                 and exists (select from private_expenses p
                             where p.tenant_id = e.tenant_id and p.member_code = e.member_code)
           ) as "hides!""#,
        reader.household,
        reader.member,
        reader.until as Option<Month>
    )
    .fetch_one(tx.conn())
    .await
}

/// # Errors
/// The database's.
pub async fn own(
    tx: &mut TenantTx,
    session: &Session,
    today: NaiveDate,
) -> Result<Own, sqlx::Error> {
    let row = sqlx::query!(
        r#"select m.birthdate, p.since as "since?: DateTime<Utc>"
           from members m
           left join private_expenses p on p.tenant_id = m.tenant_id and p.member_code = m.code
           where m.code = $1"#,
        session.person.member_code
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(match row.since {
        Some(since) => Own::Private { since: jst(since).date_naive() },
        None if !is_adult(row.birthdate, today) => Own::Minor,
        None => Own::Shared,
    })
}

/// Whether the day of the eighteenth birthday has come; whoever was born on February 29 has it on
/// March 1.
fn is_adult(birthdate: NaiveDate, today: NaiveDate) -> bool {
    today
        .checked_sub_months(Months::new(12 * ADULT_YEARS))
        .is_some_and(|latest| birthdate <= latest)
}

/// Keeps one's own rows private, or shares them again. Whether that is something new: not where it was so
/// already, nor for who may not choose.
///
/// # Errors
/// The database's.
pub async fn set(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session,
    private: bool,
) -> Result<bool, sqlx::Error> {
    let before = own(tx, session, clock.today()).await?;
    let action = match (before, private) {
        (Own::Shared, true) => {
            sqlx::query!(
                "insert into private_expenses (member_code, since) values ($1, $2)
                 on conflict do nothing",
                session.person.member_code,
                clock.now()
            )
            .execute(tx.conn())
            .await?;
            Action::ExpensesHidden
        }
        (Own::Private { .. }, false) => {
            sqlx::query!(
                "delete from private_expenses where member_code = $1",
                session.person.member_code
            )
            .execute(tx.conn())
            .await?;
            Action::ExpensesShown
        }
        _ => return Ok(false),
    };
    audit::record(tx, clock, action, Some(session.login), serde_json::json!({})).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e7_one_is_an_adult_from_the_eighteenth_birthday_on() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (birthdate, today, adult) in [
            ("2008-11-21", "2026-11-20", false),
            ("2008-11-21", "2026-11-21", true),
            ("2008-02-29", "2026-02-28", false),
            ("2008-02-29", "2026-03-01", true),
            ("1979-08-22", "2026-11-21", true),
        ] {
            assert_eq!(is_adult(day(birthdate), day(today)), adult, "{birthdate} {today}");
        }
    }
}
