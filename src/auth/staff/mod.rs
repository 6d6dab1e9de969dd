//! A union's staff: who they are, what they may do, and the desk at which they do it.

pub mod acceptance;
pub mod act;
pub mod approval;
pub mod desk;
pub mod invitation;
pub mod manage;
pub mod reason;
pub mod right;
pub mod roster;
pub mod suspension;

mod closeness;

use chrono::NaiveDate;

use self::right::Rights;
use crate::audit::{Action, AuditLine, Target};
use crate::auth::journey::staff::Office;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Staff};
use crate::db::TenantTx;

/// A staff member, as they stand now.
#[derive(Debug, Clone)]
pub struct StaffMember {
    pub name: String,
    /// None for roles that this program doesn't know, or that can't be held together.
    pub rights: Option<Rights>,
    office: Office,
}

impl StaffMember {
    /// Returns true if they may act on a day.
    #[must_use]
    pub fn are_in_office(&self, today: NaiveDate) -> bool {
        self.office.is_held(today)
    }
}

/// The staff member of a login, as they stand now.
pub async fn find(
    tx: &mut TenantTx,
    login: LoginId<Staff>,
) -> Result<Option<StaffMember>, sqlx::Error> {
    let row = sqlx::query!(
        "select name, roles, extra_rights, accepted_at, suspended_at, leaves_on from staff
         where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        Staff::NAME,
        login.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| StaffMember {
        name: row.name,
        rights: Rights::of_names(&row.roles, &row.extra_rights),
        office: Office {
            accepted_at: row.accepted_at,
            suspended_at: row.suspended_at,
            leaves_on: row.leaves_on,
        },
    }))
}

/// Lists a union's staff by name, those who have left too.
pub async fn names(tx: &mut TenantTx) -> Result<Vec<(LoginId<Staff>, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select login_id as "login: LoginId<Staff>", name from staff
           where tenant_id = $1 and realm = $2 order by name, login_id"#,
        tx.tenant() as TenantId,
        Staff::NAME
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.login, row.name)).collect())
}

/// Returns the line of an act that concerns a member of staff.
fn trail_line(
    action: Action,
    login: LoginId<Staff>,
    name: &str,
    detail: serde_json::Value,
) -> AuditLine {
    let target = Target::staff(login, Some(name.to_owned()));
    AuditLine { target: Some(target), ..AuditLine::new(action, detail) }
}
