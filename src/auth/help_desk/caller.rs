//! The check of a caller: the results of comparing the answers with the registry, and the telephone that closes.
//!
//! The registry's room compares ([`members::caller`](crate::members::caller)); here, the result is kept and counted. The
//! words themselves are kept nowhere.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::subject::HelpSubject;
use super::{FurtherItem, HelpError};
use crate::audit::{self, Action, AuditLine};
use crate::auth::account_changed::AccountChange;
use crate::auth::context::Context;
use crate::auth::staff::act::CheckCaller;
use crate::auth::staff::desk::Desk;
use crate::base::clock::Clock;
use crate::base::ids::{CallerCheckId, LoginId, TenantId};
use crate::base::realm::Staff;
use crate::db::TenantTx;

/// An act that needs a check takes one that is no older.
pub const GOOD_FOR: TimeDelta = TimeDelta::minutes(30);
/// So many failures within [`CLOSED_FOR`] close the telephone for as long.
pub const MOST_FAILURES: i64 = 3;
pub const CLOSED_FOR: TimeDelta = TimeDelta::hours(24);

/// The answers of a caller, each true if it was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerAnswers {
    pub name: bool,
    pub symbol: bool,
    pub number: bool,
    pub birthdate: bool,
    pub further: FurtherItem,
    pub further_matched: bool,
}

impl CallerAnswers {
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.name && self.symbol && self.number && self.birthdate && self.further_matched
    }

    /// Returns the items by name, as the trail tells of them.
    fn items(&self) -> Value {
        let Self { name, symbol, number, birthdate, further, further_matched } = *self;
        let mut items =
            json!({ "name": name, "symbol": symbol, "number": number, "birthdate": birthdate });
        items[further.name()] = further_matched.into();
        items
    }
}

/// Returns until when nobody is served by telephone for a person, if that is so.
pub async fn closed_until(
    tx: &mut TenantTx,
    clock: &Clock,
    code: &str,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let now = clock.now();
    // The last failure counts from its own time, so that the day is a whole one.
    let failures = sqlx::query_scalar!(
        "select at from caller_checks
         where tenant_id = $1 and member_code = $2 and not passed and at > $3
         order by at desc limit $4",
        tx.tenant() as TenantId,
        code,
        now - CLOSED_FOR - CLOSED_FOR,
        MOST_FAILURES
    )
    .fetch_all(tx.conn())
    .await?;
    let (Some(last), Some(third)) = (failures.first(), failures.get(2)) else { return Ok(None) };
    let until = *last + CLOSED_FOR;
    Ok((*last - *third < CLOSED_FOR && now < until).then_some(until))
}

/// The result of a check that was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptCheck {
    /// Set if this failure has closed the telephone.
    pub closes: bool,
}

/// Keeps the result of a check. A third failure within a day closes the telephone, and the person is told by mail. The
/// caller has locked the person and knows that the telephone is open, so that fifty tries at once are no more than three.
pub async fn keep(
    desk: &mut Desk<CheckCaller>,
    cx: Context<'_>,
    subject: &HelpSubject,
    answers: &CallerAnswers,
) -> Result<KeptCheck, HelpError> {
    let (clock, staff) = (cx.clock, desk.author());
    let tx = desk.tx();
    sqlx::query!(
        "insert into caller_checks (tenant_id, id, member_code, staff_id, at, name, symbol, number,
                                    birthdate, further, further_matched)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        tx.tenant() as TenantId,
        CallerCheckId::new(clock) as CallerCheckId,
        subject.code,
        staff.0,
        clock.now(),
        answers.name,
        answers.symbol,
        answers.number,
        answers.birthdate,
        answers.further.name(),
        answers.further_matched
    )
    .execute(tx.conn())
    .await?;
    let closes = !answers.passed() && closed_until(tx, clock, &subject.code).await?.is_some();
    if closes {
        let line = AuditLine::new(Action::TelephoneClosed, json!({}));
        let line = AuditLine { member: Some(subject.code.clone()), ..line };
        let login = subject.login.as_ref().map(|login| login.id.0);
        audit::write(tx, clock, &line, &[login]).await?;
        if let Some(email) = subject.login.as_ref().and_then(|login| login.email.as_deref()) {
            AccountChange::TelephoneClosed.tell_address(tx, cx, email).await?;
        }
    }
    let line = desk.line();
    line.caller_check = Some(answers.items());
    line.detail = json!({ "passed": answers.passed() });
    Ok(KeptCheck { closes })
}

/// Returns the further item of the check that a member of staff has made of a person within the last half hour, if every
/// answer was right.
pub async fn passed(
    tx: &mut TenantTx,
    clock: &Clock,
    code: &str,
    staff: LoginId<Staff>,
) -> Result<Option<FurtherItem>, sqlx::Error> {
    let further = sqlx::query_scalar!(
        "select further from caller_checks
         where tenant_id = $1 and member_code = $2 and staff_id = $3 and passed and at >= $4
         order by at desc limit 1",
        tx.tenant() as TenantId,
        code,
        staff.0,
        clock.now() - GOOD_FOR
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(further.and_then(|name| FurtherItem::ALL.into_iter().find(|item| item.name() == name)))
}

/// Returns the items of a check that was right, as the trail tells of them.
pub(super) fn all_right(further: FurtherItem) -> Value {
    let answers = CallerAnswers {
        name: true,
        symbol: true,
        number: true,
        birthdate: true,
        further,
        further_matched: true,
    };
    answers.items()
}
