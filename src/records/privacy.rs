//! Keeps a person's records from the rest of the household (E7).
//!
//! Members of a household read each other's rows, as they do on the paper notices. Adults may keep their rows private: then
//! other members' pages, sums and files are without them, whatever the month. Those pages say that rows are left out even if
//! there are none, so that the sentence gives nothing away.

use chrono::{DateTime, Months, NaiveDate, Utc};

use super::RecordKind;
use super::reader::Reader;
use crate::audit::{self, Action};
use crate::auth::session::Session;
use crate::base::clock::{Clock, jst};
use crate::base::ids::TenantId;
use crate::base::month::Month;
use crate::db::TenantTx;

/// 成年 (民法4条): people are adults from their eighteenth birthday on.
const ADULT_YEARS: u32 = 18;

/// A person's choice for their own rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivacyChoice {
    Shared,
    Private {
        since: NaiveDate,
    },
    /// The person is too young to choose, so the rows are shared.
    Minor,
}

/// Returns true if a member of the household, or a person who has left it, keeps rows private that the reader would see
/// otherwise.
pub async fn hides_somebody(
    tx: &mut TenantTx,
    kind: RecordKind,
    reader: Reader<'_>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select ($5::date is null or exists (
                      select from members i
                      where i.tenant_id = $1 and i.code = $4 and i.relation = 'insured'))
              and (exists (
                      select from members m
                      join record_privacy p on p.tenant_id = m.tenant_id and p.member_code = m.code
                      where m.tenant_id = $1 and m.household_code = $3 and m.code <> $4
                        and p.kind = $2)
                   or exists (
                      select from former_households f
                      join record_privacy p
                        on p.tenant_id = f.tenant_id and p.member_code = f.member_code
                      where f.tenant_id = $1 and f.household_code = $3 and f.member_code <> $4
                        and p.kind = $2)) as "hides!""#,
        tx.tenant() as TenantId,
        kind.name(),
        reader.household,
        reader.member,
        reader.until as Option<Month>
    )
    .fetch_one(tx.conn())
    .await
}

/// Returns what a person has chosen for their own rows.
pub async fn own(
    tx: &mut TenantTx,
    kind: RecordKind,
    session: &Session,
    today: NaiveDate,
) -> Result<PrivacyChoice, sqlx::Error> {
    let row = sqlx::query!(
        r#"select m.birthdate, p.since as "since?: DateTime<Utc>"
           from members m
           left join record_privacy p
             on p.tenant_id = m.tenant_id and p.kind = $2 and p.member_code = m.code
           where m.tenant_id = $1 and m.code = $3"#,
        tx.tenant() as TenantId,
        kind.name(),
        session.person.member_code
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(match row.since {
        Some(since) => PrivacyChoice::Private { since: jst(since).date_naive() },
        None if !is_adult(row.birthdate, today) => PrivacyChoice::Minor,
        None => PrivacyChoice::Shared,
    })
}

/// Returns true from the eighteenth birthday on; a person born on February 29 has it on March 1.
fn is_adult(birthdate: NaiveDate, today: NaiveDate) -> bool {
    today
        .checked_sub_months(Months::new(12 * ADULT_YEARS))
        .is_some_and(|latest| birthdate <= latest)
}

/// Keeps one's own rows private, or shares them again. Returns true if the setting changed: a minor's never does.
pub async fn set(
    tx: &mut TenantTx,
    clock: &Clock,
    kind: RecordKind,
    session: &Session,
    private: bool,
) -> Result<bool, sqlx::Error> {
    let before = own(tx, kind, session, clock.today()).await?;
    match (before, private) {
        (PrivacyChoice::Shared, true) => {
            sqlx::query!(
                "insert into record_privacy (tenant_id, kind, member_code, since)
                 values ($1, $2, $3, $4) on conflict do nothing",
                tx.tenant() as TenantId,
                kind.name(),
                session.person.member_code,
                clock.now()
            )
            .execute(tx.conn())
            .await?;
        }
        (PrivacyChoice::Private { .. }, false) => {
            sqlx::query!(
                "delete from record_privacy
                 where tenant_id = $1 and kind = $2 and member_code = $3",
                tx.tenant() as TenantId,
                kind.name(),
                session.person.member_code
            )
            .execute(tx.conn())
            .await?;
        }
        _ => return Ok(false),
    }
    let action = match kind {
        RecordKind::Expenses if private => Action::ExpensesHidden,
        RecordKind::Expenses => Action::ExpensesShown,
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
