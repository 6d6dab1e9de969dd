//! The contact to which a person can report a weakness.

use serde::Deserialize;

/// The content of `/.well-known/security.txt` (RFC 9116).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecuritySettings {
    /// The contacts, the best first: `mailto:security@example.jp`, `https://…` or `tel:…`. If empty, there is no
    /// security.txt.
    pub contacts: Vec<String>,
    /// The address of the rules for security researchers: `https://…`.
    pub policy: Option<String>,
}

impl SecuritySettings {
    /// Refuses an address that is not of the kinds that RFC 9116 asks for.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let clean = |address: &str| !address.chars().any(|c| c.is_control() || c.is_whitespace());
        let reaches = |address: &String| {
            clean(address)
                && ["mailto:", "https://", "tel:"].iter().any(|scheme| address.starts_with(scheme))
        };
        if !self.contacts.iter().all(reaches) {
            return Err(
                "security.contacts は mailto:、https:// か tel: で始まるアドレスにしてください",
            );
        }
        let policy = self.policy.as_ref();
        if policy.is_some_and(|policy| !clean(policy) || !policy.starts_with("https://")) {
            return Err("security.policy は https:// で始まるアドレスにしてください");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_nobody_can_use_is_refused_at_start() {
        let told = |contact: &str, policy: Option<&str>| SecuritySettings {
            contacts: vec![contact.to_owned()],
            policy: policy.map(str::to_owned),
        };
        assert!(told("mailto:security@example.jp", Some("https://example.jp/")).check().is_ok());
        assert!(SecuritySettings::default().check().is_ok());
        for contact in
            ["security@example.jp", "http://example.jp", "mailto:a@example.jp\nPolicy: x"]
        {
            assert!(told(contact, None).check().is_err(), "{contact}");
        }
        assert!(told("tel:+81-3-0000-0000", Some("http://example.jp")).check().is_err());
    }
}
