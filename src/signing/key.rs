//! A private key that its certificate belongs to.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::KeyPair as _;
use bergshamra::keys::loader::load_x509_cert_der;
use bergshamra::{DsigContext, Error, Key, KeyData, KeyUsage, KeysManager};
use chrono::{DateTime, Utc};
use x509_parser::parse_x509_certificate;
use x509_parser::time::ASN1Time;

use super::KeyProblem;
use super::container::{self, KeyFile};

/// A key that can sign, with what its certificate says.
pub struct SigningKey {
    pub not_before: DateTime<Utc>,
    pub not_after: DateTime<Utc>,
    /// The certificate's subject: `C=JP, CN=川崎汽船健康保険組合`.
    pub subject: String,
    /// True if no authority has signed the certificate, as in a sample.
    pub self_signed: bool,
    key: Key,
}

impl SigningKey {
    /// Reads a file: PKCS#12, or PEM, for which the password is not used.
    pub fn parse(bytes: &[u8], password: &str) -> Result<Self, KeyProblem> {
        let KeyFile { keys, certificates } = container::open(bytes, password)?;
        let pair = match keys.as_slice() {
            [] => return Err(KeyProblem::NoKey),
            [pair] => pair,
            _ => return Err(KeyProblem::SeveralKeys),
        };
        if certificates.is_empty() {
            return Err(KeyProblem::NoCertificate);
        }
        let read = certificates.iter().map(|der| KeyCertificate::read(der));
        let mut others = read.collect::<Result<Vec<KeyCertificate>, KeyProblem>>()?;
        let own = take_own(&mut others, pair.public_key().as_ref())?;
        Ok(Self {
            not_before: own.not_before,
            not_after: own.not_after,
            subject: own.subject.clone(),
            self_signed: own.is_self_signed(),
            key: with_chain(pair, chain(own, others))?,
        })
    }

    #[must_use]
    pub fn is_valid_at(&self, at: DateTime<Utc>) -> bool {
        (self.not_before..=self.not_after).contains(&at)
    }

    /// Returns the certificates in DER: its own first, then those of the authorities above it.
    #[must_use]
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.key.x509_chain
    }

    /// Returns what makes an XML signature.
    #[must_use]
    pub fn signer(&self) -> DsigContext {
        let mut keys = KeysManager::new();
        keys.add_key(self.key.clone());
        DsigContext::new(keys)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("subject", &self.subject)
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .field("self_signed", &self.self_signed)
            .finish_non_exhaustive()
    }
}

/// The parts of a key's certificate that signing needs.
struct KeyCertificate {
    der: Vec<u8>,
    subject: String,
    /// The names are kept in DER, which can be compared exactly.
    subject_name: Vec<u8>,
    issuer_name: Vec<u8>,
    /// In the form of RFC 8017 A.1.1.
    public_key: Vec<u8>,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
}

impl KeyCertificate {
    fn read(der: &[u8]) -> Result<Self, KeyProblem> {
        let (_, parsed) = parse_x509_certificate(der)
            .map_err(|error| KeyProblem::Certificate(error.to_string()))?;
        let validity = parsed.validity();
        let (not_before, not_after) = (moment(validity.not_before)?, moment(validity.not_after)?);
        Ok(Self {
            der: der.to_vec(),
            subject: parsed.subject().to_string(),
            subject_name: parsed.subject().as_raw().to_vec(),
            issuer_name: parsed.issuer().as_raw().to_vec(),
            public_key: parsed.public_key().subject_public_key.data.to_vec(),
            not_before,
            not_after,
        })
    }

    fn is_self_signed(&self) -> bool {
        self.subject_name == self.issuer_name
    }
}

fn moment(time: ASN1Time) -> Result<DateTime<Utc>, KeyProblem> {
    DateTime::from_timestamp(time.timestamp(), 0)
        .ok_or_else(|| KeyProblem::Certificate(format!("日付 {time} が使える範囲にありません")))
}

/// Takes the certificate of a public key. If it was renewed, takes the newest.
fn take_own(
    certificates: &mut Vec<KeyCertificate>,
    public_key: &[u8],
) -> Result<KeyCertificate, KeyProblem> {
    let own = certificates
        .iter()
        .enumerate()
        .filter(|(_, certificate)| certificate.public_key == public_key)
        .max_by_key(|(_, certificate)| certificate.not_before)
        .map(|(place, _)| place);
    own.map(|place| certificates.swap_remove(place)).ok_or(KeyProblem::Mismatch)
}

