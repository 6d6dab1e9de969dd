//! The end of the first sign-in: the first own password makes a registered subscriber, and the
//! first credentials die (F9–F11, G2–G4). Also a new password in place of one that has grown old
//! (G5).

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::audit::{self, Action};
use crate::auth::account_changed::AccountChange;
use crate::auth::context::{SendingError, SignIn, SignInError};
use crate::auth::credentials::password::Flaw;
use crate::auth::credentials::user_id::UserId;
use crate::auth::factor::email_code;
use crate::auth::guard::known_browser;
use crate::auth::journey::Step;
use crate::auth::people::People;
use crate::auth::session::living::{Lookup, Session};
use crate::auth::session::{lookup, store, token};
use crate::base::email::EmailAddress;
use crate::base::ids::{LoginId, TenantId};
use crate::base::japanese::minute;
use crate::base::realm::{Realm as _, Subscribers};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::mail::message::{FirstSignInMail, WelcomeMail};
use crate::mail::{outbox, preferences};
use crate::tenant::directory::Tenant;
use crate::tenant::policy::UpdateMail;

/// The result of choosing a password.
#[derive(Debug)]
pub enum PasswordChoice {
    /// It is set. The session goes on under a new token, and every other session has ended.
    Done(PlainToken),
    Refused(Vec<Flaw>),
    /// No password was due: this was the second request of a double click.
    NothingDue,
}

/// The input of 「個人情報入力画面」.
#[derive(Debug)]
pub struct Details {
    pub user_id: UserId,
    /// `None` if the one typed before stays.
    pub password: Option<SecretString>,
    pub email: Option<EmailAddress>,
    /// 通知情報更新時のメール
    pub expense_mail: bool,
}

/// The input as it is kept until 「実行」.
pub struct Draft {
    pub user_id: String,
    pub email: Option<String>,
    pub expense_mail: bool,
    password_hash: String,
}

/// The result of keeping the input.
#[derive(Debug)]
pub enum Drafting {
    Kept,
    Refused(Vec<Flaw>),
}

/// The result of 「実行」.
#[derive(Debug)]
pub enum Registration {
    Done(PlainToken),
    /// Another person has taken the ID meanwhile.
    UserIdTaken,
    /// Another person has taken the address meanwhile.
    EmailTaken,
    NothingDue,
}

