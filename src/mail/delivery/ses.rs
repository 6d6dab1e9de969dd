//! Amazon SES, API v2.

use std::time::Duration;

use aws_config::ConfigLoader;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::Region;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata as _, SdkError};
use aws_sdk_sesv2::operation::RequestId as _;
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};

use super::queue::Outgoing;
use crate::base::email::EmailAddress;
use crate::config::MailSettings;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The first mail of a process, and some later ones, also wait for credentials.
const CREDENTIALS_WITHIN: Duration = Duration::from_secs(5);

/// Codes that mean SES will never take this mail. Other failures can be mended: the rate, the
/// credentials, the sender's domain, the account.
const PERMANENT: [&str; 5] = [
    "MessageRejected",
    "BadRequestException",
    "InvalidParameterValue",
    "ValidationException",
    "RequestEntityTooLargeException",
];

/// A client of SES.
#[derive(Debug, Clone)]
pub struct Ses {
    client: Client,
    configuration_set: Option<String>,
}

/// The reason why SES did not take a mail: its error code, or how the connection failed.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct SesError {
    what: String,
    /// True if SES will never take it.
    pub permanent: bool,
}

impl Ses {
    /// The client doesn't retry, because the outbox does.
    pub(super) async fn new(settings: &MailSettings, aws: ConfigLoader) -> Self {
        let timeout = settings.ses_timeout();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_WITHIN.min(timeout))
            .operation_attempt_timeout(timeout)
            .operation_timeout(timeout + CREDENTIALS_WITHIN)
            .build();
        let mut aws = aws.timeout_config(timeouts).retry_config(RetryConfig::disabled());
        if let Some(region) = &settings.ses_region {
            aws = aws.region(Region::new(region.clone()));
        }
        if let Some(url) = &settings.ses_endpoint_url {
            aws = aws.endpoint_url(url);
        }
        let client = Client::new(&aws.load().await);
        Self { client, configuration_set: settings.ses_configuration_set.clone() }
    }

    /// Sends a mail, tagged with its union and kind.
    pub(super) async fn send(
        &self,
        mail: &Outgoing,
        recipient: EmailAddress,
        message: Vec<u8>,
    ) -> Result<(), SesError> {
        let raw = RawMessage::builder().data(Blob::new(message)).build()?;
        let sent = self
            .client
            .send_email()
            .destination(Destination::builder().to_addresses(recipient.deliverable()).build())
            .content(EmailContent::builder().raw(raw).build())
            .email_tags(tag("tenant", &mail.slug)?)
            .email_tags(tag("kind", &mail.rendered.kind)?)
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await?;
        tracing::debug!(mail = %mail.id, ses = sent.message_id(), "SES took a mail");
        Ok(())
    }
}

fn tag(name: &str, value: &str) -> Result<MessageTag, BuildError> {
    MessageTag::builder().name(name).value(value).build()
}

impl From<BuildError> for SesError {
    fn from(error: BuildError) -> Self {
        Self { what: error.to_string(), permanent: true }
    }
}

impl From<SdkError<SendEmailError>> for SesError {
    /// Leaves SES's own message out, since it may contain the address.
    fn from(error: SdkError<SendEmailError>) -> Self {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = error.code().filter(|code| !code.is_empty()).unwrap_or(match &error {
            SdkError::ConstructionFailure(_) => "request not made",
            SdkError::TimeoutError(_) => "timed out",
            SdkError::DispatchFailure(_) => "unreachable",
            _ => "answer not understood",
        });
        let mut what = code.to_owned();
        if let Some(status) = status {
            what.push_str(&format!(" (status {status}"));
            if let Some(request) = error.request_id() {
                what.push_str(&format!(", request {request}"));
            }
            what.push(')');
        }
        Self { permanent: status == Some(413) || PERMANENT.contains(&code), what }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_sdk_sesv2::config::{BehaviorVersion, Credentials};
    use serde_json::Value;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::base::clock::Clock;
    use crate::mail::message::RenderedMail;

    /// Answers every request in the same way, and keeps what was sent.
    async fn answering(answer: String) -> (MailSettings, Arc<Mutex<Vec<Value>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let told = Arc::new(Mutex::new(Vec::new()));
        let keeper = told.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                let body = loop {
                    assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "hung up");
                    let text = String::from_utf8_lossy(&request);
                    let Some((_, body)) = text.split_once("\r\n\r\n") else { continue };
                    if let Ok(body) = serde_json::from_str(body) {
                        break body;
                    }
                };
                keeper.lock().unwrap().push(body);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let settings = MailSettings {
            ses_endpoint_url: Some(url),
            ses_region: Some("ap-northeast-1".to_owned()),
            ses_timeout_seconds: 2,
            ..MailSettings::default()
        };
        (settings, told)
    }

