//! The keys with which unions sign files. The operator names their files.
//!
//! All are read and checked at start, so a wrong file is reported at once, with its setting. A
//! union may have several over time. A key signs while its certificate is valid; of two valid ones,
//! the one that began last signs.

mod container;
mod error;
mod key;
#[cfg(test)]
pub(crate) mod samples;

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret as _, SecretString};

pub use self::error::{KeyProblem, SigningKeyError};
pub use self::key::SigningKey;
use crate::base::files;
use crate::config::{SigningKeySettings, SigningSettings};

/// An operator needs weeks to get a certificate.
const WARN_BEFORE: Duration = Duration::days(60);

/// The keys of all unions.
#[derive(Debug, Default)]
pub struct SigningKeys {
    unions: BTreeMap<String, Vec<SigningKey>>,
}

/// The state of a union's signing keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// The union can sign until a time that is far away.
    Good { until: DateTime<Utc> },
    /// The union can sign until a time that is soon, and no key follows.
    Expiring { until: DateTime<Utc> },
    /// The last key expired at this time.
    Expired { until: DateTime<Utc> },
    /// No key is valid now; the next one is valid from this time on.
    Early { from: DateTime<Utc> },
}

impl SigningKeys {
    /// Reads and checks every key that the settings name.
    ///
    /// # Errors
    /// Names the setting of the first key that can't be used.
    pub fn load(settings: &SigningSettings) -> Result<Self, SigningKeyError> {
        let mut keys = Self::default();
        for (index, named) in settings.keys.iter().enumerate() {
            let key = read(named).map_err(|problem| SigningKeyError {
                index,
                tenant: named.tenant.clone(),
                file: named.file.clone(),
                problem,
            })?;
            keys.add(&named.tenant, key);
        }
        Ok(keys)
    }

    fn add(&mut self, slug: &str, key: SigningKey) {
        self.unions.entry(slug.to_owned()).or_default().push(key);
    }

    /// Returns the key with which a union signs at this time, or `None` if it has no valid one.
    #[must_use]
    pub fn of(&self, slug: &str, now: DateTime<Utc>) -> Option<&SigningKey> {
        let valid = self.all_of(slug).iter().filter(|key| key.is_valid_at(now));
        valid.max_by_key(|key| key.not_before)
    }

    /// Returns the slugs of the unions with a key, even one that isn't valid.
    pub fn unions(&self) -> impl Iterator<Item = &str> {
        self.unions.keys().map(String::as_str)
    }

    /// Returns how long a union can sign, or `None` if the settings name no key for it.
    #[must_use]
    pub fn state(&self, slug: &str, now: DateTime<Utc>) -> Option<KeyState> {
        let keys = self.all_of(slug);
        let last = keys.iter().map(|key| key.not_after).max()?;
        if self.of(slug, now).is_some() {
            let until = covered_until(keys, now);
            let near = until - now < WARN_BEFORE;
            return Some(if near {
                KeyState::Expiring { until }
            } else {
                KeyState::Good { until }
            });
        }
        let next = keys.iter().map(|key| key.not_before).filter(|from| *from > now).min();
        Some(next.map_or(KeyState::Expired { until: last }, |from| KeyState::Early { from }))
    }

