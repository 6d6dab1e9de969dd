//! The settings of mail.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::base::email::EmailAddress;

/// The outbox's lease has to be longer than SES may take, or a second worker would send the mail
/// again.
const LONGEST_TIMEOUT_SECONDS: u64 = 30;
/// Amazon gives nobody more than this; a higher number is a typing error.
const HIGHEST_RATE: u32 = 10_000;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailSettings {
    pub sender: MailSender,
    /// The folder that the `file` sender writes to. Default: `mail` below `data_dir`.
    pub directory: Option<PathBuf>,
    /// The domain of no-reply@, info@ and webmaster@ (seed 000 Q3).
    pub domain: String,
    /// The number of mails that may leave in a second, over all workers. It is the SES account's maximum send rate.
    pub per_second: u32,
    /// AWS region of the `ses` sender.
    pub ses_region: Option<String>,
    /// Another server that speaks the SES v2 API.
    pub ses_endpoint_url: Option<String>,
    /// The SES configuration set that mails are sent with.
    pub ses_configuration_set: Option<String>,
    /// The SNS topic on which SES reports bounces and complaints; `POST /hooks/ses` receives them.
    pub sns_topic_arn: Option<TopicArn>,
    /// The time that SES may take to accept a mail. After that, the mail waits for its next try.
    pub ses_timeout_seconds: u64,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            sender: MailSender::File,
            directory: None,
            domain: "kosmo-web.jp".to_owned(),
            per_second: 10,
            ses_region: None,
            ses_endpoint_url: None,
            ses_configuration_set: None,
            sns_topic_arn: None,
            ses_timeout_seconds: 15,
        }
    }
}

impl MailSettings {
    /// Says why the first wrong setting can't work.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.sender == MailSender::Ses && self.ses_region.is_none() {
            return Err("mail.ses_region がありません（mail.sender が ses のときに必要です）");
        }
        if EmailAddress::parse(&format!("no-reply@{}", self.domain)).is_none() {
            return Err("mail.domain はドメインにしてください（例: kosmo-web.jp）");
        }
        if !(1..=HIGHEST_RATE).contains(&self.per_second) {
            return Err("mail.per_second は1〜10000にしてください");
        }
        if !(1..=LONGEST_TIMEOUT_SECONDS).contains(&self.ses_timeout_seconds) {
            return Err("mail.ses_timeout_seconds は1〜30にしてください");
        }
        Ok(())
    }

    #[must_use]
    pub fn ses_timeout(&self) -> Duration {
        Duration::from_secs(self.ses_timeout_seconds)
    }
}

/// The ARN of an SNS topic. It tells on which host SNS serves the topic.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TopicArn {
    text: String,
    host: String,
}

impl TopicArn {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the one host that serves SNS in the topic's region:
    /// `sns.ap-northeast-1.amazonaws.com`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl TryFrom<String> for TopicArn {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let host = host_of(&text).ok_or(
            "arn:aws:sns:リージョン:アカウント:名前 にしてください（例: arn:aws:sns:ap-northeast-1:123456789012:kosmo-mail）",
        )?;
        Ok(Self { text, host })
    }
}

/// Returns `None` if the text is no topic's ARN, or its partition has hosts of another pattern.
fn host_of(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", partition, "sns", region, account, name] = parts[..] else { return None };
    let suffix = match partition {
        "aws" | "aws-us-gov" => "",
        "aws-cn" => ".cn",
        _ => return None,
    };
    let right = is_region(region) && !account.is_empty() && !name.is_empty();
    right.then(|| format!("sns.{region}.amazonaws.com{suffix}"))
}

/// Returns true for a region such as `ap-northeast-1` or `us-gov-west-1`. The name of a service, such as
/// `s3`, is refused: anybody can put content on its host.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let word = |part: &&str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let number = parts.last().is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()));
    parts.len() >= 3 && parts.iter().all(word) && number
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSender {
    /// Writes one `.eml` file for each mail into a directory.
    File,
    /// Sends through Amazon SES, API v2.
    Ses,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_can_not_work_are_told_by_name() {
        let wrong = |change: fn(&mut MailSettings)| {
            let mut settings = MailSettings::default();
            change(&mut settings);
            settings.check().unwrap_err()
        };
        MailSettings::default().check().unwrap();
        assert!(wrong(|mail| mail.sender = MailSender::Ses).contains("mail.ses_region"));
        assert!(wrong(|mail| mail.domain = "a.jp\r\nBcc: b".to_owned()).contains("mail.domain"));
        assert!(wrong(|mail| mail.per_second = 0).contains("mail.per_second"));
        assert!(wrong(|mail| mail.ses_timeout_seconds = 31).contains("mail.ses_timeout_seconds"));
    }

    #[test]
    fn a_topics_arn_tells_the_one_host_that_serves_it() {
        for (arn, host) in [
            (
                "arn:aws:sns:ap-northeast-1:123456789012:kosmo-mail",
                "sns.ap-northeast-1.amazonaws.com",
            ),
            ("arn:aws-us-gov:sns:us-gov-west-1:1:x", "sns.us-gov-west-1.amazonaws.com"),
            ("arn:aws-cn:sns:cn-north-1:1:x", "sns.cn-north-1.amazonaws.com.cn"),
        ] {
            let topic = TopicArn::try_from(arn.to_owned()).unwrap();
            assert_eq!((topic.as_str(), topic.host()), (arn, host));
        }
        for arn in [
            "",
            "kosmo-mail",
            "arn:aws:sqs:ap-northeast-1:1:kosmo-mail",
            "arn:aws:sns:ap-northeast-1:1:kosmo-mail:2",
            "arn:aws:sns::1:kosmo-mail",
            "arn:aws:sns:s3:1:kosmo-mail",
            "arn:aws:sns:execute-api:1:kosmo-mail",
            "arn:aws:sns:execute-api.ap-northeast-1:1:kosmo-mail",
            "arn:aws:sns:AP-northeast-1:1:kosmo-mail",
            "arn:aws:sns:ap-northeast-:1:kosmo-mail",
            "arn:aws:sns:ap-northeast-1::kosmo-mail",
            "arn:aws:sns:ap-northeast-1:1:",
            "arn:aws-iso:sns:us-iso-east-1:1:kosmo-mail",
        ] {
            assert!(TopicArn::try_from(arn.to_owned()).is_err(), "{arn}");
        }
    }
}
