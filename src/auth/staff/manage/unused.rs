//! Accounts that nobody has used for 90 days, which the worker suspends.

use serde_json::json;

use super::locked::{admins_in_office, lock_all};
use crate::audit::{self, Action};
use crate::auth::staff::roster::{self, UNUSED_FOR};
use crate::auth::staff::suspension::{ADMINS_WANTED, put_out};
use crate::auth::staff::trail_line;
use crate::base::clock::Clock;
use crate::db::TenantTx;

/// Suspends a union's unused accounts, but never leaves fewer than two 管理者 in office. Returns how many.
pub async fn suspend_unused(tx: &mut TenantTx, clock: &Clock) -> Result<usize, sqlx::Error> {
    let is_any = roster::list(tx, clock).await?.iter().any(|one| one.unused);
    if !is_any {
        return Ok(0);
    }
    let today = clock.today();
    let mut staff = lock_all(tx).await?;
    let listed = roster::list(tx, clock).await?;
    let mut suspended = 0;
    for unused in listed.into_iter().filter(|one| one.unused) {
        let mut own = staff.iter().filter(|one| one.login == unused.login);
        let is_admin = own.any(|one| one.is_admin_in_office(today));
        if is_admin && admins_in_office(&staff, today, unused.login) < ADMINS_WANTED {
            continue;
        }
        let sessions = put_out(tx, clock, unused.login, None).await?;
        staff.retain(|one| one.login != unused.login);
        let detail = json!({ "sessions": sessions, "unused_days": UNUSED_FOR.num_days() });
        let line = trail_line(Action::StaffSuspended, unused.login, &unused.name, detail);
        audit::write(tx, clock, &line, &[None]).await?;
        suspended += 1;
    }
    Ok(suspended)
}
