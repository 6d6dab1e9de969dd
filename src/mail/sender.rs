//! Takes mail out of the house: into a folder, or to Amazon SES.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::config::{BehaviorVersion, Region};
use aws_sdk_sesv2::error::ProvideErrorMetadata as _;
use aws_sdk_sesv2::operation::RequestId as _;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, RawMessage};
use mail_builder::MessageBuilder;

use super::outbox::Outgoing;
use crate::config::{MailSender, Settings};

const SES_TIMEOUT: Duration = Duration::from_secs(20);

/// Where mail leaves.
#[derive(Debug, Clone)]
pub enum Sender {
    /// One `.eml` a mail (RFC 5322).
    File(PathBuf),
    /// Amazon SES, API v2.
    Ses(Box<aws_sdk_sesv2::Client>),
}

/// Why a mail did not leave; free of addresses and content.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("{path}: {source}", path = path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("SES: {0}")]
    Ses(String),
}

impl Sender {
    /// The sender that the settings name.
    pub async fn new(settings: &Settings) -> Self {
        match settings.mail.sender {
            MailSender::File => Self::File(settings.mail_directory()),
            MailSender::Ses => {
                let timeouts = TimeoutConfig::builder().operation_timeout(SES_TIMEOUT).build();
                let mut loader =
                    aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts);
                if let Some(region) = &settings.mail.ses_region {
                    loader = loader.region(Region::new(region.clone()));
                }
                if let Some(url) = &settings.mail.ses_endpoint_url {
                    loader = loader.endpoint_url(url);
                }
                Self::Ses(Box::new(aws_sdk_sesv2::Client::new(&loader.load().await)))
            }
        }
    }

    /// # Errors
    /// Why it did not leave; it may then be sent again.
    pub async fn send(&self, mail: &Outgoing) -> Result<(), SendError> {
        match self {
            Self::File(folder) => write_eml(folder, mail).await,
            Self::Ses(client) => {
                let raw = RawMessage::builder()
                    .data(Blob::new(mime(mail)))
                    .build()
                    .map_err(|error| SendError::Ses(error.to_string()))?;
                client
                    .send_email()
                    .destination(Destination::builder().to_addresses(&mail.recipient).build())
                    .content(EmailContent::builder().raw(raw).build())
                    .send()
                    .await
                    .map_err(|error| {
                        // The message itself may name the address.
                        let code = error.code().unwrap_or("unreachable").to_owned();
                        SendError::Ses(format!("{code} (request {:?})", error.request_id()))
                    })?;
                Ok(())
            }
        }
    }
}

/// Written under another name first, so that nobody reads half a mail. A mail sent twice is the
/// same file.
async fn write_eml(folder: &Path, mail: &Outgoing) -> Result<(), SendError> {
    let path = folder.join(format!("{}.eml", mail.id));
    let error = |source| SendError::File { path: path.clone(), source };
    tokio::fs::create_dir_all(folder).await.map_err(error)?;
    let partial = folder.join(format!(".{}.part", mail.id));
    tokio::fs::write(&partial, mime(mail)).await.map_err(error)?;
    tokio::fs::rename(&partial, &path).await.map_err(error)
}

/// Text and HTML in one message. The Message-ID is the mail's own, so that a repeat is recognised.
fn mime(mail: &Outgoing) -> Vec<u8> {
    let domain = mail.sender.rsplit('@').next().unwrap_or("localhost");
    MessageBuilder::new()
        .from((mail.sender_name.as_str(), mail.sender.as_str()))
        .to(mail.recipient.as_str())
        .subject(mail.subject.as_str())
        .date(mail.created_at.timestamp())
        .message_id(format!("{}@{domain}", mail.id))
        .text_body(mail.text.as_str())
        .html_body(mail.html.as_str())
        .write_to_vec()
        .expect("writing to memory does not fail")
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;
    use crate::base::clock::Clock;
    use crate::base::ids::{MailId, TenantId};

    #[test]
    fn japanese_survives_and_headers_can_not_be_forged() {
        let clock = Clock::test("2026-11-21T00:00:00Z".parse().unwrap());
        let mail = Outgoing {
            tenant: TenantId::new(&clock),
            id: MailId::new(&clock),
            sender_name: "川崎汽船健康保険組合\r\nBcc: evil@example.com".into(),
            sender: "no-reply@kosmo-web.jp".into(),
            recipient: "taro@example.jp".into(),
            subject: "【KOSMOWeb】ワンタイムパスワードのお知らせ\r\nX-Evil: 1".into(),
            text: "コードは 012345 です。".into(),
            html: "<p>コードは 012345 です。</p>".into(),
            created_at: clock.now(),
            attempts: 1,
        };
        let bytes = mime(&mail);
        let message = MessageParser::default().parse(&bytes).unwrap();
        assert!(
            message.subject().unwrap().starts_with("【KOSMOWeb】ワンタイムパスワードのお知らせ")
        );
        assert_eq!(message.body_text(0).unwrap().trim(), "コードは 012345 です。");
        assert!(message.header("X-Evil").is_none() && message.bcc().is_none());
        let sender = message.from().unwrap().first().unwrap();
        assert!(sender.name().unwrap().starts_with("川崎汽船健康保険組合"));
        assert_eq!(sender.address(), Some("no-reply@kosmo-web.jp"));
    }
}
