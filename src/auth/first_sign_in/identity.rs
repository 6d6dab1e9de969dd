//! 本人確認: what only the person knows besides the first credentials (F2, G1).
//!
//! Five wrong answers in a row lock the account, as wrong passwords do. Nothing tells which part
//! was wrong.

use chrono::NaiveDate;

use crate::audit::{self, Action};
use crate::auth::session;
use crate::base::clock::Clock;
use crate::base::ids::LoginId;
use crate::db::TenantTx;

/// Wrong answers in a row after which staff have to help.
const MAX_FAILURES: i16 = 5;

/// What somebody says of themselves.
#[derive(Debug)]
pub struct Claim {
    pub birthdate: NaiveDate,
    /// Asked for in the older way alone (seed 004 ③).
    pub insurer_number: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    Right,
    Wrong,
    /// The account is locked, and all that was begun with it has ended.
    Locked,
}

/// Holds a claim against what the union knows; the right one is noted for ever.
///
/// # Errors
/// The database's.
pub async fn check(
    tx: &mut TenantTx,
    clock: &Clock,
    account: LoginId,
    claim: &Claim,
) -> Result<Check, sqlx::Error> {
    // Tries at once wait here for each other, so that each of them counts.
    let known = sqlx::query!(
        "select m.birthdate, h.insurer_number, a.birthdate_failures as failures,
                a.locked_at is not null as \"locked!\"
         from accounts a
         join members m on m.tenant_id = a.tenant_id and m.code = a.member_code
         join households h on h.tenant_id = m.tenant_id and h.code = m.household_code
         where a.id = $1 for update of a",
        account as LoginId
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
            "update accounts set birthdate_failures = 0,
                                 birthdate_confirmed_at = coalesce(birthdate_confirmed_at, $2)
             where id = $1",
            account as LoginId,
            clock.now()
        )
        .execute(tx.conn())
        .await?;
        let nothing = serde_json::json!({});
        audit::record(tx, clock, Action::BirthdateConfirmed, Some(account), nothing).await?;
        return Ok(Check::Right);
    }
    refuse(tx, clock, account, known.failures + 1).await
}

async fn refuse(
    tx: &mut TenantTx,
    clock: &Clock,
    account: LoginId,
    failures: i16,
) -> Result<Check, sqlx::Error> {
    sqlx::query!(
        "update accounts set birthdate_failures = $2 where id = $1",
        account as LoginId,
        failures
    )
    .execute(tx.conn())
    .await?;
    let detail = serde_json::json!({ "failures": failures });
    audit::record(tx, clock, Action::BirthdateRefused, Some(account), detail).await?;
    if failures < MAX_FAILURES {
        return Ok(Check::Wrong);
    }
    session::lock(tx, clock, account, "birthdate").await?;
    Ok(Check::Locked)
}
