//! Ways back in for whoever forgot the password (R1, R3) or the user ID (R2).
//!
//! Whoever asks gets the same answer after the same work: for nobody, a link is kept and a mail is written
//! too, which never goes out.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::audit::{self, Action};
use crate::auth::account_changed::Change;
use crate::auth::credentials::password::{self, Flaw};
use crate::auth::credentials::user_id::UserId;
use crate::auth::factor::device;
use crate::auth::factor::email_code::SendingError;
use crate::auth::guard::throttle::{RECOVERY_ADDRESS, RECOVERY_PERSON, place};
use crate::auth::links;
use crate::auth::session;
use crate::auth::sign_in::{SignIn, SignInError};
use crate::base::email::EmailAddress;
use crate::base::ids::LoginId;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::db::actor::Client;
use crate::mail::message::{Mail, PasswordResetMail, UserIdMail};
use crate::mail::outbox::{self, Perishable};
use crate::tenant::directory::Tenant;
use crate::tenant::policy::FactorReset;

/// How long 「パスワードをリセット」 works (seed 001 3-3).
pub const VALID_FOR: TimeDelta = TimeDelta::minutes(5);

/// What is said to whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The same, whoever it is.
    Answered,
    /// Too many were asked for from this place.
    TooMany,
}

/// What came of a new password.
#[derive(Debug)]
pub enum Reset {
    Done,
    Refused(Vec<Flaw>),
    /// The link is used, replaced, too old, or nobody's.
    Over,
}

/// Whose link it is.
struct Owner {
    account: LoginId,
    user_id: String,
    email: Option<String>,
    expires_at: DateTime<Utc>,
}

/// An account that nobody has, the same each time a user ID is typed.
fn nobody(typed: &str) -> LoginId {
    let hash = Sha256::digest(typed);
    LoginId(
        uuid::Builder::from_random_bytes(hash.first_chunk().copied().unwrap_or_default())
            .into_uuid(),
    )
}

