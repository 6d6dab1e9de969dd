//! The links that are mailed to the demo's people while it is set up. These mails go to a folder of their own, so that the
//! demo's mailbox begins empty.

use std::path::Path;

use anyhow::{Context as _, bail};
use mail_parser::MessageParser;

use crate::base::files;
use crate::base::secret::PlainToken;
use crate::db::Db;
use crate::mail::delivery;
use crate::mail::delivery::sender::Sender;
use crate::web::state::App;

#[derive(Clone, Copy)]
pub(super) struct MailedLinks<'m> {
    pub(super) app: &'m App,
    /// Delivers the mails.
    pub(super) worker: &'m Db,
    /// The folder to which mails are delivered.
    pub(super) folder: &'m Path,
}

impl MailedLinks<'_> {
    pub(super) async fn deliver(&self) -> anyhow::Result<()> {
        let sender = Sender::File(self.folder.to_owned());
        delivery::deliver(self.worker, &self.app.clock, &sender).await?;
        Ok(())
    }

    /// Returns the token of the newest link that was mailed.
    pub(super) async fn newest(&self) -> anyhow::Result<PlainToken> {
        self.deliver().await?;
        let paths = std::fs::read_dir(self.folder)?.map(|entry| Ok(entry?.path()));
        let mut paths = paths.collect::<std::io::Result<Vec<_>>>()?;
        // A mail's name begins with its time.
        paths.sort();
        for path in paths.iter().rev() {
            let bytes = files::read(path)?;
            let mail = MessageParser::default().parse(&bytes).context("a mail")?;
            let text = mail.body_text(0).unwrap_or_default();
            let after = text.split_once("token=").map(|(_, after)| after);
            let token = after.and_then(|after| after.split_whitespace().next());
            if let Some(token) = token.and_then(PlainToken::parse) {
                return Ok(token);
            }
        }
        bail!("no link was mailed")
    }
}
