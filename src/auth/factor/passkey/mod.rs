//! Passkeys (L6): set-up, and proving one after the password.
//!
//! The relying party is the union's own host, so that a passkey of one union is nothing to another.
//! A challenge is bound to the session and its purpose, and good for one answer within ten
//! minutes.

mod alone;
mod verdict;

use chrono::TimeDelta;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use webauthn_rs::prelude::{
    AuthenticationResult, Credential, DiscoverableAuthentication, Passkey, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder,
    WebauthnError,
};
use webauthn_rs_proto::{AllowCredentials, ResidentKeyRequirement};

use crate::audit::{self, Action};
use crate::auth::context::Context;
use crate::auth::factor::device::{self, Kind};
use crate::auth::factor::email_code::SendingError;
use crate::auth::factor::failures;
use crate::auth::factor::method;
use crate::auth::links;
use crate::auth::session::{self, Proof, Session};
use crate::base::clock::Clock;
use crate::base::ids::{DeviceId, LoginId, SessionId};
use crate::base::secret::PlainToken;
use crate::db::{Passing, TenantTx};
use crate::tenant::directory::Tenant;
use crate::tenant::policy::SecondFactor;

const PROOF: Proof = Proof::Factor(SecondFactor::Passkey);
/// How long a challenge waits for its answer: the browser's five minutes, and time to find a name.
const CEREMONY_LASTS: TimeDelta = TimeDelta::minutes(10);

pub use self::alone::{Given, Offer, Visit};
use self::verdict::Verdict;

#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    #[error("the union's origin {0} can't be a relying party")]
    Origin(String),
    #[error(transparent)]
    Webauthn(#[from] WebauthnError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Sending(#[from] SendingError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Passing for PasskeyError {
    fn is_passing(&self) -> bool {
        match self {
            Self::Sending(error) => error.is_passing(),
            Self::Database(error) => error.is_passing(),
            Self::Origin(_) | Self::Webauthn(_) | Self::Json(_) => false,
        }
    }
}

/// What came of a browser's answer.
#[derive(Debug)]
pub enum Answer {
    Done(PlainToken),
    /// It doesn't answer the challenge, or too late.
    Refused,
    /// Another of the person's passkeys has this name.
    NameTaken,
    /// The person has as many as anybody may.
    TooMany,
    /// Too many were wrong; the account is locked.
    Locked,
    /// The factor was proved before: a second click's request.
    NothingDue,
}

/// A challenge as the database keeps it: what the browser was asked, and what the answer is held
/// against.
#[derive(Serialize, Deserialize)]
struct Ceremony<S> {
    options: Value,
    state: S,
}

#[derive(Clone, Copy)]
enum Purpose {
    SetUp,
    SignIn,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::SetUp => "set_up",
            Self::SignIn => "sign_in",
        }
    }

    /// How old a challenge may be that a page shows again. While a name is wrong, the passkey that was made
    /// waits with its challenge.
    const fn shown_again_within(self) -> TimeDelta {
        match self {
            Self::SetUp => TimeDelta::minutes(5),
            Self::SignIn => TimeDelta::minutes(1),
        }
    }
}

/// What a browser needs to make a passkey, as JSON.
///
/// # Errors
/// All of [`PasskeyError`].
pub async fn begin_set_up(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session,
) -> Result<String, PasskeyError> {
    if let Some(options) = running(tx, cx.clock, session, Purpose::SetUp).await? {
        return Ok(options.to_string());
    }
    let known = all(tx, session.account).await?;
    let known = known.iter().map(|(_, passkey)| passkey.cred_id().clone()).collect();
    let (mut challenge, state) = relying_party(cx.tenant)?.start_passkey_registration(
        session.account.0,
        &session.user_id,
        &session.name,
        Some(known),
    )?;
    if let Some(selection) = &mut challenge.public_key.authenticator_selection {
        // Found by the browser without a user ID, too.
        selection.resident_key = Some(ResidentKeyRequirement::Required);
        selection.require_resident_key = true;
    }
    let options = serde_json::to_value(&challenge)?;
    let text = options.to_string();
    keep(tx, cx.clock, session, Purpose::SetUp, Ceremony { options, state }).await?;
    Ok(text)
}

