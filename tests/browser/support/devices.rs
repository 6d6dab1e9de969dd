//! Devices for a second factor: an authenticator app, and a device that keeps passkeys.

use std::io::Write as _;
use std::process::{Command, Stdio};

use kosmo::base::clock::Clock;
use serde_json::json;

use crate::support::browser::Browser;
use crate::support::wait::wait_for;

/// How long a code is valid, and below, how long typing it takes at most.
const SECONDS: u64 = 30;
const SECONDS_TO_TYPE: u64 = 10;

/// An authenticator app. Its codes come from `oathtool`, which shares no code with the product.
pub(crate) struct App {
    key: String,
    /// The time step of the last code.
    told: u64,
}

impl App {
    /// Reads the key from the set-up page.
    pub(crate) async fn set_up(browser: &Browser) -> Self {
        let read = "return document.querySelector('main code').textContent;";
        Self { key: browser.evaluate(read).await, told: 0 }
    }

    /// An app that has a key already.
    pub(crate) fn with_key(key: &str) -> Self {
        Self { key: key.to_owned(), told: 0 }
    }

    /// Returns a code that stays valid long enough to be typed. It may be the same as the last one:
    /// after [`Demo::let_codes_age`](crate::support::demo::Demo::let_codes_age) it counts once more.
    pub(crate) fn code(&mut self) -> String {
        self.code_after(None)
    }

    /// Waits for the code after the last one.
    pub(crate) fn next_code(&mut self) -> String {
        self.code_after(Some(self.told))
    }

    fn code_after(&mut self, step: Option<u64>) -> String {
        let now = wait_for("a code", || {
            let now = Clock::System.now().timestamp().unsigned_abs();
            let lasts = now % SECONDS < SECONDS - SECONDS_TO_TYPE;
            (lasts && step.is_none_or(|step| now / SECONDS > step)).then_some(now)
        });
        self.told = now / SECONDS;
        self.code_at(now)
    }

    fn code_at(&self, time: u64) -> String {
        let mut command = Command::new("oathtool");
        // With "-" it reads the key from stdin, so that no list of processes shows it.
        command.args(["--totp", "--base32"]).arg(format!("--now=@{time}")).arg("-");
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut oathtool = started.expect("oathtool, which `infra/dev/setup.sh test` installs");
        let input = oathtool.stdin.as_mut().expect("its input");
        input.write_all(self.key.as_bytes()).expect("it reads the key");
        let output = oathtool.wait_with_output().expect("its output");
        assert!(output.status.success(), "oathtool refuses the key");
        String::from_utf8(output.stdout).expect("digits").trim().to_owned()
    }
}

impl Browser {
    /// Gives the browser a device with 生体認証 whose owner always agrees. Returns its name for
    /// [`Browser::let_person_agree`].
    pub(crate) async fn add_authenticator(&self) -> String {
        self.devtools("WebAuthn.enable", json!({})).await;
        let options = json!({
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserVerified": true,
            "automaticPresenceSimulation": true,
        });
        let added =
            self.devtools("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await;
        added["authenticatorId"].as_str().expect("a name").to_owned()
    }

    /// Sets whether the device's owner agrees. If not, the device waits.
    pub(crate) async fn let_person_agree(&self, device: &str, agree: bool) {
        let presence = json!({ "authenticatorId": device, "enabled": agree });
        self.devtools("WebAuthn.setAutomaticPresenceSimulation", presence).await;
    }

    /// Makes the device report its passkeys as backed up from now on, as after a password manager took them
    /// over.
    pub(crate) async fn back_passkeys_up(&self, device: &str) {
        let named = json!({ "authenticatorId": device });
        let known = self.devtools("WebAuthn.getCredentials", named).await;
        for passkey in known["credentials"].as_array().expect("passkeys") {
            let backed_up = json!({
                "authenticatorId": device,
                "credentialId": passkey["credentialId"],
                "backupEligibility": true,
                "backupState": true,
            });
            self.devtools("WebAuthn.setCredentialProperties", backed_up).await;
        }
    }

    /// Replaces the device with another one that knows no passkey yet.
    pub(crate) async fn change_authenticator(&self) -> String {
        self.devtools("WebAuthn.disable", json!({})).await;
        self.add_authenticator().await
    }

    /// Lets the device's owner cancel, until the page is left or [`Browser::let_passkeys_be`] is
    /// called.
    pub(crate) async fn cancel_passkeys(&self) {
        let cancel = "const cancel = async () => {
                          throw new DOMException('', 'NotAllowedError');
                      };
                      Object.assign(navigator.credentials, { create: cancel, get: cancel });";
        self.evaluate::<()>(cancel).await;
    }

    pub(crate) async fn let_passkeys_be(&self) {
        let let_be = "delete navigator.credentials.create; delete navigator.credentials.get;";
        self.evaluate::<()>(let_be).await;
    }
}
