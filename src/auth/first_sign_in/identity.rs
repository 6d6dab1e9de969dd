//! 本人確認: questions that only the person can answer, besides the first credentials (F2, G1).
//!
//! Five wrong answers in a row lock the login, as wrong passwords do. The answer does not tell which part was wrong.

use chrono::NaiveDate;

use crate::audit::{self, Action};
use crate::auth::session::store;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;

/// Wrong answers in a row after which staff have to help.
const MAX_FAILURES: i16 = 5;

/// The answers of a person.
#[derive(Debug)]
pub struct IdentityClaim {
    pub birthdate: NaiveDate,
    /// The insurer's number, which only the older way asks for (seed 004 ③).
    pub insurer_number: Option<String>,
}

/// The result of checking them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    Right,
    Wrong,
    /// The login is locked, and all that was begun with it has ended.
    Locked,
}

/// Compares a claim with the union's records. A right one is noted for ever.
pub async fn check(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId,
    claim: &IdentityClaim,
) -> Result<Check, sqlx::Error> {
    // The lock makes tries at the same time take turns, so that each of them counts.
    let known = sqlx::query!(
        r#"select m.birthdate, h.insurer_number, s.birthdate_failures as failures,
                  l.locked_at is not null as "locked!"
           from logins l
           join subscribers s on s.tenant_id = l.tenant_id and s.login_id = l.id
           join members m on m.tenant_id = s.tenant_id and m.code = s.member_code
           join households h on h.tenant_id = m.tenant_id and h.code = m.household_code
           where l.tenant_id = $1 and l.realm = $2 and l.id = $3
           for update of l, s"#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        login.0
    )
    .fetch_one(tx.conn())
    .await?;
    if known.locked {
        return Ok(Check::Locked);
    }
    let insurer_matches =
        claim.insurer_number.as_ref().is_none_or(|number| *number == known.insurer_number);
    if known.birthdate == claim.birthdate && insurer_matches {
        sqlx::query!(
            "update subscribers set birthdate_failures = 0,
                                    birthdate_confirmed_at = coalesce(birthdate_confirmed_at, $3)
             where tenant_id = $1 and login_id = $2",
            tx.tenant() as TenantId,
            login.0,
            clock.now()
        )
        .execute(tx.conn())
        .await?;
        let nothing = serde_json::json!({});
        audit::record(tx, clock, Action::BirthdateConfirmed, Some(login), nothing).await?;
        return Ok(Check::Right);
    }
    refuse(tx, clock, login, known.failures + 1).await
}

async fn refuse(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId,
    failures: i16,
) -> Result<Check, sqlx::Error> {
    sqlx::query!(
        "update subscribers set birthdate_failures = $3 where tenant_id = $1 and login_id = $2",
        tx.tenant() as TenantId,
        login.0,
        failures
    )
    .execute(tx.conn())
    .await?;
    let detail = serde_json::json!({ "failures": failures });
    audit::record(tx, clock, Action::BirthdateRefused, Some(login), detail).await?;
    if failures < MAX_FAILURES {
        return Ok(Check::Wrong);
    }
    store::lock(tx, clock, login, "birthdate").await?;
    Ok(Check::Locked)
}
