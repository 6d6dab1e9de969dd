//! 「パスワードを忘れた方はこちら」 (R1, R3): a link by mail, for one new password.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::asking::{MailAsked, nobody};
use crate::audit::{self, Action};
use crate::auth::account_changed::AccountChange;
use crate::auth::context::{Context, SendingError, SignIn, SignInError};
use crate::auth::credentials::password::Flaw;
use crate::auth::credentials::user_id::UserId;
use crate::auth::factor::reset::reset;
use crate::auth::guard::throttle::{RECOVERY_ADDRESS, RECOVERY_PERSON};
use crate::auth::links;
use crate::auth::people::People;
use crate::auth::session::store;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::Realm;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::db::actor::Client;
use crate::mail::message::PasswordResetMail;
use crate::mail::outbox::{self, Perishable};
use crate::tenant::directory::Tenant;
use crate::tenant::policy::FactorReset;

/// The link 「パスワードをリセット」 works for this long (seed 001 3-3).
pub const VALID_FOR: TimeDelta = TimeDelta::minutes(5);

/// The result of setting a new password.
#[derive(Debug)]
pub enum Reset {
    Done,
    Refused(Vec<Flaw>),
    /// The link was used, was replaced, is too old, or is unknown.
    Over,
}

/// The owner of a link.
struct LinkOwner<R> {
    login: LoginId<R>,
    user_id: String,
    email: Option<String>,
    expires_at: DateTime<Utc>,
}

/// Mails a link for a new password. An earlier one no longer works then.
pub(in crate::auth) async fn send_link<R: Realm>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    owner: LoginId<R>,
    email: &str,
) -> Result<(), SendingError> {
    let Context { clock, mail, tenant } = cx;
    let (now, token) = (clock.now(), PlainToken::random());
    let url = mail.password_reset(tenant, &token.expose());
    let letter = PasswordResetMail { url, minutes: VALID_FOR.num_minutes() };
    let expires_at = now + VALID_FOR;
    sqlx::query!(
        "insert into password_resets (tenant_id, realm, login_id, token_hash, sent_at,
                                      expires_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, realm, login_id) do update
             set token_hash = excluded.token_hash, sent_at = excluded.sent_at,
                 expires_at = excluded.expires_at",
        tx.tenant() as TenantId,
        R::NAME,
        owner.0,
        token.hashed().to_vec(),
        now,
        expires_at
    )
    .execute(tx.conn())
    .await?;
    let perishable = Perishable { expires_at, series: owner.0 };
    outbox::enqueue(tx, clock, &mail.write(tenant, &letter)?, email, Some(perishable)).await?;
    Ok(())
}