/// Builds the chain from the key's own certificate to the highest authority in the file. Other
/// certificates are left out: a verifier might take one of them for the signer's.
fn chain(own: KeyCertificate, mut others: Vec<KeyCertificate>) -> Vec<Vec<u8>> {
    let mut issuer = (!own.is_self_signed()).then_some(own.issuer_name);
    let mut chain = vec![own.der];
    while let Some(name) = issuer.take() {
        if let Some(place) = others.iter().position(|above| above.subject_name == name) {
            let above = others.swap_remove(place);
            issuer = (!above.is_self_signed()).then_some(above.issuer_name);
            chain.push(above.der);
        }
    }
    chain
}

fn with_chain(pair: &KeyPair, chain: Vec<Vec<u8>>) -> Result<Key, KeyProblem> {
    let refused = |error: Unspecified| KeyProblem::Refused(Error::Key(error.to_string()));
    let pkcs8: Pkcs8V1Der<'static> = pair.as_der().map_err(refused)?;
    let kind = load_x509_cert_der(&chain[0]).map_err(KeyProblem::Refused)?.data.algorithm();
    let data = KeyData::from_pkcs8_der(kind, pkcs8.as_ref()).map_err(KeyProblem::Refused)?;
    let mut key = Key::new(data, KeyUsage::Any);
    key.x509_chain = chain;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODERN: &[u8] = include_bytes!("../../tests/fixtures/signing/modern.p12");
    /// Encrypted with RC2 and triple DES, as older programs export.
    const LEGACY: &[u8] = include_bytes!("../../tests/fixtures/signing/legacy.p12");
    const CHAIN: &[u8] = include_bytes!("../../tests/fixtures/signing/chain.pem");
    const ENCRYPTED: &[u8] = include_bytes!("../../tests/fixtures/signing/encrypted.pem");
    const MISMATCH: &[u8] = include_bytes!("../../tests/fixtures/signing/mismatch.pem");
    const SMALL: &[u8] = include_bytes!("../../tests/fixtures/signing/rsa-1024.pem");
    const P256: &[u8] = include_bytes!("../../tests/fixtures/signing/p256.pem");

    /// The fixtures were made by OpenSSL. Each has one certificate that doesn't belong to the key.
    #[test]
    fn d1_a_key_is_read_from_pkcs12_of_any_age_and_from_pem() {
        for (what, bytes, password) in
            [("modern", MODERN, "himitsu"), ("legacy", LEGACY, "himitsu"), ("PEM", CHAIN, "")]
        {
            let key = SigningKey::parse(bytes, password).unwrap();
            assert_eq!(key.subject, "C=JP, CN=見本健康保険組合", "{what}");
            assert_eq!(key.not_before.to_string(), "2025-01-01 00:00:00 UTC", "{what}");
            assert_eq!(key.not_after.to_string(), "2125-01-01 00:00:00 UTC", "{what}");
            assert!(!key.self_signed, "{what}");
            let chain: Vec<String> = key
                .certificates()
                .iter()
                .map(|der| KeyCertificate::read(der).unwrap().subject)
                .collect();
            let names = ["見本健康保険組合", "見本 認証局", "見本 ルート認証局"];
            assert_eq!(chain, names.map(|name| format!("C=JP, CN={name}")), "{what}");
        }
    }

    #[test]
    fn d1_what_is_wrong_with_a_key_is_told() {
        let text = std::str::from_utf8(CHAIN).unwrap();
        let (_, from) = text.split_once("-----BEGIN RSA PRIVATE KEY-----").unwrap();
        let (base64, _) = from.split_once("-----END").unwrap();
        let key = format!("-----BEGIN RSA PRIVATE KEY-----{base64}-----END RSA PRIVATE KEY-----\n");
        let twice = key.repeat(2);
        for (bytes, password, words) in [
            (MODERN, "", "パスワードが違います"),
            (LEGACY, "chigau", "パスワードが違います"),
            (&MODERN[..200], "himitsu", "PKCS#12でも"),
            (&b""[..], "", "PKCS#12でも"),
            (&b"klinekenpo"[..], "", "PKCS#12でも"),
            (ENCRYPTED, "himitsu", "openssl pkcs12 -export"),
            (key.as_bytes(), "", "証明書が入っていません"),
            (twice.as_bytes(), "", "秘密鍵が2つ以上"),
            (MISMATCH, "", "合う証明書が入っていません"),
            (SMALL, "", "8192ビットのRSA"),
            (P256, "", "8192ビットのRSA"),
        ] {
            let error = SigningKey::parse(bytes, password).unwrap_err().to_string();
            assert!(error.contains(words), "{words}: {error}");
        }
    }

    #[test]
    fn debug_shows_nothing_secret() {
        let key = SigningKey::parse(CHAIN, "").unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains("見本健康保険組合") && shown.len() < 200, "{shown}");
    }
}
