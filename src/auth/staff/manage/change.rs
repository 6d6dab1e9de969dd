//! Giving and taking roles, rights and time in office.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ManageError;
use super::locked::{LockedStaff, admins_in_office, lock_for};
use crate::audit::Target;
use crate::auth::context::Context;
use crate::auth::staff::act::{Act, GrantRights, RevokeRights};
use crate::auth::staff::approval::kind::{ExecuteError, FourEyes, Preview};
use crate::auth::staff::desk::{self, Clerk, Denial, Desk, Matter};
use crate::auth::staff::invitation::OWN_MEMBER;
use crate::auth::staff::reason::Reason;
use crate::auth::staff::right::{ExtraRight, Rights, StaffRole, words};
use crate::auth::staff::suspension::ADMINS_WANTED;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::japanese::day;
use crate::base::realm::{Realm as _, Staff};
use crate::db::TenantTx;

/// The standing of a staff member: roles and rights, the last day, and the member they are. Names stand in the order of the
/// types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffStanding {
    pub roles: Vec<String>,
    pub extra_rights: Vec<String>,
    pub leaves_on: Option<NaiveDate>,
    pub member: Option<String>,
}

impl StaffStanding {
    /// Puts names into the order of the types. Unknown names are dropped.
    #[must_use]
    pub fn new(
        roles: &[String],
        extra_rights: &[String],
        leaves_on: Option<NaiveDate>,
        member: Option<String>,
    ) -> Self {
        let roles = StaffRole::ALL.map(StaffRole::name).into_iter().filter(|name| has(roles, name));
        let extra = ExtraRight::ALL
            .map(ExtraRight::name)
            .into_iter()
            .filter(|name| has(extra_rights, name));
        Self {
            roles: roles.map(str::to_owned).collect(),
            extra_rights: extra.map(str::to_owned).collect(),
            leaves_on,
            member,
        }
    }

    fn of(staff: &LockedStaff) -> Self {
        Self::new(&staff.roles, &staff.extra_rights, staff.office.leaves_on, staff.member.clone())
    }

    /// Returns true if it gives anything that `before` does not: a role or a right, a later end, or another member code,
    /// which would open the household that is closed now.
    #[must_use]
    pub fn gives_more_than(&self, before: &Self) -> bool {
        let later = match (before.leaves_on, self.leaves_on) {
            (Some(before), Some(after)) => after > before,
            (Some(_), None) => true,
            (None, _) => false,
        };
        later
            || self.roles.iter().any(|role| !has(&before.roles, role))
            || self.extra_rights.iter().any(|right| !has(&before.extra_rights, right))
            || before.member.is_some() && before.member != self.member
    }

    /// Returns the rights, if they can be held together.
    #[must_use]
    pub fn rights(&self) -> Option<Rights> {
        Rights::of_names(&self.roles, &self.extra_rights)
    }

    fn is_admins(&self) -> bool {
        has(&self.roles, StaffRole::Admin.name())
    }

    /// Adds the facts of a standing to a preview.
    fn told(&self, preview: Preview, labels: [&'static str; 3]) -> Preview {
        let [rights, end, member] = labels;
        preview
            .fact(rights, words(&self.roles, &self.extra_rights))
            .fact(end, self.leaves_on.map_or_else(|| "定めない".to_owned(), day))
            .fact(member, self.member.clone().unwrap_or_else(|| "なし".to_owned()))
    }
}

fn has(names: &[String], wanted: &str) -> bool {
    names.iter().any(|name| name == wanted)
}

/// A change of a staff member's standing. It holds only for the standing that its author saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeOfStanding {
    pub login: LoginId<Staff>,
    pub from: StaffStanding,
    pub to: StaffStanding,
}

impl ChangeOfStanding {
    fn target(&self) -> Option<Target> {
        Some(Target::staff(self.login, None))
    }
}

impl FourEyes for ChangeOfStanding {
    const KIND: &'static str = "staff.grant";
    const TITLE: &'static str = "職員の役割・権限の変更";
    type Act = GrantRights;