impl SignIn<'_> {
    /// Mails a link for a new password to the person with a user ID, if that person may have one.
    pub async fn ask_for_reset<R: Realm>(
        &self,
        tenant: &Tenant,
        user_id: Option<&UserId>,
        client: &Client,
    ) -> Result<MailAsked, SendingError> {
        let typed = user_id.map_or("", UserId::as_str);
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        if !RECOVERY_ADDRESS.take_one::<R>(&mut tx, self.clock, &client.place()).await? {
            tx.commit().await?;
            return Ok(MailAsked::TooMany);
        }
        let often = !RECOVERY_PERSON.take_one::<R>(&mut tx, self.clock, typed).await?;
        // An address that the person gave counts from the registration on, also if it was not confirmed.
        let found = sqlx::query!(
            r#"select id, email as "email!" from logins
               where tenant_id = $1 and realm = $2 and user_id = $3 
                 and registered_at is not null and email is not null
                 and locked_at is null and closed_at is null and held_at is null"#,
            tx.tenant() as TenantId,
            R::NAME,
            typed
        );
        let found = found.fetch_optional(tx.conn()).await?.filter(|_| !often);
        let login = found.as_ref().map(|row| LoginId::<R>::from_uuid(row.id));
        let owner = login.unwrap_or_else(|| nobody(typed));
        let email = found.map(|row| row.email).unwrap_or_default();
        send_link(&mut tx, self.context(tenant), owner, &email).await?;
        let detail = serde_json::json!({});
        audit::record_of(&mut tx, self.clock, Action::ResetAsked, login, detail).await?;
        tx.commit().await?;
        Ok(MailAsked::Answered)
    }

    /// Returns the user ID of a link's owner as long as the link works. Looking does not use it up.
    pub async fn whose_reset<R: Realm>(
        &self,
        tenant: &Tenant,
        token: &PlainToken,
    ) -> Result<Option<String>, sqlx::Error> {
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        let owner = self.owner::<R>(&mut tx, token).await?;
        tx.commit().await?;
        Ok(owner.map(|owner| owner.user_id))
    }

    /// Sets a new password by a link, which is used up then. Every session ends. `lost` is set if the person has lost the
    /// devices, too, and the union lets this replace them (seed 002 A13).
    ///
    /// # Errors
    /// All of [`SignInError`]; then nothing has changed.
    pub async fn reset_password<R: People>(
        &self,
        tenant: &Tenant,
        token: &PlainToken,
        chosen: &SecretString,
        lost: bool,
    ) -> Result<Reset, SignInError> {
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        let owner = self.owner::<R>(&mut tx, token).await?;
        tx.commit().await?;
        let Some(owner) = owner else { return Ok(Reset::Over) };
        let flaws = self.flaws::<R>(tenant, &owner.user_id, &owner.user_id, chosen).await?;
        if !flaws.is_empty() {
            return Ok(Reset::Refused(flaws));
        }
        let hash = self.turn(tenant, &owner.user_id).await?.hash(chosen).await?;
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        // Hashing took its time: another click, or another link, may have come first.
        store::lock_login(&mut tx, owner.login).await?;
        let Some(owner) = self.owner::<R>(&mut tx, token).await? else { return Ok(Reset::Over) };
        let set = sqlx::query!(
            "update logins set password_hash = $4, password_set_at = $5, password_failures = 0
             where tenant_id = $1 and realm = $2 and id = $3
               and password_hash is not null and locked_at is null and held_at is null",
            tx.tenant() as TenantId,
            R::NAME,
            owner.login.0,
            hash,
            self.clock.now()
        )
        .execute(tx.conn())
        .await?;
        if set.rows_affected() == 0 {
            return Ok(Reset::Over);
        }
        store::end_others(&mut tx, self.clock, owner.login, None).await?;
        links::kill(&mut tx, self.clock, owner.login).await?;
        let nothing = serde_json::json!({});
        let login = Some(owner.login);
        audit::record_of(&mut tx, self.clock, Action::PasswordReset, login, nothing).await?;
        let cx = self.context(tenant);
        if let Some(email) = &owner.email {
            AccountChange::Password.tell_address(&mut tx, cx, email).await?;
        }
        if lost && tenant.config.lost_device.reset_by == FactorReset::ForgottenPassword {
            reset(&mut tx, cx, owner.login, "forgotten_password").await?;
        }
        tx.commit().await?;
        Ok(Reset::Done)
    }

    async fn owner<R: Realm>(
        &self,
        tx: &mut TenantTx,
        token: &PlainToken,
    ) -> Result<Option<LinkOwner<R>>, sqlx::Error> {
        let owner = sqlx::query_as!(
            LinkOwner,
            r#"select l.id as "login: LoginId<R>", l.user_id, l.email, r.expires_at
               from password_resets r
               join logins l
                 on l.tenant_id = r.tenant_id and l.realm = r.realm and l.id = r.login_id
               where r.tenant_id = $1 and r.realm = $2 and r.token_hash = $3 and l.held_at is null
                 -- A link that was asked for just before the credentials changed is one of before.
                 and r.sent_at >= greatest(l.password_set_at, l.email_confirmed_at)"#,
            tx.tenant() as TenantId,
            R::NAME,
            token.hashed().to_vec()
        );
        let owner = owner.fetch_optional(tx.conn()).await?;
        Ok(owner.filter(|owner| self.clock.now() < owner.expires_at))
    }
}
