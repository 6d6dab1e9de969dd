//! What a device's answer proves, and what is merely wrong about it.

use sha2::{Digest as _, Sha256};
use webauthn_rs::prelude::{
    AuthenticationResult, Credential, DiscoverableAuthentication, Passkey, PublicKeyCredential,
    Webauthn, WebauthnError,
};

/// Of the authenticator's flags (WebAuthn §6.1): the passkey may be backed up.
const BACKUP_ELIGIBLE: u8 = 0b0000_1000;
/// Where the flags stand, behind the relying party's hash.
const FLAGS: usize = 32;

/// What comes of an answer.
pub(super) enum Verdict {
    Right(AuthenticationResult),
    /// The passkey signed it, but this speaks against it. The person has the device and guesses at
    /// nothing, so that it is refused without being counted.
    Signed(&'static str),
    Wrong,
}

impl Verdict {
    /// Holds an answer against the challenge, which is gone where none waits any more, and the passkey as it
    /// is stored now.
    pub(super) fn on(
        relying_party: &Webauthn,
        asked: Option<DiscoverableAuthentication>,
        answer: &PublicKeyCredential,
        passkey: &Passkey,
    ) -> Self {
        let known = as_told(passkey, answer);
        let checked = asked.map(|asked| {
            relying_party.finish_discoverable_authentication_v2(answer, asked, &known)
        });
        match checked {
            Some(Ok(proof)) => Self::Right(proof),
            _ if !is_signed(passkey, answer) => Self::Wrong,
            Some(Err(error)) => Self::Signed(reason(&error)),
            None => Self::Signed("challenge"),
        }
    }
}

/// The passkey, as one that may be backed up if the device says so now. Password managers move passkeys that
/// were bound to a device, which WebAuthn leaves to a relying party that decides nothing by these flags (Level
/// 3 §7.2, step 20). That it is *not* eligible any more is refused, and so is a backup of what is not eligible.
fn as_told(passkey: &Passkey, answer: &PublicKeyCredential) -> Credential {
    let mut known = Credential::from(passkey.clone());
    let flags = answer.response.authenticator_data.get(FLAGS);
    known.backup_eligible |= flags.is_some_and(|flags| flags & BACKUP_ELIGIBLE != 0);
    known
}

/// Returns true if the passkey's key made the signature, whatever it signed.
fn is_signed(passkey: &Passkey, answer: &PublicKeyCredential) -> bool {
    let response = &answer.response;
    let client = Sha256::digest(&response.client_data_json);
    let signed = [response.authenticator_data.as_slice(), client.as_slice()].concat();
    passkey.get_public_key().verify_signature(&response.signature, &signed).unwrap_or(false)
}

/// What the trail calls it.
const fn reason(error: &WebauthnError) -> &'static str {
    match error {
        WebauthnError::MismatchedChallenge => "challenge",
        WebauthnError::InvalidRPOrigin => "origin",
        WebauthnError::InvalidRPIDHash => "relying_party",
        WebauthnError::UserNotPresent | WebauthnError::UserNotVerified => "unverified",
        WebauthnError::CredentialBackupEligibilityInconsistent
        | WebauthnError::CredentialMayNotBeHardwareBound => "backup",
        WebauthnError::CredentialPossibleCompromise => "counter",
        _ => "other",
    }
}
