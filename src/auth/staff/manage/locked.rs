//! All of a union's staff, locked: what one act decides by them holds until it is done.

use chrono::NaiveDate;

use super::ManageError;
use crate::auth::journey::staff::Office;
use crate::auth::staff::act::Act;
use crate::auth::staff::desk::Desk;
use crate::auth::staff::right::{Rights, StaffRole};
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Staff};
use crate::db::TenantTx;

/// A member of staff whose row is locked.
#[derive(Debug)]
pub(in crate::auth::staff) struct LockedStaff {
    pub login: LoginId<Staff>,
    pub name: String,
    pub email: Option<String>,
    pub roles: Vec<String>,
    pub extra_rights: Vec<String>,
    pub member: Option<String>,
    pub office: Office,
}

impl LockedStaff {
    pub const fn is_suspended(&self) -> bool {
        self.office.suspended_at.is_some()
    }

    pub fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role == StaffRole::Admin.name())
    }

    pub fn is_admin_in_office(&self, today: NaiveDate) -> bool {
        self.is_admin() && self.office.is_held(today)
    }
}

/// Locks all of a union's staff, always in the same order, and reads them as they are then.
pub(in crate::auth::staff) async fn lock_all(
    tx: &mut TenantTx,
) -> Result<Vec<LockedStaff>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select s.login_id as "login: LoginId<Staff>", s.name, s.roles, s.extra_rights, s.member_code,
                  s.suspended_at, s.accepted_at, s.leaves_on, coalesce(l.email, i.email) as email
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
    let locked = rows.into_iter().map(|row| LockedStaff {
        login: row.login,
        name: row.name,
        email: row.email,
        roles: row.roles,
        extra_rights: row.extra_rights,
        member: row.member_code,
        office: Office {
            accepted_at: row.accepted_at,
            suspended_at: row.suspended_at,
            leaves_on: row.leaves_on,
        },
    });
    Ok(locked.collect())
}

/// Counts the 管理者 in office without one of them.
pub(in crate::auth::staff) fn admins_in_office(
    staff: &[LockedStaff],
    today: NaiveDate,
    without: LoginId<Staff>,
) -> usize {
    let others = staff.iter().filter(|one| one.login != without);
    others.filter(|one| one.is_admin_in_office(today)).count()
}

/// Locks all of the union's staff for an act about one of them, whose author must still have the act's right: a colleague
/// who came first may have taken it away.
pub(super) async fn lock_for<A: Act>(
    desk: &mut Desk<A>,
    today: NaiveDate,
    login: LoginId<Staff>,
) -> Result<(Vec<LockedStaff>, usize), ManageError> {
    let author = desk.author();
    let staff = lock_all(desk.tx()).await?;
    let still_may = staff.iter().any(|one| {
        let rights = Rights::of_names(&one.roles, &one.extra_rights);
        one.login == author
            && one.office.is_held(today)
            && rights.is_some_and(|rights| rights.allow(A::RIGHT))
    });
    if !still_may {
        return Err(ManageError::Overtaken);
    }
    let place = staff.iter().position(|one| one.login == login).ok_or(ManageError::NotFound)?;
    Ok((staff, place))
}