    fn matter(&self) -> Matter {
        Matter { target: self.target(), ..Matter::default() }
    }

    fn staff_concerned(&self) -> Option<LoginId<Staff>> {
        Some(self.login)
    }

    async fn preview(
        &self,
        tx: &mut TenantTx,
        _: Context<'_>,
    ) -> Result<Option<Preview>, sqlx::Error> {
        let Some((name, now)) = standing(tx, self.login).await? else { return Ok(None) };
        if now != self.from || !is_member(tx, self.to.member.as_deref()).await? {
            return Ok(None);
        }
        let preview = Preview::default().fact("職員", name);
        let preview =
            self.from.told(preview, ["現在の役割・権限", "現在の最終在任日", "現在の個人コード"]);
        let preview = self
            .to
            .told(preview, ["変更後の役割・権限", "変更後の最終在任日", "変更後の個人コード"]);
        Ok(Some(preview))
    }

    async fn execute(
        &self,
        desk: &mut Desk<GrantRights>,
        cx: Context<'_>,
    ) -> Result<Value, ExecuteError> {
        apply(desk, cx.clock, self).await?;
        Ok(json!({}))
    }
}

/// Reads the name of a staff member, and how they stand.
pub async fn standing(
    tx: &mut TenantTx,
    login: LoginId<Staff>,
) -> Result<Option<(String, StaffStanding)>, sqlx::Error> {
    let row = sqlx::query!(
        "select name, roles, extra_rights, leaves_on, member_code from staff
         where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        Staff::NAME,
        login.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| {
        let standing =
            StaffStanding::new(&row.roles, &row.extra_rights, row.leaves_on, row.member_code);
        (row.name, standing)
    }))
}

/// Returns true if a member code is none, or one of the union's.
pub async fn is_member(tx: &mut TenantTx, member: Option<&str>) -> Result<bool, sqlx::Error> {
    let Some(member) = member else { return Ok(true) };
    sqlx::query_scalar!(
        r#"select exists (select from members where tenant_id = $1 and code = $2) as "known!""#,
        tx.tenant() as TenantId,
        member
    )
    .fetch_one(tx.conn())
    .await
}

/// Makes a change that gives nothing, for which one pair of eyes is enough.
///
/// # Errors
/// [`ManageError::NeedsApproval`] if it gives more than the staff member has.
pub async fn take_away(
    clerk: Clerk<'_>,
    change: &ChangeOfStanding,
    reason: &Reason,
) -> Result<(), ManageError> {
    if change.to.gives_more_than(&change.from) {
        return Err(ManageError::NeedsApproval);
    }
    let reason = Some(reason.as_str().to_owned());
    let matter = Matter { target: change.target(), reason, ..Matter::default() };
    let done = Desk::<RevokeRights>::act(clerk, matter.clone(), async |desk| {
        apply(desk, clerk.clock, change).await
    })
    .await;
    overtaken::<RevokeRights, _>(clerk, &matter, done).await
}

/// Writes the refusal of an author who lost the right while they waited for a colleague's act.
pub(super) async fn overtaken<A: Act, T>(
    clerk: Clerk<'_>,
    matter: &Matter,
    done: Result<T, ManageError>,
) -> Result<T, ManageError> {
    match done {
        Err(ManageError::Overtaken) => {
            Err(desk::deny::<A>(clerk, matter, Denial::NoRight).await?.into())
        }
        done => done,
    }
}

