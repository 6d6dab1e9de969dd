//! The jobs that publish a month and take it back.

use serde::{Deserialize, Serialize};

use super::{Published, Withdrawn, publish, tell, withdraw};
use crate::auth::context::Context;
use crate::base::month::Month;
use crate::jobs::consent::{Attempt, Consent};
use crate::jobs::context::JobContext;
use crate::jobs::error::JobError;
use crate::jobs::kind::Job;
use crate::mail::message::MailRoom;
use crate::records::updates::TellError;
use crate::tenant::registry;

/// Publishes a month, and tells people of it by mail.
#[derive(Debug, Serialize, Deserialize)]
pub struct PublishExpenses {
    pub month: Month,
    pub by: String,
    /// False if nobody is to be told.
    pub tells: bool,
}

/// What publishing a month came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub published: Published,
    /// How many mails are on their way.
    pub mails: u64,
    /// True if nobody is told because a link in a mail would lead to a portal that answers nobody.
    pub stopped: bool,
}

impl Job for PublishExpenses {
    const NAME: &'static str = "expenses.publish";
    type Tools = MailRoom;
    type Output = Told;

    async fn run(&self, cx: &JobContext, mail: &MailRoom) -> Result<Told, JobError> {
        let mut tx = cx.begin().await?;
        let published = publish(&mut tx, &cx.clock, self.month, &self.by).await?;
        let tells = self.tells && published == Published::Now;
        // What this worker knows of the union may be a moment old.
        let stopped = tells && !registry::is_enabled(tx.conn(), cx.tenant.id).await?;
        let mut mails = 0;
        if tells && !stopped {
            let context = Context { clock: &cx.clock, mail, tenant: &cx.tenant };
            mails = tell(&mut tx, context, self.month).await?;
        }
        let told = Told { published, mails, stopped };
        cx.finish(&mut tx, &told).await?;
        tx.commit().await?;
        Ok(told)
    }
}

impl From<TellError> for JobError {
    fn from(error: TellError) -> Self {
        match error {
            TellError::Database(error) => error.into(),
            TellError::Mail(error) => Self::Final(error.to_string()),
        }
    }
}

/// Takes a month back.
#[derive(Debug, Serialize, Deserialize)]
pub struct WithdrawExpenses {
    pub month: Month,
    pub by: String,
    /// Everything is worked out, and nothing changed.
    pub dry_run: bool,
    pub consent: Consent<Withdrawn>,
}

impl Job for WithdrawExpenses {
    const NAME: &'static str = "expenses.withdraw";
    type Tools = ();
    type Output = Attempt<Withdrawn>;

    async fn run(&self, cx: &JobContext, (): &()) -> Result<Attempt<Withdrawn>, JobError> {
        let mut tx = cx.begin().await?;
        let withdrawn = withdraw(&mut tx, &cx.clock, self.month, &self.by).await?;
        // There is nothing to agree to in a month without rows.
        let is_nothing = withdrawn.rows == 0 && !withdrawn.published;
        if self.dry_run || is_nothing {
            return Ok(Attempt::Done(withdrawn));
        }
        if !self.consent.covers(&withdrawn) {
            return Ok(Attempt::NeedsConsent(withdrawn));
        }
        let output = Attempt::Done(withdrawn);
        cx.finish(&mut tx, &output).await?;
        tx.commit().await?;
        Ok(output)
    }
}
