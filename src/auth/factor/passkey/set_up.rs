//! Making a passkey.

use sqlx::types::Json;
use webauthn_rs::prelude::{PasskeyRegistration, RegisterPublicKeyCredential};
use webauthn_rs_proto::ResidentKeyRequirement;

use super::answer::{Answer, refuse};
use super::challenge::{Ceremony, Purpose, keep, running, take_challenge};
use super::kept::all;
use super::relying_party::{PROOF, PasskeyError, relying_party};
use crate::audit::{self, Action};
use crate::auth::context::Context;
use crate::auth::factor::device::{self, Kind};
use crate::auth::factor::method;
use crate::auth::links;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::auth::session::{proof, store};
use crate::base::ids::{DeviceId, TenantId};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::policy::SecondFactor;

/// What a browser needs to make a passkey, as JSON.
///
/// # Errors
/// All of [`PasskeyError`].
pub async fn begin_set_up<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
) -> Result<String, PasskeyError> {
    if let Some(options) = running(tx, cx.clock, session, Purpose::SetUp).await? {
        return Ok(options.to_string());
    }
    let known = all(tx, session.login).await?;
    let known = known.iter().map(|(_, passkey)| passkey.cred_id().clone()).collect();
    let (mut challenge, state) = relying_party(cx.tenant)?.start_passkey_registration(
        session.login.0,
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
pub async fn finish_set_up<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
    token: &PlainToken,
    answer: &str,
    name: &str,
) -> Result<Answer, PasskeyError> {
    let login = session.login;
    let due = match session.facts().second_factor {
        true => store::still_lives(tx, session.id).await?,
        false => proof::owes_proof(tx, cx.clock, session.id).await?,
    };
    if !due {
        return Ok(Answer::NothingDue);
    }
    if device::list(tx, login, Kind::Passkey).await?.len() >= device::MOST {
        return Ok(Answer::TooMany);
    }
    let same = sqlx::query_scalar!(
        r#"select exists (select from passkeys
           where tenant_id = $1 and realm = $2 and login_id = $3 and name = $4) as "same!""#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
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
        "insert into passkeys (tenant_id, realm, id, login_id, name, credential_id, credential, created_at,
                               last_used_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8) on conflict do nothing",
        tx.tenant() as TenantId,
        R::NAME,
        id as DeviceId,
        login.0,
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
    audit::record_of(tx, cx.clock, Action::PasskeyAdded, Some(login), detail).await?;
    method::take_wanted(tx, session, SecondFactor::Passkey).await?;
    links::kill(tx, cx.clock, login).await?;
    Ok(Answer::Done(proof::prove(tx, cx, session.id, token, PROOF).await?))
}
