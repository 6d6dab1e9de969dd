//! 棚卸し: every quarter, 管理者 look at each account and confirm it.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde_json::json;

use super::ManageError;
use super::change::overtaken;
use super::locked::lock_for;
use super::suspending::about;
use crate::audit::Target;
use crate::auth::staff::act::ReviewStaff;
use crate::auth::staff::desk::{Clerk, Desk};
use crate::auth::staff::right::words;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Staff};
use crate::db::TenantTx;

/// A confirmation of an account.
#[derive(Debug)]
pub struct Confirmed {
    pub login: LoginId<Staff>,
    pub by: String,
    pub at: DateTime<Utc>,
}

/// Returns the first day of a day's quarter.
#[must_use]
pub fn quarter(day: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1).unwrap_or(day)
}

/// Lists the accounts that were confirmed in a quarter.
pub async fn confirmed(
    tx: &mut TenantTx,
    quarter: NaiveDate,
) -> Result<Vec<Confirmed>, sqlx::Error> {
    sqlx::query_as!(
        Confirmed,
        r#"select r.login_id as "login: LoginId<Staff>", s.name as by, r.reviewed_at as at
           from staff_reviews r
           join staff s on s.tenant_id = $1 and s.realm = $2 and s.login_id = r.reviewed_by
           where r.tenant_id = $1 and r.realm = $2 and r.quarter = $3"#,
        tx.tenant() as TenantId,
        Staff::NAME,
        quarter
    )
    .fetch_all(tx.conn())
    .await
}

/// Confirms a colleague's account for this quarter, with the rights that were shown. Confirming it again changes nothing.
///
/// # Errors
/// [`ManageError::Changed`] if the account has other rights now.
pub async fn confirm(
    clerk: Clerk<'_>,
    login: LoginId<Staff>,
    shown: &str,
) -> Result<(), ManageError> {
    let matter = about(login, None);
    let today = clerk.clock.today();
    let done = Desk::<ReviewStaff>::act(clerk, matter.clone(), async |desk| {
        let (staff, place) = lock_for(desk, today, login).await?;
        let one = &staff[place];
        if words(&one.roles, &one.extra_rights) != shown {
            return Err(ManageError::Changed);
        }
        let (by, quarter) = (desk.author(), quarter(today));
        sqlx::query!(
            "insert into staff_reviews (tenant_id, quarter, login_id, reviewed_by, reviewed_at, roles, extra_rights)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (tenant_id, realm, quarter, login_id) do nothing",
            desk.tx().tenant() as TenantId,
            quarter,
            login.0,
            by.0,
            clerk.clock.now(),
            &one.roles,
            &one.extra_rights
        )
        .execute(desk.tx().conn())
        .await?;
        let line = desk.line();
        line.target = Some(Target::staff(login, Some(one.name.clone())));
        line.detail = json!({ "quarter": quarter });
        Ok(())
    })
    .await;
    overtaken::<ReviewStaff, _>(clerk, &matter, done).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_begins_in_january_april_july_and_october() {
        for (day, first) in [
            ("2026-01-01", "2026-01-01"),
            ("2026-03-31", "2026-01-01"),
            ("2026-04-01", "2026-04-01"),
            ("2026-11-21", "2026-10-01"),
            ("2026-12-31", "2026-10-01"),
        ] {
            let day: NaiveDate = day.parse().unwrap();
            assert_eq!(quarter(day), first.parse().unwrap(), "{day}");
        }
    }
}
