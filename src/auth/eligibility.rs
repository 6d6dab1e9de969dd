//! Losing eligibility (T12): the same ID and password open one's own past for as long as the union says.

use chrono::{Months, NaiveDate};

use crate::audit::{self, Action};
use crate::base::clock::Clock;
use crate::base::ids::LoginId;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::tenant::policy::AfterLoss;

/// Of somebody who has lost it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// 資格喪失日: the first day without.
    pub lost_on: NaiveDate,
    /// The first day on which the portal is over.
    pub closes_on: NaiveDate,
}

impl Loss {
    /// `None` while it lasts. Where the calendar ends, so does the portal.
    #[must_use]
    pub fn of(rule: &AfterLoss, lost_on: Option<NaiveDate>, today: NaiveDate) -> Option<Self> {
        let lost_on = lost_on.filter(|day| *day <= today)?;
        let months = Months::new(12 * u32::from(rule.years));
        let closes_on = lost_on.checked_add_months(months).unwrap_or(lost_on);
        Some(Self { lost_on, closes_on })
    }

    /// Whether the portal is over for the person.
    #[must_use]
    pub fn is_closed(&self, today: NaiveDate) -> bool {
        self.closes_on <= today
    }

    /// The last day on which the person may come in.
    #[must_use]
    pub fn last_day(&self) -> NaiveDate {
        self.closes_on.pred_opt().unwrap_or(self.closes_on)
    }

    /// The last month in which there was a day with eligibility.
    #[must_use]
    pub fn last_month(&self) -> Month {
        Month::of(self.lost_on.pred_opt().unwrap_or(self.lost_on))
    }
}

/// Closes the accounts of a union whose time is over, ends what lives of them, and opens those whose
/// eligibility came back. How many were closed.
pub(in crate::auth) async fn close_due(
    tx: &mut TenantTx,
    clock: &Clock,
    rule: &AfterLoss,
) -> Result<usize, sqlx::Error> {
    let (today, years) = (clock.today(), i32::from(rule.years));
    let closed = sqlx::query_scalar!(
        r#"update accounts a set closed_at = $1 from members m
           where m.tenant_id = a.tenant_id and m.code = a.member_code and a.closed_at is null
             and (m.lost_on + make_interval(years => $3))::date <= $2
           returning a.id as "id: LoginId""#,
        clock.now(),
        today,
        years
    )
    .fetch_all(tx.conn())
    .await?;
    let ids: Vec<uuid::Uuid> = closed.iter().map(|account| account.0).collect();
    sqlx::query!(
        "update sessions set ended_at = $2 where account_id = any($1) and ended_at is null",
        &ids,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    let opened = sqlx::query_scalar!(
        r#"update accounts a set closed_at = null from members m
           where m.tenant_id = a.tenant_id and m.code = a.member_code and a.closed_at is not null
             and (m.lost_on is null or (m.lost_on + make_interval(years => $2))::date > $1)
           returning a.id as "id: LoginId""#,
        today,
        years
    )
    .fetch_all(tx.conn())
    .await?;
    let changes = [(&closed, Action::AccountClosed), (&opened, Action::AccountReopened)];
    for (subjects, action) in changes {
        audit::record_each(tx, clock, action, subjects, serde_json::json!({})).await?;
    }
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