impl SignIn<'_> {
    /// Mails a link for a new password to whoever has a user ID, if anybody may have one.
    ///
    /// # Errors
    /// All of [`SendingError`].
    pub async fn ask_for_reset(
        &self,
        tenant: &Tenant,
        user_id: Option<&UserId>,
        client: &Client,
    ) -> Result<Asked, SendingError> {
        let typed = user_id.map_or("", UserId::as_str);
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        if !RECOVERY_ADDRESS.take_one(&mut tx, self.clock, &place(client)).await? {
            tx.commit().await?;
            return Ok(Asked::TooMany);
        }
        let often = !RECOVERY_PERSON.take_one(&mut tx, self.clock, typed).await?;
        // An address that nobody confirmed counts from the registration on.
        let found = sqlx::query!(
            r#"select id as "id: LoginId", email as "email!" from accounts
               where user_id = $1 and registered_at is not null and email is not null
                 and locked_at is null and closed_at is null"#,
            typed
        );
        let found = found.fetch_optional(tx.conn()).await?.filter(|_| !often);
        let (now, token) = (self.clock.now(), PlainToken::random());
        let url = self.mail.password_reset(tenant, &token.expose());
        let mail = PasswordResetMail { url, minutes: VALID_FOR.num_minutes() };
        let expires_at = now + VALID_FOR;
        let account = found.as_ref().map(|row| row.id);
        let owner = account.unwrap_or_else(|| nobody(typed));
        sqlx::query!(
            "insert into password_resets (account_id, token_hash, sent_at, expires_at)
             values ($1, $2, $3, $4)
             on conflict (tenant_id, account_id) do update
                 set token_hash = excluded.token_hash, sent_at = excluded.sent_at,
                     expires_at = excluded.expires_at",
            owner as LoginId,
            token.hashed().to_vec(),
            now,
            expires_at
        )
        .execute(tx.conn())
        .await?;
        let email = found.map(|row| row.email).unwrap_or_default();
        let perishable = Perishable { expires_at, series: owner.0 };
        self.post(&mut tx, tenant, &mail, &email, Some(perishable)).await?;
        let detail = serde_json::json!({});
        audit::record(&mut tx, self.clock, Action::ResetAsked, account, detail).await?;
        tx.commit().await?;
        Ok(Asked::Answered)
    }

    /// Mails their user ID to whoever has a birthdate and an address.
    ///
    /// # Errors
    /// All of [`SendingError`].
    pub async fn ask_for_user_id(
        &self,
        tenant: &Tenant,
        birthdate: NaiveDate,
        email: &EmailAddress,
        client: &Client,
    ) -> Result<Asked, SendingError> {
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        if !RECOVERY_ADDRESS.take_one(&mut tx, self.clock, &place(client)).await? {
            tx.commit().await?;
            return Ok(Asked::TooMany);
        }
        let often = !RECOVERY_PERSON.take_one(&mut tx, self.clock, email.as_str()).await?;
        // Twins may share an address that the union knew. Where there is nobody, somebody else is looked up all the
        // same, so that it takes as long.
        let found = sqlx::query!(
            r#"with found as materialized (
                   select a.id, a.user_id from accounts a
                   join members m on m.tenant_id = a.tenant_id and m.code = a.member_code
                   where a.email = $1 and m.birthdate = $2 and a.registered_at is not null
                     and a.closed_at is null
                   order by a.id limit 4
               ), other as materialized (
                   select a.id, a.user_id from accounts a
                   join members m on m.tenant_id = a.tenant_id and m.code = a.member_code
                   where not exists (select from found) and a.id >= $3 order by a.id limit 1
               )
               select id as "id!: LoginId", user_id as "user_id!", true as "is_theirs!" from found
               union all select id, user_id, false from other"#,
            email.as_str(),
            birthdate,
            nobody(email.as_str()) as LoginId
        );
        let mut found = found.fetch_all(tx.conn()).await?;
        found.retain(|person| person.is_theirs && !often);
        let mail = |user_id: &str| UserIdMail {
            user_id: user_id.to_owned(),
            origin: tenant.origin.clone(),
        };
        for person in &found {
            let mail = mail(&person.user_id);
            self.post(&mut tx, tenant, &mail, email.as_str(), None).await?;
        }
        if found.is_empty() {
            self.post(&mut tx, tenant, &mail("nobody"), "", None).await?;
        }
        let detail = serde_json::json!({});
        let account = found.first().map(|person| person.id);
        audit::record(&mut tx, self.clock, Action::UserIdAsked, account, detail).await?;
        tx.commit().await?;
        Ok(Asked::Answered)
    }

    /// Whose link it is, by the user ID, as long as it works; looking uses nothing up.
    ///
    /// # Errors
    /// The database's.
    pub async fn whose_reset(
        &self,
        tenant: &Tenant,
        token: &PlainToken,
    ) -> Result<Option<String>, sqlx::Error> {
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        let owner = self.owner(&mut tx, token).await?;
        tx.commit().await?;
        Ok(owner.map(|owner| owner.user_id))
    }

    /// Sets a new password by a link, which is used up then; every session ends. `lost`: the devices
    /// are gone too, where the union lets this replace them (seed 002 A13).
    ///
    /// # Errors
    /// All of [`SignInError`]; then nothing has changed.
    pub async fn reset_password(
        &self,
        tenant: &Tenant,
        token: &PlainToken,
        chosen: &SecretString,
        lost: bool,
    ) -> Result<Reset, SignInError> {
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        let owner = self.owner(&mut tx, token).await?;
        tx.commit().await?;
        let Some(owner) = owner else { return Ok(Reset::Over) };
        let flaws = self.flaws(tenant, &owner.user_id, &owner.user_id, chosen).await?;
        if !flaws.is_empty() {
            return Ok(Reset::Refused(flaws));
        }
        let hash = self.turn(tenant, &owner.user_id).await?.hash(chosen).await?;
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        // Hashing took its time: another click, or another link, may have come first.
        session::lock_account_by_id(&mut tx, owner.account).await?;
        let Some(owner) = self.owner(&mut tx, token).await? else { return Ok(Reset::Over) };
        let set = sqlx::query!(
            "update accounts set password_hash = $2, password_set_at = $3, password_failures = 0
             where id = $1 and password_hash is not null and locked_at is null",
            owner.account as LoginId,
            hash,
            self.clock.now()
        )
        .execute(tx.conn())
        .await?;
        if set.rows_affected() == 0 {
            return Ok(Reset::Over);
        }
        session::end_others(&mut tx, self.clock, owner.account, None).await?;
        links::kill(&mut tx, self.clock, owner.account).await?;
        let nothing = serde_json::json!({});
        let account = Some(owner.account);
        audit::record(&mut tx, self.clock, Action::PasswordReset, account, nothing).await?;
        let cx = self.context(tenant);
        if let Some(email) = &owner.email {
            Change::Password.tell_address(&mut tx, cx, email).await?;
        }
        if lost && tenant.config.lost_device.reset_by == FactorReset::ForgottenPassword {
            device::reset(&mut tx, cx, owner.account, "forgotten_password").await?;
        }
        tx.commit().await?;
        Ok(Reset::Done)
    }

    async fn owner(
        &self,
        tx: &mut TenantTx,
        token: &PlainToken,
    ) -> Result<Option<Owner>, sqlx::Error> {
        let owner = sqlx::query_as!(
            Owner,
            r#"select a.id as "account: LoginId", a.user_id, a.email, r.expires_at
               from password_resets r
               join accounts a on a.tenant_id = r.tenant_id and a.id = r.account_id
               -- Whoever asked just before the credentials changed has a link of before.
               where r.token_hash = $1
                 and r.sent_at >= greatest(a.password_set_at, a.email_confirmed_at)"#,
            token.hashed().to_vec()
        );
        let owner = owner.fetch_optional(tx.conn()).await?;
        Ok(owner.filter(|owner| self.clock.now() < owner.expires_at))
    }

    async fn post<M: Mail>(
        &self,
        tx: &mut TenantTx,
        tenant: &Tenant,
        mail: &M,
        recipient: &str,
        perishable: Option<Perishable>,
    ) -> Result<(), SendingError> {
        let letter = self.mail.write(tenant, mail)?;
        outbox::enqueue(tx, self.clock, &letter, recipient, perishable).await?;
        Ok(())
    }

    /// What is wrong with a password, for this person too, who signs in as `current` now.
    ///
    /// # Errors
    /// All of [`SignInError`].
    pub async fn flaws(
        &self,
        tenant: &Tenant,
        user_id: &str,
        current: &str,
        chosen: &SecretString,
    ) -> Result<Vec<Flaw>, SignInError> {
        let (policy, user_id, secret) = (tenant.config.clone(), user_id.to_owned(), chosen.clone());
        let look = move || {
            let (rules, slug) = (&policy.password, policy.slug.as_str());
            password::flaws(rules, slug, &user_id, secret.expose_secret())
        };
        let turn = self.turn(tenant, current).await?;
        let flaws = turn.compute(look).await?;
        if !flaws.is_empty() {
            return Ok(flaws);
        }
        let holds = self.is_current(&turn, tenant, current, chosen).await?;
        Ok(holds.then_some(Flaw::IsCurrent).into_iter().collect())
    }
}
