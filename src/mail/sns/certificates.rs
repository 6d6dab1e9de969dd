//! The certificates that SNS signs with. Each is fetched from SNS once and cached.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use chrono::{DateTime, Utc};
use http_body_util::{BodyExt as _, Limited};
use x509_parser::pem::parse_x509_pem;

use super::error::SnsError;
use super::url::SnsUrl;

/// Two such waits are shorter than SNS waits for an answer (15 seconds).
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const LARGEST: usize = 64 * 1024;
/// SNS has one certificate in each region, and changes it about once a year.
const MOST: usize = 16;

/// The parts of a certificate that checking a signature needs.
#[derive(Debug)]
pub struct Certificate {
    public_key: Vec<u8>,
    not_before: i64,
    not_after: i64,
}

impl Certificate {
    /// Reads the first certificate of a PEM file. Returns `None` if the file has none.
    #[must_use]
    pub fn from_pem(pem: &[u8]) -> Option<Self> {
        let (_, pem) = parse_x509_pem(pem).ok()?;
        let certificate = pem.parse_x509().ok()?;
        let validity = certificate.validity();
        Some(Self {
            public_key: certificate.public_key().subject_public_key.data.to_vec(),
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
        })
    }

    pub(super) fn is_valid_at(&self, at: DateTime<Utc>) -> bool {
        (self.not_before..=self.not_after).contains(&at.timestamp())
    }

    /// Returns the key in the form of RFC 8017 A.1.1.
    pub(super) fn public_key(&self) -> &[u8] {
        &self.public_key
    }
}

/// Certificates by their address.
#[derive(Debug, Default)]
pub struct Certificates {
    known: Mutex<HashMap<SnsUrl, Arc<Certificate>>>,
    /// Only one task fetches at a time, so that strangers can't make us fetch much.
    fetching: tokio::sync::Mutex<()>,
    https: Https,
}

impl Certificates {
    /// Caches the certificate of an address.
    pub fn keep(&self, url: SnsUrl, certificate: Certificate) -> Arc<Certificate> {
        let certificate = Arc::new(certificate);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(url, certificate.clone());
        certificate
    }

    pub(super) async fn get(&self, url: &SnsUrl) -> Result<Arc<Certificate>, SnsError> {
        if let Some(known) = self.known(url) {
            return Ok(known);
        }
        let _turn = self.fetching.lock().await;
        if let Some(known) = self.known(url) {
            return Ok(known);
        }
        let pem = self.https.get(url).await?;
        let certificate =
            Certificate::from_pem(&pem).ok_or(SnsError::NotGenuine("no certificate"))?;
        Ok(self.keep(url.clone(), certificate))
    }

    pub(super) fn https(&self) -> &Https {
        &self.https
    }

    fn known(&self, url: &SnsUrl) -> Option<Arc<Certificate>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned()
    }
}

/// An HTTPS client for SNS, with the same TLS as the client of SES. It follows no redirect.
#[derive(Debug, Default)]
pub(super) struct Https(OnceLock<Connector>);

impl Https {
    pub(super) async fn get(&self, url: &SnsUrl) -> Result<Vec<u8>, SnsError> {
        let answer = tokio::time::timeout(ANSWER_WITHIN, self.answer(url)).await;
        answer.map_err(|_| SnsError::Unreachable("timed out"))?
    }

    async fn answer(&self, url: &SnsUrl) -> Result<Vec<u8>, SnsError> {
        let request =
            HttpRequest::get(url.as_str()).map_err(|_| SnsError::NotGenuine("no address"))?;
        let response = self
            .connector()
            .call(request)
            .await
            .map_err(|_| SnsError::Unreachable("unreachable"))?;
        let status = response.status();
        if status.is_client_error() {
            return Err(SnsError::NotGenuine("SNS knows nothing of it"));
        }
        if !status.is_success() {
            return Err(SnsError::Unreachable("answered with an error"));
        }
        let body = Limited::new(response.into_body(), LARGEST).collect().await;
        let body = body.map_err(|_| SnsError::Unreachable("answer too long, or cut off"))?;
        Ok(body.to_bytes().to_vec())
    }

    fn connector(&self) -> &Connector {
        self.0.get_or_init(|| {
            Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build()
        })
    }
}