/// Takes the passkey a browser made (L6); the person has proved it then.
///
/// # Errors
/// All of [`PasskeyError`].
pub async fn finish_set_up(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session,
    token: &PlainToken,
    answer: &str,
    name: &str,
) -> Result<Answer, PasskeyError> {
    let account = session.account;
    let due = match session.facts().second_factor {
        true => session::still_lives(tx, session.id).await?,
        false => session::owes_proof(tx, cx.clock, session.id).await?,
    };
    if !due {
        return Ok(Answer::NothingDue);
    }
    if device::list(tx, account, Kind::Passkey).await?.len() >= device::MOST {
        return Ok(Answer::TooMany);
    }
    let same = sqlx::query_scalar!(
        r#"select exists (select from passkeys where account_id = $1 and name = $2) as "same!""#,
        account as LoginId,
        name
    );
    if same.fetch_one(tx.conn()).await? {
        return Ok(Answer::NameTaken);
    }
    let asked: Option<PasskeyRegistration> =
        take_challenge(tx, cx.clock, session, Purpose::SetUp).await?;
    let relying_party = relying_party(cx.tenant)?;
    let answer = serde_json::from_str::<RegisterPublicKeyCredential>(answer).ok();
    let made = asked.zip(answer).and_then(|(asked, answer)| {
        relying_party.finish_passkey_registration(&answer, &asked).ok()
    });
    let Some(passkey) = made else { return refuse(tx, cx.clock, session, None).await };
    let id = DeviceId::new(cx.clock);
    let added = sqlx::query!(
        "insert into passkeys (id, account_id, name, credential_id, credential, created_at,
                               last_used_at)
         values ($1, $2, $3, $4, $5, $6, $6) on conflict do nothing",
        id as DeviceId,
        account as LoginId,
        name,
        passkey.cred_id().to_vec(),
        Json(&passkey) as _,
        cx.clock.now()
    )
    .execute(tx.conn())
    .await?;
    if added.rows_affected() == 0 {
        return refuse(tx, cx.clock, session, None).await;
    }
    let detail = serde_json::json!({ "device": id });
    audit::record(tx, cx.clock, Action::PasskeyAdded, Some(account), detail).await?;
    method::take_wanted(tx, session, SecondFactor::Passkey).await?;
    links::kill(tx, cx.clock, account).await?;
    Ok(Answer::Done(session::prove(tx, cx, session.id, token, PROOF).await?))
}

/// What a browser needs to prove one of the person's passkeys, as JSON.
///
/// # Errors
/// All of [`PasskeyError`].
pub async fn begin_sign_in(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session,
) -> Result<String, PasskeyError> {
    if let Some(options) = running(tx, cx.clock, session, Purpose::SignIn).await? {
        return Ok(options.to_string());
    }
    let known = all(tx, session.account).await?;
    // Its state takes an answer of any passkey, which is held against the passkey as it is stored then.
    let (mut challenge, state) = relying_party(cx.tenant)?.start_discoverable_authentication()?;
    challenge.mediation = None;
    challenge.public_key.extensions = None;
    challenge.public_key.allow_credentials =
        known.into_iter().map(|(_, passkey)| allowed(passkey)).collect();
    let options = serde_json::to_value(&challenge)?;
    let text = options.to_string();
    keep(tx, cx.clock, session, Purpose::SignIn, Ceremony { options, state }).await?;
    Ok(text)
}

/// Checks a browser's proof. The passkey's counter and backup flags are kept as it tells them.
///
/// # Errors
/// All of [`PasskeyError`].
pub async fn finish_sign_in(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session,
    token: &PlainToken,
    answer: &str,
) -> Result<Answer, PasskeyError> {
    if !session::owes_proof(tx, cx.clock, session.id).await? {
        return Ok(Answer::NothingDue);
    }
    let asked: Option<DiscoverableAuthentication> =
        take_challenge(tx, cx.clock, session, Purpose::SignIn).await?;
    let Ok(answer) = serde_json::from_str::<PublicKeyCredential>(answer) else {
        return wrong(tx, cx, session).await;
    };
    let known = all(tx, session.account).await?;
    let used = known
        .into_iter()
        .find(|(_, passkey)| passkey.cred_id().as_slice() == answer.get_credential_id());
    let Some((id, passkey)) = used else { return wrong(tx, cx, session).await };
    match Verdict::on(&relying_party(cx.tenant)?, asked, &answer, &passkey) {
        Verdict::Right(proof) => {
            note_use(tx, cx.clock, id, passkey, &proof).await?;
            Ok(Answer::Done(session::prove(tx, cx, session.id, token, PROOF).await?))
        }
        Verdict::Signed(reason) => refuse(tx, cx.clock, session, Some(reason)).await,
        Verdict::Wrong => wrong(tx, cx, session).await,
    }
}

