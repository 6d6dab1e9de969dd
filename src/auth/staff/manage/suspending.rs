//! Suspending a colleague, at once, by one pair of eyes.

use serde_json::json;

use super::ManageError;
use super::change::overtaken;
use super::locked::{admins_in_office, lock_for};
use crate::audit::Target;
use crate::auth::context::Context;
use crate::auth::staff::act::{ResendInvitation, SuspendStaff};
use crate::auth::staff::desk::{Clerk, Desk, Matter};
use crate::auth::staff::invitation::{self, Invited};
use crate::auth::staff::reason::Reason;
use crate::auth::staff::suspension::{self, ADMINS_WANTED};
use crate::base::ids::LoginId;
use crate::base::realm::Staff;

/// Suspends a colleague: every session ends, an open invitation dies. Returns the number of sessions. Suspending them
/// again changes nothing.
///
/// # Errors
/// [`ManageError::TooFewAdmins`] if fewer than two 管理者 would be left, and [`ManageError::WrongState`] if they are
/// suspended already.
pub async fn suspend(
    clerk: Clerk<'_>,
    login: LoginId<Staff>,
    reason: &Reason,
) -> Result<u64, ManageError> {
    let matter = about(login, Some(reason));
    let done = Desk::<SuspendStaff>::act(clerk, matter.clone(), async |desk| {
        let today = clerk.clock.today();
        let (staff, place) = lock_for(desk, today, login).await?;
        let one = &staff[place];
        if one.is_suspended() {
            return Err(ManageError::WrongState);
        }
        let admins_left = admins_in_office(&staff, today, login);
        if one.is_admin_in_office(today) && admins_left < ADMINS_WANTED {
            return Err(ManageError::TooFewAdmins);
        }
        let author = Some(desk.author());
        let sessions = suspension::put_out(desk.tx(), clerk.clock, login, author).await?;
        let line = desk.line();
        line.target = Some(Target::staff(login, Some(one.name.clone())));
        line.detail = json!({ "sessions": sessions, "admins_left": admins_left });
        Ok(sessions)
    })
    .await;
    overtaken::<SuspendStaff, _>(clerk, &matter, done).await
}

/// Mails another link to an invited colleague; the link before is dead.
///
/// # Errors
/// [`ManageError::Invitation`] if they wait for no link.
pub async fn resend(
    clerk: Clerk<'_>,
    cx: Context<'_>,
    login: LoginId<Staff>,
) -> Result<(), ManageError> {
    Desk::<ResendInvitation>::act(clerk, about(login, None), async |desk| {
        invitation::renew(desk.tx(), cx, Invited::With(login)).await?;
        Ok(())
    })
    .await
}

pub(super) fn about(login: LoginId<Staff>, reason: Option<&Reason>) -> Matter {
    let reason = reason.map(|reason| reason.as_str().to_owned());
    Matter { target: Some(Target::staff(login, None)), reason, ..Matter::default() }
}
