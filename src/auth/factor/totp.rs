//! One-time codes of an authenticator app (L4, L5): RFC 6238 with SHA-1, six digits, 30 seconds, as
//! the three apps of seed 001 2-4 expect.
//!
//! A code is good for its own 30 seconds and once only, the one that ends a set-up included.

use chrono::TimeDelta;
use totp_rs::{Builder, Secret, Totp};

use crate::auth::context::{Context, SendingError};
use crate::auth::factor::device::{Credential, DeviceKind, NewDevice};
use crate::auth::factor::enrolled::{Enrolled, enrol, obstacle};
use crate::auth::factor::proved::{FactorAttempt, Proved};
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::auth::session::proof::ProofKind;
use crate::auth::session::{proof, store};
use crate::base::clock::Clock;
use crate::base::ids::{DeviceId, LoginId, TenantId};
use crate::base::japanese::fold_code;
use crate::base::realm::{Realm, Subscribers};
use crate::base::sealed::{SealedError, SealedValue, Sealer};
use crate::base::secret::PlainToken;
use crate::db::{Passing, TenantTx};
use crate::tenant::policy::SecondFactor;

const SECRET_LENGTH: usize = 20;
/// A set-up page that is shown again after this time has another secret.
const ENROLMENT_LASTS: TimeDelta = TimeDelta::hours(1);
const PROOF: ProofKind = ProofKind::Factor(SecondFactor::Totp);

#[derive(Debug, thiserror::Error)]
pub enum TotpError {
    #[error(transparent)]
    Sealed(#[from] SealedError),
    #[error("{0:?}")]
    Parameters(totp_rs::TotpError),
    #[error(transparent)]
    Sending(#[from] SendingError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Passing for TotpError {
    fn is_passing(&self) -> bool {
        match self {
            Self::Sending(error) => error.is_passing(),
            Self::Database(error) => error.is_passing(),
            Self::Sealed(_) | Self::Parameters(_) => false,
        }
    }
}

/// A secret that a set-up page offers.
pub struct Enrolment(Totp);

impl Enrolment {
    /// Returns the key that a person can type into an app, in groups of four.
    #[must_use]
    pub fn key(&self) -> String {
        let key = self.0.secret().to_base32();
        let groups: Vec<&str> =
            key.as_bytes().chunks(4).filter_map(|group| str::from_utf8(group).ok()).collect();
        groups.join(" ")
    }

    /// Returns the address that an app on the same device opens: `otpauth://…`.
    ///
    /// # Errors
    /// [`TotpError::Parameters`] if the names in it are too long.
    pub fn url(&self) -> Result<String, TotpError> {
        self.0.to_url().map_err(TotpError::Parameters)
    }

    /// Returns the picture that an app on another device scans, a PNG.
    ///
    /// # Errors
    /// [`TotpError::Parameters`] if the names in it are too long.
    pub fn qr(&self) -> Result<Vec<u8>, TotpError> {
        self.0.to_qr_png().map_err(TotpError::Parameters)
    }
}

/// The authenticator apps of the person whose session it is.
pub struct Apps<'s, R: People = Subscribers> {
    pub cx: Context<'s>,
    pub sealer: &'s Sealer,
    pub session: &'s Session<R>,
}

impl<R: People> Apps<'_, R> {
    /// Returns the secret that this session's set-up offers, which stays the same while the page is in use.
    pub async fn enrolment(&self, tx: &mut TenantTx) -> Result<Enrolment, TotpError> {
        let Self { cx: Context { clock, .. }, sealer, session } = self;
        let fresh: [u8; SECRET_LENGTH] = rand::random();
        let sealed = sealer.seal(&enrolment_purpose(session), &fresh);
        // If two tabs ask at once, the second one finds the first one's secret.
        let row = sqlx::query!(
            "insert into totp_enrolments as e (tenant_id, realm, session_id, secret, key_id, begun_at)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (tenant_id, realm, session_id) do update set
                 secret = case when e.begun_at > $7 then e.secret else excluded.secret end,
                 key_id = case when e.begun_at > $7 then e.key_id else excluded.key_id end,
                 begun_at = case when e.begun_at > $7 then e.begun_at else excluded.begun_at end
             returning secret, key_id",
            tx.tenant() as TenantId,
            R::NAME,
            session.id.0,
            sealed.bytes,
            sealed.key_id,
            clock.now(),
            clock.now() - ENROLMENT_LASTS
        )
        .fetch_one(tx.conn())
        .await?;
        let sealed = SealedValue { key_id: row.key_id, bytes: row.secret };
        self.open(&enrolment_purpose(session), &sealed).map(Enrolment)
    }

    /// Returns the secret that the page offered, unless the set-up is over or too old.
    async fn begun(&self, tx: &mut TenantTx) -> Result<Option<Enrolment>, TotpError> {
        let Self { cx: Context { clock, .. }, session, .. } = self;
        let Some(row) = sqlx::query!(
            "select secret, key_id from totp_enrolments
             where tenant_id = $1 and realm = $2 and session_id = $3 and begun_at > $4 for update",
            tx.tenant() as TenantId,
            R::NAME,
            session.id.0,
            clock.now() - ENROLMENT_LASTS
        )
        .fetch_optional(tx.conn())
        .await?
        else {
            return Ok(None);
        };
        let sealed = SealedValue { key_id: row.key_id, bytes: row.secret };
        self.open(&enrolment_purpose(session), &sealed).map(|totp| Some(Enrolment(totp)))
    }

