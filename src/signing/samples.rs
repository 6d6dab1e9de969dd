//! Keys for tests.

use chrono::{DateTime, Datelike as _, Utc};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256};

use super::SigningKey;

/// Makes a self-signed key with its certificate, valid from the first day to the second.
pub(crate) fn pem(name: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> String {
    let midnight = |at: DateTime<Utc>| {
        let (month, day) = (u8::try_from(at.month()).unwrap(), u8::try_from(at.day()).unwrap());
        rcgen::date_time_ymd(at.year(), month, day)
    };
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let mut params = CertificateParams::default();
    params.not_before = midnight(from);
    params.not_after = midnight(until);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    format!("{}{}", key.serialize_pem(), params.self_signed(&key).unwrap().pem())
}

/// Makes a key that is valid for longer than any test needs.
pub(crate) fn key() -> SigningKey {
    let [from, until] = ["2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"];
    let pem = pem("見本", from.parse().unwrap(), until.parse().unwrap());
    SigningKey::parse(pem.as_bytes(), "").unwrap()
}
