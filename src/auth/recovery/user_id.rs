//! 「ユーザIDを忘れた方はこちら」 (R2): the user ID by mail, for a birthdate and an address.

use chrono::NaiveDate;

use super::asking::{MailAsked, nobody};
use crate::audit::{self, Action};
use crate::auth::context::{SendingError, SignIn};
use crate::auth::guard::throttle::{RECOVERY_ADDRESS, RECOVERY_PERSON};
use crate::base::email::EmailAddress;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::actor::Client;
use crate::mail::message::UserIdMail;
use crate::tenant::directory::Tenant;

impl SignIn<'_> {
    /// Mails a user ID to the person with this birthdate and address.
    pub async fn ask_for_user_id(
        &self,
        tenant: &Tenant,
        birthdate: NaiveDate,
        email: &EmailAddress,
        client: &Client,
    ) -> Result<MailAsked, SendingError> {
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        if !RECOVERY_ADDRESS.take_one::<Subscribers>(&mut tx, self.clock, &client.place()).await? {
            tx.commit().await?;
            return Ok(MailAsked::TooMany);
        }
        let often =
            !RECOVERY_PERSON.take_one::<Subscribers>(&mut tx, self.clock, email.as_str()).await?;
        // Twins may share an address that the union knew. If no person is found, another one is looked up all the
        // same, so that the answer takes as long.
        let found = sqlx::query!(
            r#"with found as materialized (
                   select l.id, l.user_id from logins l
                   join subscribers s on s.tenant_id = l.tenant_id and s.login_id = l.id
                   join members m on m.tenant_id = s.tenant_id and m.code = s.member_code
                   where l.tenant_id = $1 and l.realm = $2 and l.email = $3 and m.birthdate = $4
                     and l.registered_at is not null and l.closed_at is null and l.held_at is null
                   order by l.id limit 4
               ), other as materialized (
                   select l.id, l.user_id from logins l
                   join subscribers s on s.tenant_id = l.tenant_id and s.login_id = l.id
                   join members m on m.tenant_id = s.tenant_id and m.code = s.member_code
                   where not exists (select from found)
                     and l.tenant_id = $1 and l.realm = $2 and l.id >= $5 order by l.id limit 1
               )
               select id as "id!: LoginId", user_id as "user_id!", true as "is_theirs!" from found
               union all select id, user_id, false from other"#,
            tx.tenant() as TenantId,
            Subscribers::NAME,
            email.as_str(),
            birthdate,
            nobody::<Subscribers>(email.as_str()).0
        );
        let mut found = found.fetch_all(tx.conn()).await?;
        found.retain(|person| person.is_theirs && !often);
        let mail = |user_id: &str| UserIdMail {
            user_id: user_id.to_owned(),
            origin: tenant.origin.clone(),
        };
        for person in &found {
            let mail = mail(&person.user_id);
            self.post(&mut tx, tenant, &mail, email.as_str()).await?;
        }
        if found.is_empty() {
            self.post(&mut tx, tenant, &mail("nobody"), "").await?;
        }
        let detail = serde_json::json!({});
        let login = found.first().map(|person| person.id);
        audit::record(&mut tx, self.clock, Action::UserIdAsked, login, detail).await?;
        tx.commit().await?;
        Ok(MailAsked::Answered)
    }
}
