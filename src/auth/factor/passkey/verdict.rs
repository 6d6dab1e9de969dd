//! The check of a device's answer: it proves a passkey, or says why it doesn't.

use sha2::{Digest as _, Sha256};
use webauthn_rs::prelude::{
    AuthenticationResult, Credential, DiscoverableAuthentication, Passkey, PublicKeyCredential,
    Webauthn, WebauthnError,
};

/// The authenticator's flag (WebAuthn §6.1) that says that the passkey may be backed up.
const BACKUP_ELIGIBLE: u8 = 0b0000_1000;
/// The index of the byte of flags, which follows the relying party's hash.
const FLAGS: usize = 32;

/// The result of checking an answer.
pub(super) enum Verdict {
    Right(AuthenticationResult),
    /// The passkey signed it, but it is refused for this reason. It doesn't count as a wrong guess: the person who sent
    /// it has the device.
    Signed(&'static str),
    /// No passkey of the person's signed it.
    Wrong,
}

impl Verdict {
    /// Holds an answer against the challenge, which is `None` if none waits any more, and the passkey as it is stored
    /// now.
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

/// Returns the passkey as one that may be backed up, if the device says so now. Password managers move passkeys that
/// were bound to a device, and WebAuthn lets a relying party accept that if it decides nothing by these flags (Level 3
/// §7.2, step 20). A passkey that is no longer eligible is refused, and so is a backup of one that is not.
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

/// Returns what the trail calls an error.
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
