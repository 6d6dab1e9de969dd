//! Suspending a member of staff: they can do nothing from the next request on.

use serde_json::json;

use super::manage::locked::{self, admins_in_office};
use super::trail_line;
use crate::audit::{self, Action};
use crate::auth::session::store;
use crate::base::clock::Clock;
use crate::base::email::EmailAddress;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Staff};
use crate::db::TenantTx;

/// A union needs this many 管理者, since nobody resets their own credentials.
pub const ADMINS_WANTED: usize = 2;

/// The result of a suspension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    pub name: String,
    /// The number of sessions that ended.
    pub sessions: u64,
    /// The number of 管理者 in office who are left.
    pub admins_left: usize,
}

/// Suspends the member of staff with an address in an operator's name, whether they have taken their invitation up or
/// not. Returns None if there is no such member in office.
///
/// All of the union's staff are locked first, so that two 管理者 who are suspended at the same time don't leave the union
/// with nobody unnoticed.
pub async fn suspend(
    tx: &mut TenantTx,
    clock: &Clock,
    email: &EmailAddress,
) -> Result<Option<Suspension>, sqlx::Error> {
    let staff = locked::lock_all(tx).await?;
    let is_meant = |found: &Option<String>| found.as_deref() == Some(email.as_str());
    let meant = staff.iter().find(|one| !one.is_suspended() && is_meant(&one.email));
    let Some(meant) = meant else { return Ok(None) };
    let admins_left = admins_in_office(&staff, clock.today(), meant.login);
    let sessions = put_out(tx, clock, meant.login, None).await?;
    let detail = json!({ "sessions": sessions, "admins_left": admins_left });
    let line = trail_line(Action::StaffSuspended, meant.login, &meant.name, detail);
    audit::write(tx, clock, &line, &[None]).await?;
    Ok(Some(Suspension { name: meant.name.clone(), sessions, admins_left }))
}

/// Marks a member of staff as suspended, ends their sessions, and kills their invitation. Returns the number of sessions.
pub(super) async fn put_out(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<Staff>,
    by: Option<LoginId<Staff>>,
) -> Result<u64, sqlx::Error> {
    sqlx::query!(
        "update staff set suspended_at = $4, suspended_by = $5
         where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        Staff::NAME,
        login.0,
        clock.now(),
        by.map(|colleague| colleague.0)
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from staff_invitations where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        Staff::NAME,
        login.0
    )
    .execute(tx.conn())
    .await?;
    store::end_others(tx, clock, login, None).await
}
