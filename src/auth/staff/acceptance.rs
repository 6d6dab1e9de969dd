//! Taking an invitation up: the invited person chooses a user ID, a password and a method for the second factor (A1).

use secrecy::SecretString;
use serde_json::json;

use super::trail_line;
use crate::audit::{self, Action};
use crate::auth::context::{SignIn, SignInError};
use crate::auth::credentials::password::Flaw;
use crate::auth::credentials::user_id::UserId;
use crate::auth::journey::staff::StaffFactor;
use crate::auth::session::store::{self, Beginning};
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Staff};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::db::actor::Client;
use crate::tenant::directory::Tenant;

/// The choices of an invited person.
#[derive(Debug)]
pub struct FirstChoices<'c> {
    pub user_id: &'c UserId,
    pub password: &'c SecretString,
    pub method: StaffFactor,
}

/// The browser in which an invitation is taken up.
#[derive(Debug, Clone, Copy)]
pub struct Taker<'t> {
    pub client: &'t Client,
    pub browser: &'t PlainToken,
}

/// The result of taking an invitation up.
#[derive(Debug)]
pub enum Acceptance {
    /// The person is in office, and signed in up to the second factor.
    Done(PlainToken),
    /// The link was used, replaced, or is too old.
    Over,
    UserIdTaken,
    Refused(Vec<Flaw>),
}

/// The person whom a link invites.
struct Invited {
    login: LoginId<Staff>,
    name: String,
    user_id: String,
    email: String,
}

impl SignIn<'_> {
    /// Returns the name of the person whom a link invites, as long as the link works. Looking does not use it up.
    pub async fn who_is_invited(
        &self,
        tenant: &Tenant,
        token: &PlainToken,
    ) -> Result<Option<String>, sqlx::Error> {
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        let invited = self.invited(&mut tx, token).await?;
        tx.commit().await?;
        Ok(invited.map(|invited| invited.name))
    }

    /// Takes an invitation up, which uses the link up, and begins a session. The mailed link proves the address.
    ///
    /// # Errors
    /// All of [`SignInError`]; then nothing has changed.
    pub async fn accept_invitation(
        &self,
        tenant: &Tenant,
        token: &PlainToken,
        choices: &FirstChoices<'_>,
        taker: Taker<'_>,
    ) -> Result<Acceptance, SignInError> {
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        let invited = self.invited(&mut tx, token).await?;
        tx.commit().await?;
        let Some(invited) = invited else { return Ok(Acceptance::Over) };
        let (user_id, password) = (choices.user_id.as_str(), choices.password);
        let flaws = self.flaws::<Staff>(tenant, user_id, &invited.user_id, password).await?;
        if !flaws.is_empty() {
            return Ok(Acceptance::Refused(flaws));
        }
        let hash = self.turn(tenant, &invited.user_id).await?.hash(password).await?;
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        // Hashing took its time: another click may have come first, or another link been sent.
        store::lock_login(&mut tx, invited.login).await?;
        let Some(invited) = self.invited(&mut tx, token).await? else {
            return Ok(Acceptance::Over);
        };
        if !self.set_up(&mut tx, &invited, choices, &hash).await? {
            return Ok(Acceptance::UserIdTaken);
        }
        let line = trail_line(Action::StaffAccepted, invited.login, &invited.name, json!({}));
        audit::write(&mut tx, self.clock, &line, &[None]).await?;
        let beginning = Beginning {
            login: invited.login,
            remember_until: None,
            client: taker.client,
            browser: taker.browser,
        };
        let (_, token) = store::begin(&mut tx, self.clock, beginning).await?;
        tx.commit().await?;
        Ok(Acceptance::Done(token))
    }

    async fn invited(
        &self,
        tx: &mut TenantTx,
        token: &PlainToken,
    ) -> Result<Option<Invited>, sqlx::Error> {
        sqlx::query_as!(
            Invited,
            r#"select i.login_id as "login: LoginId<Staff>", s.name, l.user_id, i.email
               from staff_invitations i
               join staff s
                 on s.tenant_id = i.tenant_id and s.realm = i.realm and s.login_id = i.login_id
               join logins l on l.tenant_id = i.tenant_id and l.realm = i.realm and l.id = i.login_id
               where i.tenant_id = $1 and i.realm = $2 and i.token_hash = $3 and i.expires_at > $4
                 and s.accepted_at is null and s.suspended_at is null
                 and (s.leaves_on is null or s.leaves_on >= $5)"#,
            tx.tenant() as TenantId,
            Staff::NAME,
            token.hashed().to_vec(),
            self.clock.now(),
            self.clock.today()
        )
        .fetch_optional(tx.conn())
        .await
    }

    /// Makes the login one that can be used. Returns false if the user ID is somebody else's.
    async fn set_up(
        &self,
        tx: &mut TenantTx,
        invited: &Invited,
        choices: &FirstChoices<'_>,
        hash: &str,
    ) -> Result<bool, sqlx::Error> {
        let set = sqlx::query!(
            "with owned as (
                 update logins
                 set user_id = $4, password_hash = $5, password_set_at = $6, email = $7,
                     email_confirmed_at = $6, second_factor = $8, registered_at = $6,
                     -- A colleague invited anew may have locked themselves out before.
                     locked_at = null, lock_spares_known_browsers = false,
                     password_failures = 0, password_tried_at = null
                 where tenant_id = $1 and realm = $2 and id = $3
                 returning id
             ), taken as (
                 delete from staff_invitations i using owned o
                 where i.tenant_id = $1 and i.realm = $2 and i.login_id = o.id
             )
             update staff s set accepted_at = $6
             from owned o where s.tenant_id = $1 and s.realm = $2 and s.login_id = o.id",
            tx.tenant() as TenantId,
            Staff::NAME,
            invited.login.0,
            choices.user_id.as_str(),
            hash,
            self.clock.now(),
            invited.email,
            choices.method.method().name()
        )
        .execute(tx.conn())
        .await;
        match set {
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
            set => set.map(|_| true),
        }
    }
}