fn allowed(passkey: Passkey) -> AllowCredentials {
    let Credential { cred_id, transports, .. } = passkey.into();
    AllowCredentials { type_: "public-key".to_owned(), id: cred_id, transports }
}

async fn note_use(
    tx: &mut TenantTx,
    clock: &Clock,
    id: DeviceId,
    mut passkey: Passkey,
    proof: &AuthenticationResult,
) -> Result<(), sqlx::Error> {
    passkey.update_credential(proof);
    sqlx::query!(
        "update passkeys set credential = $2, last_used_at = $3 where id = $1",
        id as DeviceId,
        Json(&passkey) as _,
        clock.now()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// The union's own host, in every link and in no request.
fn relying_party(tenant: &Tenant) -> Result<Webauthn, PasskeyError> {
    let wrong = || PasskeyError::Origin(tenant.origin.clone());
    let origin = Url::parse(&tenant.origin).map_err(|_| wrong())?;
    let host = origin.host_str().ok_or_else(wrong)?;
    Ok(WebauthnBuilder::new(host, &origin)?.rp_name(&tenant.config.name).build()?)
}

async fn all(tx: &mut TenantTx, account: LoginId) -> Result<Vec<(DeviceId, Passkey)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id: DeviceId", credential as "credential: Json<Passkey>"
           from passkeys where account_id = $1 order by id for update"#,
        account as LoginId
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.credential.0)).collect())
}

/// The options of a challenge that still waits, so that a second tab asks the same.
async fn running(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session,
    purpose: Purpose,
) -> Result<Option<Value>, sqlx::Error> {
    let options = sqlx::query_scalar!(
        "select state -> 'options' from passkey_ceremonies
         where session_id = $1 and purpose = $2 and begun_at > $3",
        session.id as SessionId,
        purpose.name(),
        clock.now() - purpose.shown_again_within()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(options.flatten())
}

async fn keep<S: Serialize>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session,
    purpose: Purpose,
    ceremony: Ceremony<S>,
) -> Result<(), PasskeyError> {
    sqlx::query!(
        "insert into passkey_ceremonies (session_id, purpose, state, begun_at)
         values ($1, $2, $3, $4)
         on conflict (tenant_id, session_id) do update
             set purpose = excluded.purpose, state = excluded.state, begun_at = excluded.begun_at",
        session.id as SessionId,
        purpose.name(),
        serde_json::to_value(ceremony)?,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a challenge away, so that it has one answer; `None` where none waits.
async fn take_challenge<S: DeserializeOwned>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session,
    purpose: Purpose,
) -> Result<Option<S>, PasskeyError> {
    let taken = sqlx::query!(
        "delete from passkey_ceremonies where session_id = $1 and purpose = $2
         returning state, begun_at",
        session.id as SessionId,
        purpose.name()
    )
    .fetch_optional(tx.conn())
    .await?;
    let living = taken.filter(|row| clock.now() - row.begun_at < CEREMONY_LASTS);
    let ceremony: Option<Ceremony<S>> =
        living.map(|row| serde_json::from_value(row.state)).transpose()?;
    Ok(ceremony.map(|ceremony| ceremony.state))
}

/// Refuses an answer that is no guess, for which `reason` is on the trail.
async fn refuse(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session,
    reason: Option<&str>,
) -> Result<Answer, PasskeyError> {
    let detail = serde_json::json!({ "reason": reason });
    audit::record(tx, clock, Action::PasskeyRefused, Some(session.account), detail).await?;
    Ok(Answer::Refused)
}

/// A proof at sign-in that proves nothing.
async fn wrong(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session,
) -> Result<Answer, PasskeyError> {
    let (account, refused) = (session.account, Action::PasskeyRefused);
    let locked = failures::count_failure(tx, cx, account, refused).await?;
    Ok(if locked { Answer::Locked } else { Answer::Refused })
}