impl SignIn<'_> {
    /// Sets the password a person chose: the first own one, or one in place of an old one.
    ///
    /// # Errors
    /// All of [`SignInError`]; then nothing has changed.
    pub async fn choose_password<R: People>(
        &self,
        tenant: &Tenant,
        session: &Session<R>,
        token: &PlainToken,
        chosen: &SecretString,
    ) -> Result<PasswordChoice, SignInError> {
        let flaws = self.flaws::<R>(tenant, &session.user_id, &session.user_id, chosen).await?;
        if !flaws.is_empty() {
            // The password that holds now may be this very one, set by a click before.
            let due = flaws != [Flaw::IsCurrent] || self.is_due(tenant, session).await?;
            return Ok(if due {
                PasswordChoice::Refused(flaws)
            } else {
                PasswordChoice::NothingDue
            });
        }
        let hash = self.turn(tenant, &session.user_id).await?.hash(chosen).await?;
        let first = session.password_set_at.is_none();
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        // The session may have ended while the password was hashed.
        let set = store::still_lives(&mut tx, session.id).await?
            && set_password(&mut tx, session, &hash, self.clock.now()).await?;
        if !set {
            return Ok(PasswordChoice::NothingDue);
        }
        if first {
            self.tell_of_first_sign_in(&mut tx, tenant, session, true).await?;
        }
        let token = self.go_on(&mut tx, tenant, session, token, first).await?;
        tx.commit().await?;
        Ok(PasswordChoice::Done(token))
    }

    /// Keeps the input; of the password, only a hash.
    pub async fn keep_draft(
        &self,
        tenant: &Tenant,
        session: &Session,
        details: &Details,
    ) -> Result<Drafting, SignInError> {
        let user_id = details.user_id.as_str();
        let hash = match &details.password {
            None => None,
            Some(password) => {
                let flaws =
                    self.flaws::<Subscribers>(tenant, user_id, &session.user_id, password).await?;
                if !flaws.is_empty() {
                    return Ok(Drafting::Refused(flaws));
                }
                Some(self.turn(tenant, &session.user_id).await?.hash(password).await?)
            }
        };
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        sqlx::query!(
            "insert into registration_drafts (tenant_id, login_id, user_id, password_hash, email,
                                              expense_mail, typed_at)
             select $1, id, $4, coalesce($5, (select password_hash from registration_drafts
                                              where tenant_id = $1 and login_id = $3)), $6, $7, $8
             from logins where tenant_id = $1 and realm = $2 and id = $3 and password_hash is null
             on conflict (tenant_id, login_id) do update
                 set user_id = excluded.user_id, password_hash = excluded.password_hash,
                     email = excluded.email, expense_mail = excluded.expense_mail,
                     typed_at = excluded.typed_at",
            tx.tenant() as TenantId,
            Subscribers::NAME,
            session.login.0,
            user_id,
            hash,
            details.email.as_ref().map(EmailAddress::as_str),
            details.expense_mail,
            self.clock.now()
        )
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(Drafting::Kept)
    }

    /// Registers a person with the input that was kept (G4).
    ///
    /// # Errors
    /// All of [`SignInError`]; then nothing has changed.
    pub async fn register_draft(
        &self,
        tenant: &Tenant,
        session: &Session,
        token: &PlainToken,
    ) -> Result<Registration, SignInError> {
        let (now, login) = (self.clock.now(), session.login);
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        let lives = store::still_lives(&mut tx, session.id).await?;
        let Some(draft) = draft(&mut tx, login).await?.filter(|_| lives) else {
            return Ok(Registration::NothingDue);
        };
        let named = sqlx::query!(
            "with named as (
                 update logins
                 set user_id = $4, email = $5,
                     former_email = case when email is distinct from $5 then email end
                 where tenant_id = $1 and realm = $2 and id = $3 and password_hash is null
                 returning id
             )
             update subscribers s set user_id_chosen_at = $6
             from named n where s.tenant_id = $1 and s.login_id = n.id",
            tx.tenant() as TenantId,
            Subscribers::NAME,
            login.0,
            draft.user_id,
            draft.email,
            now
        )
        .execute(tx.conn())
        .await;
        if let Err(sqlx::Error::Database(error)) = &named
            && error.is_unique_violation()
        {
            return Ok(match error.constraint() {
                Some("logins_own_email") => Registration::EmailTaken,
                _ => Registration::UserIdTaken,
            });
        }
        let registered = named?.rows_affected() > 0
            && set_password(&mut tx, session, &draft.password_hash, now).await?;
        if !registered {
            return Ok(Registration::NothingDue);
        }
        preferences::set(&mut tx, login, UpdateMail::Expenses, draft.expense_mail).await?;
        sqlx::query!(
            "delete from registration_drafts where tenant_id = $1 and login_id = $2",
            tx.tenant() as TenantId,
            login.0
        )
        .execute(tx.conn())
        .await?;
        if let Some(email) = &draft.email {
            let mail = WelcomeMail { user_id: draft.user_id, origin: tenant.origin.clone() };
            let letter = self.mail.write(tenant, &mail).map_err(SendingError::from)?;
            outbox::enqueue(&mut tx, self.clock, &letter, email, None).await?;
        }
        self.tell_of_first_sign_in(&mut tx, tenant, session, false).await?;
        let token = self.go_on(&mut tx, tenant, session, token, true).await?;
        tx.commit().await?;
        Ok(Registration::Done(token))
    }

    /// Returns true if the password has not been changed since the session was looked up.
    async fn is_due<R: People>(
        &self,
        tenant: &Tenant,
        session: &Session<R>,
    ) -> Result<bool, SignInError> {
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        let set_at = sqlx::query_scalar!(
            "select password_set_at from logins where tenant_id = $1 and realm = $2 and id = $3",
            tx.tenant() as TenantId,
            R::NAME,
            session.login.0
        )
        .fetch_one(tx.conn())
        .await?;
        Ok(set_at == session.password_set_at)
    }

    /// Sends a notice to the address that the union knew, if the person gave another; and with `own` to the present one
    /// (F11).
    async fn tell_of_first_sign_in<R: People>(
        &self,
        tx: &mut TenantTx,
        tenant: &Tenant,
        session: &Session<R>,
        own: bool,
    ) -> Result<(), SignInError> {
        let row = sqlx::query!(
            "select email, former_email from logins
             where tenant_id = $1 and realm = $2 and id = $3",
            tx.tenant() as TenantId,
            R::NAME,
            session.login.0
        )
        .fetch_one(tx.conn())
        .await?;
        let at = minute(self.clock.now());
        let mail = FirstSignInMail { at, origin: tenant.origin.clone() };
        let letter = self.mail.write(tenant, &mail).map_err(SendingError::from)?;
        for address in [row.email.filter(|_| own), row.former_email].into_iter().flatten() {
            outbox::enqueue(tx, self.clock, &letter, &address, None).await?;
        }
        Ok(())
    }

    /// Does what every new password brings: all other sessions end, this one gets a new token, and a code is mailed if one
    /// is due.
    async fn go_on<R: People>(
        &self,
        tx: &mut TenantTx,
        tenant: &Tenant,
        session: &Session<R>,
        token: &PlainToken,
        first: bool,
    ) -> Result<PlainToken, SignInError> {
        let action = if first { Action::Registered } else { Action::PasswordChanged };
        let detail = serde_json::json!({});
        audit::record_of(tx, self.clock, action, Some(session.login), detail).await?;
        store::end_others(tx, self.clock, session.login, Some(session.id)).await?;
        if first {
            let whole = !R::session_rules(&tenant.config).asks_second_factor;
            store::note_registration(tx, self.clock, session.id, whole).await?;
            known_browser::remember(tx, self.clock, session.id).await?;
        } else {
            AccountChange::Password.tell(tx, self.context(tenant), session).await?;
        }
        let renewed = token::renew(tx, self.clock, session.id, token).await?;
        if let Lookup::Living(now) = lookup::read::<R>(tx, self.context(tenant), &renewed).await?
            && now.next_step(&tenant.config) == Step::EmailCode
        {
            email_code::send(tx, self.context(tenant), &now, &renewed).await?;
        }
        Ok(renewed)
    }
}

