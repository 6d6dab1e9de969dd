//! Inviting a colleague to be, which gives them rights and so needs four eyes.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ManageError;
use super::change::is_member;
use crate::audit::Target;
use crate::auth::context::Context;
use crate::auth::staff::act::InviteStaff;
use crate::auth::staff::approval::kind::{ExecuteError, FourEyes, Preview};
use crate::auth::staff::desk::{Desk, Matter};
use crate::auth::staff::invitation::{self, Invitee};
use crate::auth::staff::right::{Rights, words};
use crate::base::email::EmailAddress;
use crate::base::ids::TenantId;
use crate::base::japanese::day;
use crate::base::realm::{Realm as _, Staff};
use crate::db::TenantTx;

/// The person to invite. The names are those that the database has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newcomer {
    pub name: String,
    pub email: String,
    pub roles: Vec<String>,
    pub extra_rights: Vec<String>,
    pub leaves_on: Option<NaiveDate>,
    pub member: Option<String>,
}

impl FourEyes for Newcomer {
    const KIND: &'static str = "staff.invite";
    const TITLE: &'static str = "職員の招待";
    type Act = InviteStaff;

    fn matter(&self) -> Matter {
        Matter::default()
    }

    async fn preview(
        &self,
        tx: &mut TenantTx,
        _: Context<'_>,
    ) -> Result<Option<Preview>, sqlx::Error> {
        if is_known(tx, &self.email).await? || !is_member(tx, self.member.as_deref()).await? {
            return Ok(None);
        }
        let preview = Preview::default()
            .fact("氏名", &self.name)
            .fact("メールアドレス", &self.email)
            .fact("役割・権限", words(&self.roles, &self.extra_rights))
            .fact("最終在任日", self.leaves_on.map_or_else(|| "定めない".to_owned(), day))
            .fact("個人コード", self.member.clone().unwrap_or_else(|| "なし".to_owned()));
        Ok(Some(preview))
    }

    async fn execute(
        &self,
        desk: &mut Desk<InviteStaff>,
        cx: Context<'_>,
    ) -> Result<Value, ExecuteError> {
        let rights = Rights::of_names(&self.roles, &self.extra_rights);
        let (Some(rights), Some(email)) = (rights, EmailAddress::parse(&self.email)) else {
            return Err(ExecuteError::Declined("not_to_be_invited"));
        };
        if self.leaves_on.is_some_and(|day| day < cx.clock.today()) {
            return Err(ExecuteError::Declined("leaves_before"));
        }
        let invitee = Invitee {
            name: &self.name,
            email: &email,
            rights: &rights,
            leaves_on: self.leaves_on,
            member: self.member.as_deref(),
            invited_by: Some(desk.author()),
        };
        let login = invitation::open(desk.tx(), cx, &invitee).await.map_err(ManageError::from)?;
        let line = desk.line();
        line.target = Some(Target::staff(login, Some(self.name.clone())));
        line.detail = invitee.detail();
        Ok(json!({ "staff": login }))
    }
}

/// Returns true if an address is a colleague's, or was sent an invitation.
pub async fn is_known(tx: &mut TenantTx, email: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from logins where tenant_id = $1 and realm = $2 and email = $3)
               or exists (select from staff_invitations
                          where tenant_id = $1 and realm = $2 and email = $3) as "known!""#,
        tx.tenant() as TenantId,
        Staff::NAME,
        email
    )
    .fetch_one(tx.conn())
    .await
}
