//! Suspending a member of staff: they can do nothing from the next request on.

use serde_json::json;

use super::right::StaffRole;
use super::trail_line;
use crate::audit::{self, Action};
use crate::auth::journey::staff::Office;
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

/// Suspends the member of staff with an address, whether they have taken their invitation up or not. Returns None if
/// there is no such member in office.
///
/// All of the union's staff are locked first, so that two 管理者 who suspend each other at the same time don't leave the
/// union with nobody: the second one sees what the first one did.
pub async fn suspend(
    tx: &mut TenantTx,
    clock: &Clock,
    email: &EmailAddress,
) -> Result<Option<Suspension>, sqlx::Error> {
    let staff = sqlx::query!(
        r#"select s.login_id as "login: LoginId<Staff>", s.name, s.roles, s.suspended_at,
                  s.accepted_at, s.leaves_on, coalesce(l.email, i.email) as email
           from staff s
           join logins l on l.tenant_id = $1 and l.realm = $2 and l.id = s.login_id
           left join staff_invitations i
             on i.tenant_id = $1 and i.realm = $2 and i.login_id = s.login_id
           where s.tenant_id = $1 and s.realm = $2
           order by s.login_id
           for update of s"#,
        tx.tenant() as TenantId,
        Staff::NAME
    )
    .fetch_all(tx.conn())
    .await?;
    let is_meant = |found: &Option<String>| found.as_deref() == Some(email.as_str());
    let meant = staff.iter().find(|one| one.suspended_at.is_none() && is_meant(&one.email));
    let Some(meant) = meant else { return Ok(None) };
    let is_admin = |roles: &[String]| roles.iter().any(|role| role == StaffRole::Admin.name());
    let others = staff.iter().filter(|one| one.login != meant.login && is_admin(&one.roles));
    let offices = others.map(|one| Office {
        accepted_at: one.accepted_at,
        suspended_at: one.suspended_at,
        leaves_on: one.leaves_on,
    });
    let admins_left = offices.filter(|office| office.is_held(clock.today())).count();
    sqlx::query!(
        "update staff set suspended_at = $4 where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        Staff::NAME,
        meant.login.0,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from staff_invitations where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        Staff::NAME,
        meant.login.0
    )
    .execute(tx.conn())
    .await?;
    let sessions = store::end_others(tx, clock, meant.login, None).await?;
    let detail = json!({ "sessions": sessions, "admins_left": admins_left });
    let line = trail_line(Action::StaffSuspended, meant.login, &meant.name, detail);
    audit::write(tx, clock, &line, &[None]).await?;
    Ok(Some(Suspension { name: meant.name.clone(), sessions, admins_left }))
}
