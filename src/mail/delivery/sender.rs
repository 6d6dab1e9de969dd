//! Sends mail: into a folder, or by Amazon SES.

use std::io;
use std::path::{Path, PathBuf};

use aws_config::{BehaviorVersion, ConfigLoader};

use super::mime::{self, NoAddress};
use super::queue::Outgoing;
use super::ses::{Ses, SesError};
use crate::base::files;
use crate::config::{MailSender, MailSettings, Settings};

/// The ways of sending mail.
#[derive(Debug, Clone)]
pub enum Sender {
    /// Writes one `.eml` file for each mail (RFC 5322).
    File(PathBuf),
    /// Sends through Amazon SES, API v2.
    Ses(Ses),
}

/// The reason why a mail was not sent. It contains no address and no content.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    NoAddress(#[from] NoAddress),
    #[error("{path}: {source}", path = path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("SES: {0}")]
    Ses(#[from] SesError),
}

impl SendError {
    /// Returns true if a retry can't help.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::NoAddress(_) => true,
            Self::File { .. } => false,
            Self::Ses(error) => error.permanent,
        }
    }
}

impl Sender {
    /// Makes the sender that the settings name. SES's credentials are found as in every AWS program.
    pub async fn new(settings: &Settings) -> Self {
        match settings.mail.sender {
            MailSender::File => Self::File(settings.mail_directory()),
            MailSender::Ses => {
                let aws = aws_config::defaults(BehaviorVersion::latest());
                Self::ses(&settings.mail, aws).await
            }
        }
    }

    /// Makes a sender to SES with the credentials of `aws`.
    pub async fn ses(settings: &MailSettings, aws: ConfigLoader) -> Self {
        Self::Ses(Ses::new(settings, aws).await)
    }

    /// Returns the name of the provider's token bucket.
    #[must_use]
    pub fn provider(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Ses(_) => "ses",
        }
    }

    /// Sends a mail.
    ///
    /// # Errors
    /// See [`SendError::is_permanent`] for whether a retry can help.
    pub async fn send(&self, mail: &Outgoing) -> Result<(), SendError> {
        let message = mime::message(mail)?;
        match self {
            Self::File(folder) => write_eml(folder, mail, message).await,
            Self::Ses(ses) => Ok(ses.send(mail, mime::recipient(mail)?, message).await?),
        }
    }
}

/// The file is named by the mail, so a mail that is sent twice is the same file.
async fn write_eml(folder: &Path, mail: &Outgoing, message: Vec<u8>) -> Result<(), SendError> {
    let path = folder.join(format!("{}.eml", mail.id));
    let (place, target) = (folder.to_owned(), path.clone());
    let writing = tokio::task::spawn_blocking(move || {
        files::create_folder(&place)?;
        files::replace(&target, &message)
    });
    let written = writing.await.unwrap_or_else(|error| Err(io::Error::other(error)));
    written.map_err(|source| SendError::File { path, source })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::base::clock::Clock;
    use crate::mail::message::RenderedMail;

    #[tokio::test]
    async fn a_mail_that_is_a_file_is_for_its_owners_eyes() {
        let clock = Clock::test("2026-11-21T00:00:00Z".parse().unwrap());
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("data/mail");
        let rendered = RenderedMail::of_tests();
        let mail = Outgoing::sample(rendered, "example", "taro@example.jp", &clock);
        for _ in 0..2 {
            Sender::File(folder.clone()).send(&mail).await.unwrap();
        }
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        let names: Vec<_> = folder.read_dir().unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(names, [folder.join(format!("{}.eml", mail.id))]);
        assert_eq!(mode(&names[0]), 0o600);
    }
}
