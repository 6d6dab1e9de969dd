//! One-time codes of an authenticator app (L4, L5): RFC 6238 with SHA-1, six digits, 30 seconds, as
//! the three apps of seed 001 2-4 expect.
//!
//! A code is good for its own 30 seconds and once only, the one that ends a set-up included.

use chrono::TimeDelta;
use totp_rs::{Builder, Secret, Totp};

use crate::audit::{self, Action};
use crate::auth::context::{Context, SendingError};
use crate::auth::factor::device::{self, Kind};
use crate::auth::factor::failures;
use crate::auth::factor::method;
use crate::auth::links;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::auth::session::proof::Proof;
use crate::auth::session::{proof, store};
use crate::base::clock::Clock;
use crate::base::ids::{DeviceId, LoginId, TenantId};
use crate::base::japanese::fold_code;
use crate::base::realm::{Realm, Subscribers};
use crate::base::sealed::{Sealed, SealedError, Sealer};
use crate::base::secret::PlainToken;
use crate::db::{Passing, TenantTx};
use crate::tenant::policy::SecondFactor;

const SECRET_LENGTH: usize = 20;
/// A set-up page that is older shows another secret.
const ENROLMENT_LASTS: TimeDelta = TimeDelta::hours(1);

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

/// What came of the code that ends a set-up.
#[derive(Debug)]
pub enum Enrolling {
    Done(PlainToken),
    /// 「認証コードが異なります」
    Wrong,
    NameTaken,
    /// The person has as many as anybody may.
    TooMany,
    /// It was ended before: a second click's request.
    NothingDue,
}

/// What came of a code at sign-in.
#[derive(Debug)]
pub enum Confirmation {
    Done(PlainToken),
    /// 「ワンタイムパスワードが正しくありません」
    Wrong,
    /// Too many in a row; the login is locked.
    Locked,
    /// The factor was proved before: a second click's request.
    NothingDue,
}

impl Enrolment {
    /// The key to type in, in groups of four.
    #[must_use]
    pub fn key(&self) -> String {
        let key = self.0.secret().to_base32();
        let groups: Vec<&str> =
            key.as_bytes().chunks(4).filter_map(|group| str::from_utf8(group).ok()).collect();
        groups.join(" ")
    }

    /// What an app on the same device opens: `otpauth://…`.
    ///
    /// # Errors
    /// [`TotpError::Parameters`] where the names in it are too long.
    pub fn url(&self) -> Result<String, TotpError> {
        self.0.to_url().map_err(TotpError::Parameters)
    }

    /// The picture to scan, a PNG.
    ///
    /// # Errors
    /// [`TotpError::Parameters`] where the names in it are too long.
    pub fn qr(&self) -> Result<Vec<u8>, TotpError> {
        self.0.to_qr_png().map_err(TotpError::Parameters)
    }
}

/// A person's authenticator apps, as a session of theirs meets them.
pub struct Apps<'s, R: People = Subscribers> {
    pub cx: Context<'s>,
    pub sealer: &'s Sealer,
    pub session: &'s Session<R>,
}

