//! How mail leaves.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::base::email::EmailAddress;

/// The outbox's lease has to be longer than SES may take.
const LONGEST_TIMEOUT_SECONDS: u64 = 30;
/// Beyond what Amazon gives anybody; a typing error.
const HIGHEST_RATE: u32 = 10_000;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailSettings {
    pub sender: MailSender,
    /// Where the `file` sender writes. Default: `mail` below `data_dir`.
    pub directory: Option<PathBuf>,
    /// The domain of no-reply@, info@ and webmaster@ (seed 000 Q3).
    pub domain: String,
    /// How many mails may leave in a second, over all workers: the account's maximum send rate.
    pub per_second: u32,
    /// AWS region of the `ses` sender.
    pub ses_region: Option<String>,
    /// Another server that speaks the SES v2 API.
    pub ses_endpoint_url: Option<String>,
    /// The SES configuration set that mails are sent with.
    pub ses_configuration_set: Option<String>,
    /// The SNS topic to which SES tells of mail that came back; `POST /hooks/ses` takes it from there.
    pub sns_topic_arn: Option<String>,
    /// How long SES may take for a mail, which waits for its next turn then.
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
    /// # Errors
    /// The first setting that can't work, and why.
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
        if self.sns_topic_arn.as_deref().is_some_and(|arn| !is_topic(arn)) {
            return Err(
                "mail.sns_topic_arn は arn:aws:sns:リージョン:アカウント:名前 にしてください",
            );
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

fn is_topic(arn: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    matches!(parts[..], ["arn", partition, "sns", region, account, name]
        if partition.starts_with("aws") && ![region, account, name].contains(&""))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSender {
    /// One `.eml` a mail in a directory.
    File,
    /// Amazon SES, API v2.
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
        for arn in ["", "kosmo-mail", "arn:aws:sqs:x:1:kosmo-mail", "arn:aws:sns:x:1:kosmo-mail:2"]
        {
            let settings =
                MailSettings { sns_topic_arn: Some(arn.to_owned()), ..Default::default() };
            assert!(settings.check().unwrap_err().contains("mail.sns_topic_arn"), "{arn}");
        }
        assert!(wrong(|mail| mail.per_second = 0).contains("mail.per_second"));
        assert!(wrong(|mail| mail.ses_timeout_seconds = 31).contains("mail.ses_timeout_seconds"));
    }
}