    fn answer(status: &str, code: &str, body: &str) -> String {
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\nx-amzn-errortype: {code}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
    }

    async fn send(settings: &MailSettings) -> Result<(), SesError> {
        let aws = aws_config::defaults(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"));
        let clock = Clock::test("2026-11-21T00:00:00Z".parse().unwrap());
        let rendered = RenderedMail {
            kind: "email_code".into(),
            sender_name: "川崎汽船健康保険組合".into(),
            sender: "no-reply@kosmo-web.jp".into(),
            reply_to: None,
            subject: "件名".into(),
            text: "本文".into(),
            html: "<p>本文</p>".into(),
        };
        let mail = Outgoing::sample(rendered, "klinekenpo", "taro@example.jp", &clock);
        let recipient = EmailAddress::parse(&mail.recipient).unwrap();
        let message = b"Subject: x\r\n\r\nx".to_vec();
        Ses::new(settings, aws).await.send(&mail, recipient, message).await
    }

    #[tokio::test]
    async fn tags_and_configuration_set_go_along_and_say_nothing_of_the_person() {
        let (mut settings, told) = answering(answer("200 OK", "", "{\"MessageId\":\"1\"}")).await;
        settings.ses_configuration_set = Some("mails".to_owned());
        send(&settings).await.unwrap();
        settings.ses_configuration_set = None;
        send(&settings).await.unwrap();
        let told = told.lock().unwrap();
        let tags = serde_json::json!([
            { "Name": "tenant", "Value": "klinekenpo" },
            { "Name": "kind", "Value": "email_code" },
        ]);
        assert_eq!(told[0]["EmailTags"], tags);
        assert_eq!(told[0]["ConfigurationSetName"], "mails");
        assert_eq!(told[0]["Destination"]["ToAddresses"], serde_json::json!(["taro@example.jp"]));
        assert!(told[1].get("ConfigurationSetName").is_none());
    }

    #[tokio::test]
    async fn what_may_be_mended_is_tried_again_and_each_failure_is_one_request() {
        for (status, code, permanent) in [
            ("400 Bad Request", "MessageRejected", true),
            ("400 Bad Request", "BadRequestException", true),
            ("413 Payload Too Large", "", true),
            ("400 Bad Request", "SendingPausedException", false),
            ("400 Bad Request", "MailFromDomainNotVerifiedException", false),
            ("400 Bad Request", "AccountSuspendedException", false),
            ("403 Forbidden", "ExpiredTokenException", false),
            ("404 Not Found", "NotFoundException", false),
            ("429 Too Many Requests", "TooManyRequestsException", false),
            ("500 Internal Server Error", "InternalFailure", false),
            ("503 Service Unavailable", "", false),
        ] {
            let body = "{\"message\":\"taro@example.jp\"}";
            let (settings, told) = answering(answer(status, code, body)).await;
            let error = send(&settings).await.unwrap_err();
            assert_eq!(error.permanent, permanent, "{status} {code}: {error}");
            let error = error.to_string();
            assert!(error.contains(code) && error.contains(&status[..3]), "{error}");
            assert!(!error.contains("taro"), "{error}");
            assert_eq!(told.lock().unwrap().len(), 1, "{code}");
        }
    }

    #[tokio::test]
    async fn nobody_there_is_no_verdict_on_the_mail() {
        let (mut settings, _) = answering(String::new()).await;
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        settings.ses_endpoint_url = Some(format!("http://{}", free.local_addr().unwrap()));
        drop(free);
        let error = send(&settings).await.unwrap_err();
        assert!(!error.permanent && error.to_string() == "unreachable", "{error}");
    }
}