async fn apply<A: Act>(
    desk: &mut Desk<A>,
    clock: &Clock,
    change: &ChangeOfStanding,
) -> Result<(), ManageError> {
    let today = clock.today();
    let (staff, place) = lock_for(desk, today, change.login).await?;
    let one = &staff[place];
    if StaffStanding::of(one) != change.from || change.to.rights().is_none() {
        return Err(ManageError::Changed);
    }
    // Whose last day comes nearer counts as gone: two 管理者 must not end each other's time.
    let (was, ends) = (change.from.leaves_on, change.to.leaves_on);
    let ends_sooner = ends.is_some_and(|ends| was.is_none_or(|was| ends < was));
    let loses_admin = one.is_admin_in_office(today) && (ends_sooner || !change.to.is_admins());
    if loses_admin && admins_in_office(&staff, today, one.login) < ADMINS_WANTED {
        return Err(ManageError::TooFewAdmins);
    }
    if !is_member(desk.tx(), change.to.member.as_deref()).await? {
        return Err(ManageError::NotFound);
    }
    let changed = sqlx::query!(
        "update staff set roles = $4, extra_rights = $5, leaves_on = $6, member_code = $7
         where tenant_id = $1 and realm = $2 and login_id = $3",
        desk.tx().tenant() as TenantId,
        Staff::NAME,
        one.login.0,
        &change.to.roles,
        &change.to.extra_rights,
        change.to.leaves_on,
        change.to.member
    )
    .execute(desk.tx().conn())
    .await;
    match changed {
        Err(sqlx::Error::Database(error)) if error.constraint() == Some(OWN_MEMBER) => {
            return Err(ManageError::MemberTaken);
        }
        changed => changed.map(drop)?,
    }
    let line = desk.line();
    line.target = Some(Target::staff(one.login, Some(one.name.clone())));
    line.changed = Some(difference(&change.from, &change.to));
    Ok(())
}

/// Returns each field that differs, before and after. The trail knows members by code only where they are its subject.
fn difference(from: &StaffStanding, to: &StaffStanding) -> Value {
    let mut changed = serde_json::Map::new();
    if (&from.roles, &from.extra_rights) != (&to.roles, &to.extra_rights) {
        let names = |one: &StaffStanding| [one.roles.clone(), one.extra_rights.clone()].concat();
        changed.insert("roles".to_owned(), json!([names(from), names(to)]));
    }
    if from.leaves_on != to.leaves_on {
        changed.insert("leaves_on".to_owned(), json!([from.leaves_on, to.leaves_on]));
    }
    if from.member != to.member {
        let is_set = |one: &StaffStanding| one.member.is_some();
        changed.insert("has_member_code".to_owned(), json!([is_set(from), is_set(to)]));
    }
    Value::Object(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(roles: &[&str], extra: &[&str]) -> StaffStanding {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        StaffStanding::new(&names(roles), &names(extra), None, None)
    }

    #[test]
    fn whatever_is_not_there_before_is_given() {
        let day = |day: u32| NaiveDate::from_ymd_opt(2026, 12, day);
        let viewer = standing(&["viewer"], &["medical"]);
        let until = |leaves_on, one: &StaffStanding| StaffStanding { leaves_on, ..one.clone() };
        let member = |code: Option<&str>| StaffStanding {
            member: code.map(str::to_owned),
            ..viewer.clone()
        };
        for (case, before, after, gives) in [
            ("the same", viewer.clone(), viewer.clone(), false),
            (
                "another order",
                standing(&["admin", "viewer"], &[]),
                standing(&["viewer", "admin"], &[]),
                false,
            ),
            ("a right less", viewer.clone(), standing(&["viewer"], &[]), false),
            ("a right more", standing(&["viewer"], &[]), viewer.clone(), true),
            ("another role instead", standing(&["admin"], &[]), standing(&["viewer"], &[]), true),
            ("a role less", standing(&["admin", "viewer"], &[]), standing(&["viewer"], &[]), false),
            ("an end", viewer.clone(), until(day(1), &viewer), false),
            ("an earlier end", until(day(2), &viewer), until(day(1), &viewer), false),
            ("a later end", until(day(1), &viewer), until(day(2), &viewer), true),
            ("no end any more", until(day(1), &viewer), viewer.clone(), true),
            ("a member code", member(None), member(Some("K1")), false),
            ("another member code", member(Some("K1")), member(Some("K3")), true),
            ("no member code any more", member(Some("K1")), member(None), true),
        ] {
            assert_eq!(after.gives_more_than(&before), gives, "{case}");
        }
    }
}
