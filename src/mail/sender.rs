//! Takes mail out of the house: into a folder, or to Amazon SES.

use std::path::{Path, PathBuf};

use aws_config::{BehaviorVersion, ConfigLoader};

use super::mime::{self, NoAddress};
use super::queue::Outgoing;
use super::ses::{Ses, SesError};
use crate::config::{MailSender, MailSettings, Settings};

/// Where mail leaves.
#[derive(Debug, Clone)]
pub enum Sender {
    /// One `.eml` a mail (RFC 5322).
    File(PathBuf),
    /// Amazon SES, API v2.
    Ses(Ses),
}

/// Why a mail did not leave; free of addresses and content.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    NoAddress(#[from] NoAddress),
    #[error("{path}: {source}", path = path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("SES: {0}")]
    Ses(#[from] SesError),
}

impl SendError {
    /// Whether sending it again can't help.
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
    /// The sender that the settings name. That of SES finds its credentials as every AWS program does.
    pub async fn new(settings: &Settings) -> Self {
        match settings.mail.sender {
            MailSender::File => Self::File(settings.mail_directory()),
            MailSender::Ses => {
                let aws = aws_config::defaults(BehaviorVersion::latest());
                Self::ses(&settings.mail, aws).await
            }
        }
    }

    /// A sender to SES with the credentials of `aws`.
    pub async fn ses(settings: &MailSettings, aws: ConfigLoader) -> Self {
        Self::Ses(Ses::new(settings, aws).await)
    }

    /// Whom the rate of sending is agreed with.
    #[must_use]
    pub fn provider(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Ses(_) => "ses",
        }
    }

    /// # Errors
    /// Why it did not leave.
    pub async fn send(&self, mail: &Outgoing) -> Result<(), SendError> {
        let message = mime::message(mail)?;
        match self {
            Self::File(folder) => write_eml(folder, mail, message).await,
            Self::Ses(ses) => Ok(ses.send(mail, mime::recipient(mail)?, message).await?),
        }
    }
}

/// Written under another name first, so that nobody reads half a mail. A mail sent twice is the
/// same file.
async fn write_eml(folder: &Path, mail: &Outgoing, message: Vec<u8>) -> Result<(), SendError> {
    let path = folder.join(format!("{}.eml", mail.id));
    let error = |source| SendError::File { path: path.clone(), source };
    tokio::fs::create_dir_all(folder).await.map_err(error)?;
    let partial = folder.join(format!(".{}.part", mail.id));
    tokio::fs::write(&partial, message).await.map_err(error)?;
    tokio::fs::rename(&partial, &path).await.map_err(error)
}