/// Sets a password in place of the one that the session knew, and ends the first credentials. Returns true if it did.
async fn set_password<R: People>(
    tx: &mut TenantTx,
    session: &Session<R>,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"with owned as (
             update logins
             set password_hash = $4, password_set_at = $5,
                 registered_at = coalesce(registered_at, $5)
             where tenant_id = $1 and realm = $2 and id = $3
               and password_set_at is not distinct from $6
             returning id
         ), used_up as (
             update subscribers s
             set initial_credential = null, initial_issued_at = null, initial_password_hash = null
             from owned o where s.tenant_id = $1 and s.realm = $2 and s.login_id = o.id
         )
         select exists (select from owned) as "owned!""#,
        tx.tenant() as TenantId,
        R::NAME,
        session.login.0,
        hash,
        now,
        session.password_set_at
    )
    .fetch_one(tx.conn())
    .await
}

/// Returns the input that a person left, if any.
pub async fn draft(tx: &mut TenantTx, login: LoginId) -> Result<Option<Draft>, sqlx::Error> {
    sqlx::query_as!(
        Draft,
        "select user_id, email, expense_mail, password_hash from registration_drafts
         where tenant_id = $1 and login_id = $2",
        tx.tenant() as TenantId,
        login.0
    )
    .fetch_optional(tx.conn())
    .await
}
