//! 再招待: a colleague who lost the password or the second factor begins anew. Nobody resets a part of a staff login.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ManageError;
use super::change::overtaken;
use super::locked::{LockedStaff, lock_for};
use super::suspending::about;
use crate::audit::Target;
use crate::auth::context::Context;
use crate::auth::factor::reset;
use crate::auth::staff::act::{Act, ReinviteStaff};
use crate::auth::staff::approval::kind::{ExecuteError, FourEyes, Preview};
use crate::auth::staff::desk::{Clerk, Desk, Matter};
use crate::auth::staff::invitation;
use crate::auth::staff::reason::Reason;
use crate::auth::staff::right::words;
use crate::auth::staff::roster::{self, OfficeState};
use crate::base::email::EmailAddress;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Staff};
use crate::db::TenantTx;

/// The name of this reason for a reset of factors on the trail.
const BY: &str = "reinvitation";

/// A colleague to invite anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reinvitation {
    pub login: LoginId<Staff>,
}

impl FourEyes for Reinvitation {
    const KIND: &'static str = "staff.reinvite";
    const TITLE: &'static str = "職員の再招待";
    type Act = ReinviteStaff;

    fn matter(&self) -> Matter {
        about(self.login, None)
    }

    fn staff_concerned(&self) -> Option<LoginId<Staff>> {
        Some(self.login)
    }

    async fn preview(
        &self,
        tx: &mut TenantTx,
        cx: Context<'_>,
    ) -> Result<Option<Preview>, sqlx::Error> {
        let staff = roster::list(tx, cx.clock).await?;
        let Some(one) = staff.into_iter().find(|one| one.login == self.login) else {
            return Ok(None);
        };
        let state = match one.office {
            OfficeState::Active => "在任",
            OfficeState::Suspended => "停止（再招待により停止が解かれます）",
            OfficeState::Invited | OfficeState::InvitationExpired | OfficeState::Left => {
                return Ok(None);
            }
        };
        let preview = Preview::default()
            .fact("職員", one.name)
            .fact("招待メールの宛先", one.email.unwrap_or_default())
            .fact("役割・権限", words(&one.roles, &one.extra_rights))
            .fact("現在の状態", state)
            .fact(
                "行われること",
                "パスワード、認証方法、ログイン中の端末がすべて無効になり、招待メールが送られます",
            );
        Ok(Some(preview))
    }

    async fn execute(
        &self,
        desk: &mut Desk<ReinviteStaff>,
        cx: Context<'_>,
    ) -> Result<Value, ExecuteError> {
        begin_anew(desk, cx, self.login, Eyes::Two).await?;
        Ok(json!({}))
    }
}

/// The number of people who agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Eyes {
    One,
    Two,
}

/// Invites a colleague anew who is no 管理者 and in office, for which one pair of eyes is enough.
///
/// # Errors
/// [`ManageError::NeedsApproval`] if they are 管理者 or suspended.
pub async fn reinvite(
    clerk: Clerk<'_>,
    cx: Context<'_>,
    login: LoginId<Staff>,
    reason: &Reason,
) -> Result<(), ManageError> {
    let matter = about(login, Some(reason));
    let done = Desk::<ReinviteStaff>::act(clerk, matter.clone(), async |desk| {
        begin_anew(desk, cx, login, Eyes::One).await
    })
    .await;
    overtaken::<ReinviteStaff, _>(clerk, &matter, done).await
}

/// Kills everything by which a colleague signs in, and mails an invitation to the address that they had. A 管理者 counts as
/// out of office until they come back, but could not act before either; so this may leave one in office.
async fn begin_anew<A: Act>(
    desk: &mut Desk<A>,
    cx: Context<'_>,
    login: LoginId<Staff>,
    eyes: Eyes,
) -> Result<(), ManageError> {
    let today = cx.clock.today();
    let (staff, place) = lock_for(desk, today, login).await?;
    let one = &staff[place];
    if one.office.accepted_at.is_none() || one.office.is_left(today) {
        return Err(ManageError::WrongState);
    }
    if eyes == Eyes::One && (one.is_admin() || one.is_suspended()) {
        return Err(ManageError::NeedsApproval);
    }
    let email = one.email.as_deref().and_then(EmailAddress::parse);
    let email = email.ok_or(ManageError::WrongState)?;
    let taken = reset::reset(desk.tx(), cx, login, BY).await?;
    kill_credentials(desk.tx(), one).await?;
    invitation::begin_anew(desk.tx(), cx, login, &one.name, &email).await?;
    let line = desk.line();
    line.target = Some(Target::staff(login, Some(one.name.clone())));
    line.detail = json!({ "taken_away": taken, "was_suspended": one.is_suspended() });
    Ok(())
}

/// Makes a login what it was when the person was first invited.
async fn kill_credentials(tx: &mut TenantTx, one: &LockedStaff) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update logins
         set user_id = $3::text, password_hash = null, password_set_at = null, password_failures = 0,
             password_tried_at = null, registered_at = null, locked_at = null,
             lock_spares_known_browsers = false, second_factor = null, email = null,
             email_confirmed_at = null, former_email = null, passkey_offer_answered_at = null
         where tenant_id = $1 and realm = $2 and id = $4",
        tx.tenant() as TenantId,
        Staff::NAME,
        one.login.to_string(),
        one.login.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from known_browsers where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        Staff::NAME,
        one.login.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update staff set accepted_at = null, suspended_at = null, suspended_by = null
         where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        Staff::NAME,
        one.login.0
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
