//! The key with which one of the demo's unions signs: made once, self-signed, so that its files say
//! that they are samples. The other unions have none, as a union has none before it got one.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Datelike as _, Months, NaiveDate, Utc};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256};

use crate::base::clock::Clock;
use crate::base::files;
use crate::config::{Settings, SigningKeySettings};
use crate::db::Db;
use crate::tenant::registry;

/// The union of seed 001, whose sample has rows for the tax return.
const UNION: &str = "klinekenpo";
const VALID_MONTHS: Months = Months::new(120);

/// The settings with the demo's key added, unless they name one of this union already.
///
/// # Errors
/// The database's, and the file system's.
pub(super) async fn added(settings: &Settings, db: &Db) -> anyhow::Result<Settings> {
    let mut settings = settings.clone();
    if settings.signing.keys.iter().any(|key| key.tenant == UNION) {
        return Ok(settings);
    }
    let mut tx = db.platform().await?;
    let Some(union) = registry::find(&mut tx, UNION).await? else { return Ok(settings) };
    tx.commit().await?;
    let file = file(&settings.data_dir);
    if !file.exists() {
        let folder = file.parent().context("a folder for keys")?;
        files::create_folder(folder).with_context(|| folder.display().to_string())?;
        files::replace(&file, pem(&union.config.name, Clock::System.now())?.as_bytes())?;
    }
    let tenant = UNION.to_owned();
    settings.signing.keys.push(SigningKeySettings { tenant, file, password_file: None });
    Ok(settings)
}

fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("signing").join(format!("{UNION}.pem"))
}

/// A new key and its certificate, which names the union and says 見本.
fn pem(union: &str, now: DateTime<Utc>) -> anyhow::Result<String> {
    // The day that began last in UTC, by which certificates go; in Japan another may have begun.
    let today = now.date_naive();
    let mut params = CertificateParams::default();
    params.not_before = midnight(today)?;
    params.not_after = midnight(today + VALID_MONTHS)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("{union} 見本"));
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256)?;
    Ok(format!("{}{}", key.serialize_pem(), params.self_signed(&key)?.pem()))
}

fn midnight(day: NaiveDate) -> anyhow::Result<time::OffsetDateTime> {
    Ok(rcgen::date_time_ymd(day.year(), day.month().try_into()?, day.day().try_into()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::SigningKey;

    #[test]
    fn d1_the_demos_key_is_a_sample_that_signs_from_now_for_ten_years() {
        // In Japan the leap day is over already.
        let now: DateTime<Utc> = "2028-02-29T15:30:00Z".parse().unwrap();
        let pem = pem("川崎汽船健康保険組合", now).unwrap();
        let key = SigningKey::parse(pem.as_bytes(), "").unwrap();
        assert!(key.self_signed && key.is_valid_at(now));
        assert_eq!(key.subject, "CN=川崎汽船健康保険組合 見本");
        assert_eq!(key.not_after.to_string(), "2038-02-28 00:00:00 UTC");
    }
}
