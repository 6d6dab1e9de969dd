//! Proving a passkey after the password, or in place of it in a re-authentication.

use webauthn_rs::prelude::{Credential, DiscoverableAuthentication, Passkey, PublicKeyCredential};
use webauthn_rs_proto::AllowCredentials;

use super::challenge::{ChallengePurpose, keep, running, take_challenge};
use super::kept::{all, find, note_use};
use super::relying_party::{PROOF, PasskeyError, relying_party};
use super::verdict::Verdict;
use crate::auth::context::Context;
use crate::auth::factor::proved::{FactorAttempt, Proved};
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::auth::session::proof;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;

/// Returns what a browser needs to prove one of the person's passkeys, as JSON.
pub async fn begin_proof<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
) -> Result<String, PasskeyError> {
    if let Some(options) = running(tx, cx.clock, session, ChallengePurpose::SignIn).await? {
        return Ok(options.to_string());
    }
    let known = all(tx, session.login).await?;
    // The kept state takes an answer of any passkey; the answer is held against the passkey as it is stored then.
    let (mut challenge, state) =
        relying_party::<R>(cx.tenant)?.start_discoverable_authentication()?;
    challenge.mediation = None;
    challenge.public_key.extensions = None;
    challenge.public_key.allow_credentials = known.into_iter().map(allowed).collect();
    keep(tx, cx.clock, session, ChallengePurpose::SignIn, &challenge, state).await
}

/// Checks a browser's answer. An answer that a passkey of the person's has signed is no guess, whatever else is wrong
/// about it, so that it doesn't count as one.
pub async fn prove<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
    token: &PlainToken,
    answer: &str,
) -> Result<Proved, PasskeyError> {
    if !proof::owes_proof(tx, cx.clock, session.id).await? {
        return Ok(Proved::NothingDue);
    }
    let attempt = FactorAttempt::new(session, token, PROOF);
    let asked: Option<DiscoverableAuthentication> =
        take_challenge(tx, cx.clock, session, ChallengePurpose::SignIn).await?;
    let Ok(answer) = serde_json::from_str::<PublicKeyCredential>(answer) else {
        return Ok(attempt.fail(tx, cx).await?);
    };
    let Some((id, passkey)) = find(tx, session.login, answer.get_credential_id()).await? else {
        return Ok(attempt.fail(tx, cx).await?);
    };
    match Verdict::on(&relying_party::<R>(cx.tenant)?, asked, &answer, &passkey) {
        Verdict::Right(proof) => {
            note_use(tx, cx.clock, session.login, id, passkey, &proof).await?;
            Ok(attempt.succeed(tx, cx).await?)
        }
        Verdict::Signed(reason) => {
            attempt.note_refusal(tx, cx, serde_json::json!({ "reason": reason })).await?;
            Ok(Proved::Wrong)
        }
        Verdict::Wrong => Ok(attempt.fail(tx, cx).await?),
    }
}

fn allowed(passkey: Passkey) -> AllowCredentials {
    let Credential { cred_id, transports, .. } = passkey.into();
    AllowCredentials { type_: "public-key".to_owned(), id: cred_id, transports }
}