    /// Ends a set-up with the app's first code (L5), which proves the second factor, too.
    pub async fn enrol(
        &self,
        tx: &mut TenantTx,
        token: &PlainToken,
        code: &str,
        name: &str,
    ) -> Result<Enrolled, TotpError> {
        let Self { cx, sealer, session } = *self;
        let lives = store::still_lives(tx, session.id).await?;
        let Some(Enrolment(totp)) = self.begun(tx).await?.filter(|_| lives) else {
            return Ok(Enrolled::NothingDue);
        };
        let Some(step) = totp.check(&fold_code(code), seconds(cx.clock)) else {
            return Ok(Enrolled::Wrong);
        };
        if let Some(obstacle) = obstacle(tx, session.login, DeviceKind::Totp, name).await? {
            return Ok(obstacle);
        }
        let id = DeviceId::new(cx.clock);
        let secret = sealer.seal(&device_purpose(session.login, id), totp.secret().as_ref());
        let credential = Credential::Totp { secret, last_step: step.cast_signed() };
        let new = NewDevice { id, name, credential };
        let Some(token) = enrol(tx, cx, session, token, new).await? else {
            return Ok(Enrolled::NameTaken);
        };
        sqlx::query!(
            "delete from totp_enrolments
             where tenant_id = $1 and realm = $2 and session_id = $3",
            tx.tenant() as TenantId,
            R::NAME,
            session.id.0
        )
        .execute(tx.conn())
        .await?;
        Ok(Enrolled::Done(token))
    }

    /// Checks a code that is to prove the second factor. A right one is used up by that.
    pub async fn prove(
        &self,
        tx: &mut TenantTx,
        token: &PlainToken,
        device: DeviceId,
        code: &str,
    ) -> Result<Proved, TotpError> {
        let Self { cx, session, .. } = *self;
        if !proof::owes_proof(tx, cx.clock, session.id).await? {
            return Ok(Proved::NothingDue);
        }
        let attempt = FactorAttempt::new(session, token, PROOF);
        let Some(step) = self.step_of(tx, device, code).await? else {
            return Ok(attempt.fail(tx, cx).await?);
        };
        match use_up(tx, cx.clock, session.login, device, step).await? {
            true => Ok(attempt.succeed(tx, cx).await?),
            false => Ok(attempt.refuse_replay(tx, cx).await?),
        }
    }

    /// Returns the step of 30 seconds that a code is right for, whether or not it has been used.
    async fn step_of(
        &self,
        tx: &mut TenantTx,
        device: DeviceId,
        code: &str,
    ) -> Result<Option<u64>, TotpError> {
        let login = self.session.login;
        let Some(row) = sqlx::query!(
            r#"select secret as "secret!", key_id as "key_id!" from devices
               where tenant_id = $1 and realm = $2 and id = $3 and login_id = $4 and kind = 'totp'"#,
            tx.tenant() as TenantId,
            R::NAME,
            device as DeviceId,
            login.0
        )
        .fetch_optional(tx.conn())
        .await?
        else {
            return Ok(None);
        };
        let sealed = SealedValue { key_id: row.key_id, bytes: row.secret };
        let totp = self.open(&device_purpose(login, device), &sealed)?;
        Ok(totp.check(&fold_code(code), seconds(self.cx.clock)))
    }

    /// Makes the codes' generator from a sealed secret.
    fn open(&self, purpose: &str, sealed: &SealedValue) -> Result<Totp, TotpError> {
        let secret = self.sealer.open(purpose, sealed)?;
        // A colon would part the issuer from the account's name. No user ID that was chosen here has one.
        let issuer = format!("{}加入者ページ", self.cx.tenant.config.name).replace(':', "");
        Builder::new()
            .with_secret(Secret::from(secret))
            .with_skew(self.cx.tenant.config.sign_in.totp_window)
            .with_issuer(Some(issuer))
            .with_account_name(self.session.user_id.replace(':', ""))
            .build()
            .map_err(TotpError::Parameters)
    }
}

/// Uses up a device's code of a step, and with it all earlier ones. Returns false if one of that step, or of a later
/// one, was used before: of many requests at once, one gets true.
async fn use_up<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<R>,
    device: DeviceId,
    step: u64,
) -> Result<bool, sqlx::Error> {
    let used = sqlx::query!(
        "update devices set last_step = $5, last_used_at = $6
         where tenant_id = $1 and realm = $2 and id = $3 and login_id = $4 and kind = 'totp' and last_step < $5",
        tx.tenant() as TenantId,
        R::NAME,
        device as DeviceId,
        login.0,
        step.cast_signed(),
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(used.rows_affected() > 0)
}

fn seconds(clock: &Clock) -> u64 {
    clock.now().timestamp().unsigned_abs()
}

fn enrolment_purpose<R: People>(session: &Session<R>) -> String {
    format!("totp enrolment {} {}", R::NAME, session.id)
}

fn device_purpose<R: Realm>(login: LoginId<R>, device: DeviceId) -> String {
    format!("totp device {} {login} {device}", R::NAME)
}
