//! The keys with which unions sign files.

use std::path::PathBuf;

use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SigningSettings {
    /// Each key has a `[[signing.keys]]` of its own. A union may have several over time; the one
    /// whose certificate is valid on the day signs.
    pub keys: Vec<SigningKeySettings>,
}

/// The place of a union's key. The key itself is neither in the settings nor in the database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningKeySettings {
    /// The union's slug: `klinekenpo`.
    pub tenant: String,
    /// The key with its certificates: PKCS#12 (`.p12`, `.pfx`), or PEM without a password.
    pub file: PathBuf,
    /// A file that holds the password of a PKCS#12 file.
    pub password_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_named_by_union_and_file() {
        let text = "[[keys]]\ntenant = \"klinekenpo\"\nfile = \"/run/secrets/kline.p12\"\n\
                    password_file = \"/run/secrets/kline.password\"\n\
                    [[keys]]\ntenant = \"jomkenpo\"\nfile = \"jom.pem\"\n";
        let settings: SigningSettings = toml::from_str(text).unwrap();
        let named: Vec<(&str, bool)> = settings
            .keys
            .iter()
            .map(|key| (key.tenant.as_str(), key.password_file.is_some()))
            .collect();
        assert_eq!(named, [("klinekenpo", true), ("jomkenpo", false)]);
    }

    #[test]
    fn a_password_has_no_place_in_the_settings() {
        for wrong in ["password = \"x\"", "key = \"-----BEGIN PRIVATE KEY-----\""] {
            let text = format!("[[keys]]\ntenant = \"jomkenpo\"\nfile = \"jom.p12\"\n{wrong}\n");
            assert!(toml::from_str::<SigningSettings>(&text).is_err(), "{wrong}");
        }
    }
}