impl<R: People> Apps<'_, R> {
    /// The secret that this session's set-up offers: the same as long as the page is in use.
    ///
    /// # Errors
    /// All of [`TotpError`].
    pub async fn enrolment(&self, tx: &mut TenantTx) -> Result<Enrolment, TotpError> {
        let Self { cx: Context { clock, .. }, sealer, session } = self;
        let fresh: [u8; SECRET_LENGTH] = rand::random();
        let sealed = sealer.seal(&enrolment_purpose(session), &fresh);
        // Two tabs at once: the second finds the first one's secret.
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
        let sealed = Sealed { key_id: row.key_id, bytes: row.secret };
        let secret = sealer.open(&enrolment_purpose(session), &sealed)?;
        Ok(Enrolment(self.totp(secret)?))
    }

    /// The secret that the page offered, as long as nobody has ended that set-up.
    async fn begun(&self, tx: &mut TenantTx) -> Result<Option<Enrolment>, TotpError> {
        let Self { cx: Context { clock, .. }, sealer, session } = self;
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
        let sealed = Sealed { key_id: row.key_id, bytes: row.secret };
        let secret = sealer.open(&enrolment_purpose(session), &sealed)?;
        Ok(Some(Enrolment(self.totp(secret)?)))
    }

    /// Ends a set-up with the first code of the app (L5); the person has proved it then.
    ///
    /// # Errors
    /// All of [`TotpError`].
    pub async fn enrol(
        &self,
        tx: &mut TenantTx,
        token: &PlainToken,
        code: &str,
        name: &str,
    ) -> Result<Enrolling, TotpError> {
        let Self { cx: Context { clock, .. }, sealer, session } = self;
        let lives = store::still_lives(tx, session.id).await?;
        let Some(Enrolment(totp)) = self.begun(tx).await?.filter(|_| lives) else {
            return Ok(Enrolling::NothingDue);
        };
        let Some(step) = totp.check(&fold_code(code), seconds(clock)) else {
            return Ok(Enrolling::Wrong);
        };
        if device::list(tx, session.login, Kind::Totp).await?.len() >= device::MOST {
            return Ok(Enrolling::TooMany);
        }
        let id = DeviceId::new(clock);
        let sealed = sealer.seal(&device_purpose(session.login, id), totp.secret().as_ref());
        let added = sqlx::query!(
            "insert into totp_devices (tenant_id, realm, id, login_id, name, secret, key_id, last_step,
                                       created_at, last_used_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        tx.tenant() as TenantId,
        R::NAME,
            id as DeviceId,
            session.login.0,
            name,
            sealed.bytes,
            sealed.key_id,
            step.cast_signed(),
            clock.now()
    )
        .execute(tx.conn())
        .await;
        match added {
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                return Ok(Enrolling::NameTaken);
            }
            added => added?,
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
        let detail = serde_json::json!({ "device": id });
        audit::record_of(tx, clock, Action::TotpAdded, Some(session.login), detail).await?;
        method::take_wanted(tx, session, SecondFactor::Totp).await?;
        links::kill(tx, clock, session.login).await?;
        let by = Proof::Factor(SecondFactor::Totp);
        Ok(Enrolling::Done(proof::prove(tx, self.cx, session.id, token, by).await?))
    }

    /// Checks a code at sign-in.
    ///
    /// # Errors
    /// All of [`TotpError`].
    pub async fn confirm(
        &self,
        tx: &mut TenantTx,
        token: &PlainToken,
        device: DeviceId,
        code: &str,
    ) -> Result<Confirmation, TotpError> {
        let Self { cx, session, .. } = *self;
        let login = session.login;
        if !proof::owes_proof(tx, cx.clock, session.id).await? {
            return Ok(Confirmation::NothingDue);
        }
        let refused = Action::TotpRefused;
        match self.check(tx, device, code).await? {
            Check::Right => {}
            Check::Used => {
                failures::note_replay(tx, cx, login, refused).await?;
                return Ok(Confirmation::Wrong);
            }
            Check::Wrong => {
                let locked = failures::count_failure(tx, cx, login, refused).await?;
                return Ok(if locked { Confirmation::Locked } else { Confirmation::Wrong });
            }
        }
        let by = Proof::Factor(SecondFactor::Totp);
        Ok(Confirmation::Done(proof::prove(tx, self.cx, session.id, token, by).await?))
    }

    /// Checks a code, and uses it up where it is right.
    async fn check(
        &self,
        tx: &mut TenantTx,
        device: DeviceId,
        code: &str,
    ) -> Result<Check, TotpError> {
        let login = self.session.login;
        let Some(row) = sqlx::query!(
            "select secret, key_id from totp_devices 
             where tenant_id = $1 and realm = $2 and id = $3 and login_id = $4",
            tx.tenant() as TenantId,
            R::NAME,
            device as DeviceId,
            login.0
        )
        .fetch_optional(tx.conn())
        .await?
        else {
            return Ok(Check::Wrong);
        };
        let sealed = Sealed { key_id: row.key_id, bytes: row.secret };
        let secret = self.sealer.open(&device_purpose(login, device), &sealed)?;
        match self.totp(secret)?.check(&fold_code(code), seconds(self.cx.clock)) {
            Some(step) if consume(tx, self.cx.clock, login, device, step).await? => {
                Ok(Check::Right)
            }
            Some(_) => Ok(Check::Used),
            None => Ok(Check::Wrong),
        }
    }

    fn totp(&self, secret: Vec<u8>) -> Result<Totp, TotpError> {
        // A colon would part the issuer from the name; none stands in an ID that was chosen here.
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

/// What a typed code is worth.
enum Check {
    Right,
    /// It was right, and has been used: a replay, or a double click's second request.
    Used,
    Wrong,
}

/// Uses a step's code up. Of many at once, one does.
async fn consume<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<R>,
    device: DeviceId,
    step: u64,
) -> Result<bool, sqlx::Error> {
    let used = sqlx::query!(
        "update totp_devices set last_step = $4, last_used_at = $5
         where tenant_id = $1 and realm = $2 and login_id = $6 and id = $3 and last_step < $4",
        tx.tenant() as TenantId,
        R::NAME,
        device as DeviceId,
        step.cast_signed(),
        clock.now(),
        login.0
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
