//! A device that keeps passkeys, and a browser around it that does what a test says.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::browser::Page;

/// Flags of the authenticator data (WebAuthn §6.1).
const PRESENT: u8 = 0b0000_0001;
const VERIFIED: u8 = 0b0000_0100;
const BACKUP_ELIGIBLE: u8 = 0b0000_1000;
const BACKED_UP: u8 = 0b0001_0000;
const ATTESTED: u8 = 0b0100_0000;

/// Returns the options with which a page asks the device.
pub fn options(page: &Page) -> Value {
    let (_, rest) = page.body.split_once("data-options=\"").expect("options");
    let (escaped, _) = rest.split_once('"').expect("options");
    let json = escaped.replace("&quot;", "\"").replace("&#x2F;", "/").replace("&amp;", "&");
    let options: Value = serde_json::from_str(&json).expect("options are JSON");
    options.get("publicKey").cloned().unwrap_or(options)
}

pub struct Device {
    /// The origin that its browser reports.
    pub origin: String,
    /// True if it verifies its owner by face or finger.
    pub verifies: bool,
    /// True if it says that its passkey may be backed up; below, that it is.
    pub eligible: bool,
    pub backed_up: bool,
    /// True if it signs with another key than the passkey's.
    pub forges: bool,
    counter: u32,
    /// The passkey that it made last.
    made: Option<Made>,
}

struct Made {
    id: String,
    /// The user handle.
    user: Value,
    key: EcdsaKeyPair,
}

impl Device {
    pub fn at(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            verifies: true,
            eligible: false,
            backed_up: false,
            forges: false,
            counter: 0,
            made: None,
        }
    }

    /// Makes a passkey.
    pub fn make(&mut self, options: Value) -> String {
        let key = new_key();
        let id: [u8; 32] = aws_lc_rs::rand::generate(&SystemRandom::new()).expect("bytes").expose();
        let mut told = self.told(&options["rp"]["id"], ATTESTED, 0);
        // In turn: no model, the passkey's id, and its key in COSE form (RFC 9053 §7.1.1).
        told.extend([0; 16]);
        told.extend([0, 32]);
        told.extend(id);
        let point = key.public_key().as_ref();
        told.extend(b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20");
        told.extend(&point[1..33]);
        told.extend(b"\x22\x58\x20");
        told.extend(&point[33..]);
        let length = u8::try_from(told.len()).expect("a short text");
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(length);
        object.extend(told);
        let id = URL_SAFE_NO_PAD.encode(id);
        let response = json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(self.client("webauthn.create", &options)),
            "attestationObject": URL_SAFE_NO_PAD.encode(object),
            "transports": ["internal"],
        });
        let answer = answer(&id, response);
        self.made = Some(Made { id, user: options["user"]["id"].clone(), key });
        answer
    }

    /// Makes a proof with the passkey made last, whatever passkeys the page allows.
    pub fn prove(&mut self, options: Value) -> String {
        self.counter += 1;
        let client = self.client("webauthn.get", &options);
        // The page may have asked for another passkey.
        let asked = if options["rpId"].is_null() { &options["rp"]["id"] } else { &options["rpId"] };
        let told = self.told(asked, 0, self.counter);
        let made = self.made.as_ref().expect("a passkey");
        let signed = [told.as_slice(), Sha256::digest(&client).as_slice()].concat();
        let other = self.forges.then(new_key);
        let key = other.as_ref().unwrap_or(&made.key);
        let signature = key.sign(&SystemRandom::new(), &signed).expect("a signature");
        let response = json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
            "authenticatorData": URL_SAFE_NO_PAD.encode(told),
            "signature": URL_SAFE_NO_PAD.encode(signature),
            "userHandle": made.user,
        });
        answer(&made.id, response)
    }

    /// Builds the authenticator data (WebAuthn §6.1).
    fn told(&self, relying_party: &Value, more: u8, counter: u32) -> Vec<u8> {
        let relying_party = relying_party.as_str().expect("a relying party");
        let flag = |said: bool, flag: u8| if said { flag } else { 0 };
        let flags = PRESENT
            | flag(self.verifies, VERIFIED)
            | flag(self.eligible, BACKUP_ELIGIBLE)
            | flag(self.backed_up, BACKED_UP)
            | more;
        let mut told = Sha256::digest(relying_party).to_vec();
        told.push(flags);
        told.extend(counter.to_be_bytes());
        told
    }

    fn client(&self, kind: &str, options: &Value) -> Vec<u8> {
        json!({
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        })
        .to_string()
        .into_bytes()
    }
}

fn new_key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key")
}

fn answer(id: &str, response: Value) -> String {
    let kind = "public-key";
    json!({ "id": id, "rawId": id, "type": kind, "extensions": {}, "response": response })
        .to_string()
}
