//! Making a passkey.

use webauthn_rs::prelude::{PasskeyRegistration, RegisterPublicKeyCredential};
use webauthn_rs_proto::ResidentKeyRequirement;

use super::challenge::{ChallengePurpose, keep, running, take_challenge};
use super::kept::all;
use super::relying_party::{PROOF, PasskeyError, relying_party};
use crate::auth::context::Context;
use crate::auth::factor::device::{Credential, DeviceKind, NewDevice};
use crate::auth::factor::enrolled::{self, Enrolled, obstacle};
use crate::auth::factor::proved::FactorAttempt;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::auth::session::{proof, store};
use crate::base::ids::DeviceId;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;

/// Returns what a browser needs to make a passkey, as JSON.
pub async fn begin_set_up<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
) -> Result<String, PasskeyError> {
    if let Some(options) = running(tx, cx.clock, session, ChallengePurpose::SetUp).await? {
        return Ok(options.to_string());
    }
    let known = all(tx, session.login).await?;
    let known = known.iter().map(|passkey| passkey.cred_id().clone()).collect();
    let (mut challenge, state) = relying_party::<R>(cx.tenant)?.start_passkey_registration(
        session.login.0,
        &session.user_id,
        &session.name,
        Some(known),
    )?;
    if let Some(selection) = &mut challenge.public_key.authenticator_selection {
        // The browser can then find the passkey without a user ID, which signing in by it alone needs.
        selection.resident_key = Some(ResidentKeyRequirement::Required);
        selection.require_resident_key = true;
    }
    keep(tx, cx.clock, session, ChallengePurpose::SetUp, &challenge, state).await
}

/// Takes the passkey that a browser made (L6), which proves the second factor, too. While the name is wrong, the
/// challenge stays, so that the same answer can come again under another name.
pub async fn enrol<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
    token: &PlainToken,
    answer: &str,
    name: &str,
) -> Result<Enrolled, PasskeyError> {
    let due = match session.facts().second_factor {
        true => store::still_lives(tx, session.id).await?,
        false => proof::owes_proof(tx, cx.clock, session.id).await?,
    };
    if !due {
        return Ok(Enrolled::NothingDue);
    }
    if let Some(obstacle) = obstacle(tx, session.login, DeviceKind::Passkey, name).await? {
        return Ok(obstacle);
    }
    let asked: Option<PasskeyRegistration> =
        take_challenge(tx, cx.clock, session, ChallengePurpose::SetUp).await?;
    let relying_party = relying_party::<R>(cx.tenant)?;
    let answer = serde_json::from_str::<RegisterPublicKeyCredential>(answer).ok();
    let made = asked.zip(answer).and_then(|(asked, answer)| {
        relying_party.finish_passkey_registration(&answer, &asked).ok()
    });
    if let Some(passkey) = made {
        let credential = Credential::Passkey(&passkey);
        let new = NewDevice { id: DeviceId::new(cx.clock), name, credential };
        if let Some(token) = enrolled::enrol(tx, cx, session, token, new).await? {
            return Ok(Enrolled::Done(token));
        }
    }
    let attempt = FactorAttempt::new(session, token, PROOF);
    attempt.note_refusal(tx, cx, serde_json::json!({ "reason": null })).await?;
    Ok(Enrolled::Wrong)
}
