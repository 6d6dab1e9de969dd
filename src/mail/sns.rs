//! Amazon SNS over HTTPS. A post counts only if AWS signed it for our topic, a moment ago.
//!
//! The signature is checked as AWS documents it
//! (<https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>): over the message's
//! fields, with the key of a certificate that SNS itself serves. [`certificates`] fetches it, and [`taken`]
//! ignores replays.
//!
//! SNS posts here rather than into a queue that the worker would poll: a queue needs another SDK, another
//! credential and a poller at every installation. The risk of a public endpoint is that a stranger makes us
//! fetch a certificate from their host, so [`Topic::url`] accepts exactly one host.

pub mod certificates;
pub mod error;
pub mod taken;
pub mod url;

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use self::certificates::{Certificate, Certificates};
use self::error::SnsError;
use self::url::SnsUrl;
use crate::base::clock::Clock;
use crate::config::TopicArn;

/// A message's time may differ from now by this much. SNS stops retrying well before.
const FRESH_FOR: TimeDelta = TimeDelta::hours(1);
/// No id of SNS's is longer than this.
const LONGEST_ID: usize = 100;
const LONGEST_URL: usize = 2_048;

/// The topic whose messages are accepted.
#[derive(Debug)]
pub struct Topic {
    arn: TopicArn,
    pub certificates: Certificates,
}

/// A message that AWS signed for our topic.
#[derive(Debug, PartialEq, Eq)]
pub struct Genuine {
    pub message_id: String,
    pub content: Content,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    /// The text of a notification.
    Notification(String),
    /// A subscription, which opening this address confirms.
    Subscription(SnsUrl),
    Unsubscription,
}

impl Topic {
    #[must_use]
    pub fn new(arn: TopicArn) -> Self {
        Self { arn, certificates: Certificates::default() }
    }

    /// Checks and reads a posted message.
    ///
    /// # Errors
    /// See [`SnsError`]; after [`SnsError::Unreachable`], SNS should post the message again.
    pub async fn open(&self, clock: &Clock, body: &[u8]) -> Result<Genuine, SnsError> {
        let envelope = Envelope::read(body)?;
        let url = envelope.check(self, clock.now())?;
        let certificate = self.certificates.get(&url).await?;
        envelope.verified(self, &certificate, clock.now())
    }

    /// Accepts an address at SNS itself, in the topic's region. Other hosts of Amazon are no safer than
    /// a stranger's: `sns.s3.amazonaws.com` may be anybody's bucket. Returns `None` for any other
    /// address.
    #[must_use]
    pub fn url(&self, url: &str) -> Option<SnsUrl> {
        let path = url.strip_prefix("https://")?.strip_prefix(self.arn.host())?;
        let right = url.len() <= LONGEST_URL
            && path.starts_with('/')
            && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/?&=%:+".contains(&b));
        right.then(|| SnsUrl(url.to_owned()))
    }

    /// Confirms a subscription: the topic posts here from now on.
    ///
    /// # Errors
    /// Returns [`SnsError::Unreachable`] if SNS can't be reached, and [`SnsError::NotGenuine`] if
    /// it refuses.
    pub async fn confirm(&self, subscription: &SnsUrl) -> Result<(), SnsError> {
        self.certificates.https().get(subscription).await.map(drop)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
enum MessageType {
    Notification,
    SubscriptionConfirmation,
    UnsubscribeConfirmation,
}

/// A post of SNS, before its signature is checked.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    #[serde(rename = "Type")]
    kind: MessageType,
    message_id: String,
    token: Option<String>,
    topic_arn: String,
    subject: Option<String>,
    message: String,
    timestamp: String,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: Option<String>,
}

impl Envelope {
    fn read(body: &[u8]) -> Result<Self, SnsError> {
        let envelope: Self = serde_json::from_slice(body).map_err(|_| SnsError::Unreadable)?;
        let right = (1..=LONGEST_ID).contains(&envelope.message_id.len());
        if right { Ok(envelope) } else { Err(SnsError::Unreadable) }
    }

    /// Checks everything but the signature. Returns the address of the certificate.
    fn check(&self, topic: &Topic, now: DateTime<Utc>) -> Result<SnsUrl, SnsError> {
        if self.topic_arn != topic.arn.as_str() {
            return Err(SnsError::NotGenuine("another topic"));
        }
        let at = DateTime::parse_from_rfc3339(&self.timestamp).map_err(|_| SnsError::Unreadable)?;
        if (now - at.to_utc()).abs() > FRESH_FOR {
            return Err(SnsError::NotGenuine("another time"));
        }
        topic
            .url(&self.signing_cert_url)
            .filter(SnsUrl::is_certificate)
            .ok_or(SnsError::NotGenuine("a certificate from elsewhere"))
    }

    /// Builds the text that is signed: the name and the value of each field that the message has, one
    /// line each.
    fn canonical(&self) -> String {
        let subscribes = self.kind != MessageType::Notification;
        let url = self.subscribe_url.as_deref().filter(|_| subscribes);
        let token = self.token.as_deref().filter(|_| subscribes);
        let kind = match self.kind {
            MessageType::Notification => "Notification",
            MessageType::SubscriptionConfirmation => "SubscriptionConfirmation",
            MessageType::UnsubscribeConfirmation => "UnsubscribeConfirmation",
        };
        let fields = [
            ("Message", Some(self.message.as_str())),
            ("MessageId", Some(self.message_id.as_str())),
            ("Subject", self.subject.as_deref().filter(|_| !subscribes)),
            ("SubscribeURL", url),
            ("Timestamp", Some(self.timestamp.as_str())),
            ("Token", token),
            ("TopicArn", Some(self.topic_arn.as_str())),
            ("Type", Some(kind)),
        ];
        let present = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
        present.map(|(name, value)| format!("{name}\n{value}\n")).collect()
    }

    fn verified(
        self,
        topic: &Topic,
        certificate: &Certificate,
        now: DateTime<Utc>,
    ) -> Result<Genuine, SnsError> {
        let algorithm: &'static RsaParameters = match self.signature_version.as_str() {
            "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "2" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return Err(SnsError::NotGenuine("an unknown signature version")),
        };
        if !certificate.is_valid_at(now) {
            return Err(SnsError::NotGenuine("an expired certificate"));
        }
        let wrong = SnsError::NotGenuine("a wrong signature");
        let signature = STANDARD.decode(&self.signature).map_err(|_| wrong)?;
        UnparsedPublicKey::new(algorithm, certificate.public_key())
            .verify(self.canonical().as_bytes(), &signature)
            .map_err(|_| wrong)?;
        let content = match self.kind {
            MessageType::Notification => Content::Notification(self.message),
            MessageType::SubscriptionConfirmation => {
                let url = self.subscribe_url.as_deref().and_then(|url| topic.url(url));
                Content::Subscription(url.ok_or(SnsError::NotGenuine("a confirmation elsewhere"))?)
            }
            MessageType::UnsubscribeConfirmation => Content::Unsubscription,
        };
        Ok(Genuine { message_id: self.message_id, content })
    }
}

#[cfg(test)]
mod tests;