    fn all_of(&self, slug: &str) -> &[SigningKey] {
        self.unions.get(slug).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Returns until when the keys follow each other without a gap.
fn covered_until(keys: &[SigningKey], now: DateTime<Utc>) -> DateTime<Utc> {
    let mut until = now;
    loop {
        let going_on = keys.iter().filter(|key| key.not_before <= until && key.not_after > until);
        match going_on.map(|key| key.not_after).max() {
            Some(later) => until = later,
            None => return until,
        }
    }
}

fn read(named: &SigningKeySettings) -> Result<SigningKey, KeyProblem> {
    let bytes = files::read(&named.file).map_err(KeyProblem::Unreadable)?;
    SigningKey::parse(&bytes, password(named)?.expose_secret())
}

/// Reads the password file's line. The password is empty if no file is named.
fn password(named: &SigningKeySettings) -> Result<SecretString, KeyProblem> {
    let Some(path) = &named.password_file else { return Ok(SecretString::default()) };
    let text = files::read_to_string(path)
        .map_err(|source| KeyProblem::PasswordFile { path: path.clone(), source })?;
    Ok(text.trim_end_matches(['\r', '\n']).into())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn day(text: &str) -> DateTime<Utc> {
        format!("{text}T00:00:00Z").parse().unwrap()
    }

    /// Makes keys of jomkenpo, each valid from the first day to the second.
    fn keys(validities: &[(&str, &str)]) -> SigningKeys {
        let mut keys = SigningKeys::default();
        for (from, until) in validities {
            let pem = samples::pem("見本", day(from), day(until));
            keys.add("jomkenpo", SigningKey::parse(pem.as_bytes(), "").unwrap());
        }
        keys
    }

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/signing").join(name)
    }

    fn settings(name: &str, password_file: Option<PathBuf>) -> SigningSettings {
        let tenant = "jomkenpo".to_owned();
        let key = SigningKeySettings { tenant, file: fixture(name), password_file };
        SigningSettings { keys: vec![key] }
    }

    #[test]
    fn d1_the_key_that_is_valid_and_began_last_signs() {
        let keys = keys(&[("2025-01-01", "2027-01-01"), ("2026-12-01", "2029-01-01")]);
        for (now, from) in [
            ("2024-12-31", None),
            ("2026-11-30", Some("2025-01-01")),
            ("2026-12-01", Some("2026-12-01")),
            ("2028-12-31", Some("2026-12-01")),
            ("2029-01-02", None),
        ] {
            let found = keys.of("jomkenpo", day(now)).map(|key| key.not_before);
            assert_eq!(found, from.map(day), "{now}");
        }
        assert!(keys.of("klinekenpo", day("2026-12-01")).is_none(), "another union's");
    }

    #[test]
    fn d1_a_key_that_ends_soon_is_told_unless_another_follows() {
        let one = keys(&[("2025-01-01", "2027-01-01")]);
        let until = day("2027-01-01");
        for (now, state) in [
            ("2024-12-31", KeyState::Early { from: day("2025-01-01") }),
            ("2026-11-02", KeyState::Good { until }),
            ("2026-11-03", KeyState::Expiring { until }),
            ("2027-01-02", KeyState::Expired { until }),
        ] {
            assert_eq!(one.state("jomkenpo", day(now)), Some(state), "{now}");
        }
        assert_eq!(one.state("klinekenpo", day("2026-01-01")), None);
        let followed = keys(&[("2025-01-01", "2027-01-01"), ("2026-12-31", "2029-01-01")]);
        let good = KeyState::Good { until: day("2029-01-01") };
        assert_eq!(followed.state("jomkenpo", day("2026-12-15")), Some(good));
        let gap = keys(&[("2025-01-01", "2027-01-01"), ("2027-01-05", "2029-01-01")]);
        let (near, early) =
            (KeyState::Expiring { until }, KeyState::Early { from: day("2027-01-05") });
        assert_eq!(gap.state("jomkenpo", day("2026-12-15")), Some(near));
        assert_eq!(gap.state("jomkenpo", day("2027-01-03")), Some(early));
    }

    #[test]
    fn d1_a_key_file_is_read_with_the_password_of_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let password = folder.path().join("password");
        for (written, ok) in [("himitsu", true), ("himitsu\r\n", true), ("chigau\n", false)] {
            fs::write(&password, written).unwrap();
            let loaded = SigningKeys::load(&settings("modern.p12", Some(password.clone())));
            assert_eq!(loaded.is_ok(), ok, "{written:?}");
        }
    }

    #[test]
    fn d1_a_wrong_key_is_told_by_its_setting() {
        let missing = Some(PathBuf::from("/nowhere/password"));
        for (name, password_file, words) in [
            ("nowhere.p12", None, "nowhere.p12: ファイルを読めません"),
            ("modern.p12", missing, "/nowhere/password"),
            ("modern.p12", None, "password_file"),
        ] {
            let error = SigningKeys::load(&settings(name, password_file)).unwrap_err().to_string();
            assert!(error.starts_with("設定の signing.keys[0]（jomkenpo）: "), "{error}");
            assert!(error.contains(words), "{error}");
        }
    }
}
