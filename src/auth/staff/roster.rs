//! A union's staff as a list: who they are, what they may do, and whether they are in office.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;

use crate::auth::journey::staff::Office;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Staff};
use crate::db::TenantTx;

/// A member of staff in the list.
#[derive(Debug, Serialize)]
pub struct ListedStaff {
    pub login: LoginId<Staff>,
    pub name: String,
    pub email: Option<String>,
    /// The names of roles and extra rights, as the database has them.
    pub roles: Vec<String>,
    pub extra_rights: Vec<String>,
    pub office: OfficeState,
    pub invited_at: DateTime<Utc>,
    /// The end of the newest invitation's link, until it is taken up.
    pub invitation_expires_at: Option<DateTime<Utc>>,
    pub leaves_on: Option<NaiveDate>,
    pub last_seen_at: Option<DateTime<Utc>>,
    /// True if they are in office, and have not used the console for so long that the worker suspends them.
    pub unused: bool,
    pub second_factor: Option<String>,
    /// The member that they are, if they are insured at the union.
    pub member: Option<String>,
    pub suspended_at: Option<DateTime<Utc>>,
}

/// An account that nobody has used for so long is suspended.
pub const UNUSED_FOR: TimeDelta = TimeDelta::days(90);

/// A member's standing in office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficeState {
    /// 招待中
    Invited,
    /// 招待の期限切れ
    InvitationExpired,
    /// 在任
    Active,
    /// 停止
    Suspended,
    /// 退任
    Left,
}

/// Lists all of a union's staff, the newest last.
pub async fn list(tx: &mut TenantTx, clock: &Clock) -> Result<Vec<ListedStaff>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select s.login_id as "login: LoginId<Staff>", s.name, s.roles, s.extra_rights, s.invited_at, s.accepted_at, s.suspended_at,
                  s.leaves_on, s.member_code, l.second_factor, coalesce(l.email, i.email) as email,
                  i.expires_at as "expires_at?",
                  (select max(e.last_seen_at) from sessions e
                   where e.tenant_id = $1 and e.realm = $2 and e.login_id = s.login_id)
                      as last_seen_at
           from staff s
           join logins l on l.tenant_id = $1 and l.realm = $2 and l.id = s.login_id
           left join staff_invitations i
             on i.tenant_id = $1 and i.realm = $2 and i.login_id = s.login_id
           where s.tenant_id = $1 and s.realm = $2
           order by s.invited_at, s.login_id"#,
        tx.tenant() as TenantId,
        Staff::NAME
    )
    .fetch_all(tx.conn())
    .await?;
    let (now, today) = (clock.now(), clock.today());
    let listed = rows.into_iter().map(|row| {
        let office = Office {
            accepted_at: row.accepted_at,
            suspended_at: row.suspended_at,
            leaves_on: row.leaves_on,
        };
        ListedStaff {
            office: if office.is_held(today) {
                OfficeState::Active
            } else if office.suspended_at.is_some() {
                OfficeState::Suspended
            } else if office.is_left(today) {
                OfficeState::Left
            } else if row.expires_at.is_some_and(|at| at > now) {
                OfficeState::Invited
            } else {
                OfficeState::InvitationExpired
            },
            login: row.login,
            unused: office.is_held(today)
                && row.last_seen_at.or(row.accepted_at).is_some_and(|at| at <= now - UNUSED_FOR),
            second_factor: row.second_factor,
            member: row.member_code,
            suspended_at: row.suspended_at,
            name: row.name,
            email: row.email,
            roles: row.roles,
            extra_rights: row.extra_rights,
            invited_at: row.invited_at,
            invitation_expires_at: row.expires_at,
            leaves_on: row.leaves_on,
            last_seen_at: row.last_seen_at,
        }
    });
    Ok(listed.collect())
}
