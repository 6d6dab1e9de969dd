//! Loss of eligibility (T12). For as long as the union says, the same ID and password open the person's own past.

use chrono::{Months, NaiveDate};

use crate::audit::{self, Action};
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::month::Month;
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;
use crate::tenant::policy::AfterLoss;

/// The loss of a person who has lost eligibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// 資格喪失日: the first day without.
    pub lost_on: NaiveDate,
    /// The first day on which the portal is over.
    pub closes_on: NaiveDate,
}

impl Loss {
    /// Returns none while the person is eligible. If the calendar ends before, the portal closes at once.
    #[must_use]
    pub fn of(rule: &AfterLoss, lost_on: Option<NaiveDate>, today: NaiveDate) -> Option<Self> {
        let lost_on = lost_on.filter(|day| *day <= today)?;
        let months = Months::new(12 * u32::from(rule.years));
        let closes_on = lost_on.checked_add_months(months).unwrap_or(lost_on);
        Some(Self { lost_on, closes_on })
    }

    /// Returns true if the portal is closed to the person.
    #[must_use]
    pub fn is_closed(&self, today: NaiveDate) -> bool {
        self.closes_on <= today
    }

    /// Returns the last day on which the person may sign in.
    #[must_use]
    pub fn last_day(&self) -> NaiveDate {
        self.closes_on.pred_opt().unwrap_or(self.closes_on)
    }

    /// Returns the last month in which the person was eligible on some day.
    #[must_use]
    pub fn last_month(&self) -> Month {
        Month::of(self.lost_on.pred_opt().unwrap_or(self.lost_on))
    }
}

/// Closes the logins of a union's subscribers whose time is over, ends their sessions, and opens the logins of those whose
/// eligibility came back. Returns how many were closed.
pub(super) async fn close_due(
    tx: &mut TenantTx,
    clock: &Clock,
    rule: &AfterLoss,
) -> Result<usize, sqlx::Error> {
    let (today, years) = (clock.today(), i32::from(rule.years));
    let closed = sqlx::query_scalar!(
        r#"update logins l set closed_at = $3
           from subscribers s
           join members m on m.tenant_id = s.tenant_id and m.code = s.member_code
           where l.tenant_id = $1 and l.realm = $2 and l.closed_at is null
             and s.tenant_id = $1 and s.login_id = l.id
             and (m.lost_on + make_interval(years => $5))::date <= $4
           returning l.id as "id: LoginId""#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        clock.now(),
        today,
        years
    )
    .fetch_all(tx.conn())
    .await?;
    let ids: Vec<uuid::Uuid> = closed.iter().map(|login| login.0).collect();
    sqlx::query!(
        "update sessions set ended_at = $4
         where tenant_id = $1 and realm = $2 and login_id = any($3) and ended_at is null",
        tx.tenant() as TenantId,
        Subscribers::NAME,
        &ids,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    let opened = sqlx::query_scalar!(
        r#"update logins l set closed_at = null
           from subscribers s
           join members m on m.tenant_id = s.tenant_id and m.code = s.member_code
           where l.tenant_id = $1 and l.realm = $2 and l.closed_at is not null
             and s.tenant_id = $1 and s.login_id = l.id
             and (m.lost_on is null or (m.lost_on + make_interval(years => $4))::date > $3)
           returning l.id as "id: LoginId""#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        today,
        years
    )
    .fetch_all(tx.conn())
    .await?;
    let nothing = serde_json::json!({});
    audit::record_each(tx, clock, Action::AccountClosed, &closed, nothing.clone()).await?;
    audit::record_each(tx, clock, Action::AccountReopened, &opened, nothing).await?;
    Ok(closed.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn t12_two_years_from_the_day_of_the_loss() {
        let rule = AfterLoss { years: 2 };
        let loss = |lost: &str, today: &str| Loss::of(&rule, Some(day(lost)), day(today));
        assert_eq!(Loss::of(&rule, None, day("2026-11-21")), None);
        assert_eq!(loss("2026-11-22", "2026-11-21"), None, "not yet");
        let lost = loss("2026-04-01", "2026-11-21").unwrap();
        assert_eq!(lost.last_month().to_string(), "2026-03", "nothing of April");
        assert_eq!(lost.last_day(), day("2028-03-31"));
        assert!(!lost.is_closed(day("2028-03-31")) && lost.is_closed(day("2028-04-01")));
        let leap = loss("2028-02-29", "2028-03-01").unwrap();
        assert_eq!(leap.closes_on, day("2030-02-28"));
        assert_eq!(leap.last_month().to_string(), "2028-02");
    }
}
