//! A device that keeps passkeys, and a browser around it that says what a test tells it to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use webauthn_authenticator_rs::AuthenticatorBackendHashedClientData as _;
use webauthn_authenticator_rs::softpasskey::SoftPasskey;

use super::browser::Page;

/// Milliseconds; the device answers at once.
const TIMEOUT: u32 = 1_000;

/// What a page asks of the device.
pub fn options(page: &Page) -> Value {
    let (_, rest) = page.body.split_once("data-options=\"").expect("options");
    let (escaped, _) = rest.split_once('"').expect("options");
    let json = escaped.replace("&quot;", "\"").replace("&#x2F;", "/").replace("&amp;", "&");
    let options: Value = serde_json::from_str(&json).expect("options are JSON");
    options.get("publicKey").cloned().unwrap_or(options)
}

pub struct Device {
    soft: SoftPasskey,
    /// Where its browser says it is.
    pub origin: String,
    /// Whether it asks its owner for a face or a finger.
    pub verifies: bool,
    /// The passkey it made last: its id and whose it is.
    made: Option<(Value, Value)>,
}

impl Device {
    pub fn at(origin: &str) -> Self {
        let soft = SoftPasskey::new(true);
        Self { soft, origin: origin.to_owned(), verifies: true, made: None }
    }

    /// Makes a passkey.
    pub fn make(&mut self, mut options: Value) -> String {
        let client = self.client("webauthn.create", &options);
        let user = options["user"]["id"].clone();
        // It remembers by itself whose its passkeys are.
        options["authenticatorSelection"]["requireResidentKey"] = json!(false);
        if !self.verifies {
            options["authenticatorSelection"]["userVerification"] = json!("discouraged");
        }
        let options = serde_json::from_value(options).expect("options");
        let made = self.soft.perform_register(hash(&client), options, TIMEOUT).expect("a passkey");
        let mut answer = serde_json::to_value(&made).expect("an answer");
        answer["response"]["clientDataJSON"] = json!(URL_SAFE_NO_PAD.encode(&client));
        self.made = Some((answer["rawId"].clone(), user));
        answer.to_string()
    }

    /// Proves the passkey that it made last, whatever passkeys the page allows.
    pub fn prove(&mut self, mut options: Value) -> String {
        let (id, user) = self.made.clone().expect("a passkey");
        let client = self.client("webauthn.get", &options);
        options["allowCredentials"] = json!([{ "type": "public-key", "id": id }]);
        if options["rpId"].is_null() {
            // A page that asked for another passkey.
            options["rpId"] = options["rp"]["id"].clone();
        }
        let verification = if self.verifies { "required" } else { "discouraged" };
        options["userVerification"] = json!(verification);
        let options = serde_json::from_value(options).expect("options");
        let proof = self.soft.perform_auth(hash(&client), options, TIMEOUT).expect("a proof");
        let mut answer = serde_json::to_value(&proof).expect("an answer");
        answer["response"]["clientDataJSON"] = json!(URL_SAFE_NO_PAD.encode(&client));
        answer["response"]["userHandle"] = user;
        answer.to_string()
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

fn hash(client: &[u8]) -> Vec<u8> {
    Sha256::digest(client).to_vec()
}
