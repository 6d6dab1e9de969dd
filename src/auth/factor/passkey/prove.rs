//! Proving a passkey after the password.

use webauthn_rs::prelude::{Credential, DiscoverableAuthentication, Passkey, PublicKeyCredential};
use webauthn_rs_proto::AllowCredentials;

use super::answer::{Answer, refuse, wrong};
use super::challenge::{Ceremony, Purpose, keep, running, take_challenge};
use super::kept::{all, note_use};
use super::relying_party::{PROOF, PasskeyError, relying_party};
use super::verdict::Verdict;
use crate::auth::context::Context;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::auth::session::proof;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;

/// What a browser needs to prove one of the person's passkeys, as JSON.
///
/// # Errors
/// All of [`PasskeyError`].
pub async fn begin_sign_in<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
) -> Result<String, PasskeyError> {
    if let Some(options) = running(tx, cx.clock, session, Purpose::SignIn).await? {
        return Ok(options.to_string());
    }
    let known = all(tx, session.login).await?;
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
pub async fn finish_sign_in<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
    token: &PlainToken,
    answer: &str,
) -> Result<Answer, PasskeyError> {
    if !proof::owes_proof(tx, cx.clock, session.id).await? {
        return Ok(Answer::NothingDue);
    }
    let asked: Option<DiscoverableAuthentication> =
        take_challenge(tx, cx.clock, session, Purpose::SignIn).await?;
    let Ok(answer) = serde_json::from_str::<PublicKeyCredential>(answer) else {
        return wrong(tx, cx, session).await;
    };
    let known = all(tx, session.login).await?;
    let used = known
        .into_iter()
        .find(|(_, passkey)| passkey.cred_id().as_slice() == answer.get_credential_id());
    let Some((id, passkey)) = used else { return wrong(tx, cx, session).await };
    match Verdict::on(&relying_party(cx.tenant)?, asked, &answer, &passkey) {
        Verdict::Right(proof) => {
            note_use(tx, cx.clock, session.login, id, passkey, &proof).await?;
            Ok(Answer::Done(proof::prove(tx, cx, session.id, token, PROOF).await?))
        }
        Verdict::Signed(reason) => refuse(tx, cx.clock, session, Some(reason)).await,
        Verdict::Wrong => wrong(tx, cx, session).await,
    }
}

fn allowed(passkey: Passkey) -> AllowCredentials {
    let Credential { cred_id, transports, .. } = passkey.into();
    AllowCredentials { type_: "public-key".to_owned(), id: cred_id, transports }
}
