//! The jobs that publish and withdraw a month.

use serde::{Deserialize, Serialize};

use super::{Published, Withdrawn, publish, tell, withdraw};
use crate::auth::context::Context;
use crate::base::month::Month;
use crate::jobs::consent::{Consent, ConsentOutcome};
use crate::jobs::context::JobContext;
use crate::jobs::error::JobError;
use crate::jobs::kind::Job;
use crate::mail::message::MailRoom;
use crate::records::updates::TellError;

/// The job that publishes a month, and tells people by mail.
#[derive(Debug, Serialize, Deserialize)]
pub struct PublishExpenses {
    pub month: Month,
    pub by: String,
    /// False if no mails are wanted.
    pub tells: bool,
}

/// The result of publishing a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishOutcome {
    pub published: Published,
    /// The number of mails that were written.
    pub mails: u64,
    /// True if no mails were written because the union is disabled, so that their links would lead nowhere.
    pub stopped: bool,
}

impl Job for PublishExpenses {
    const NAME: &'static str = "expenses.publish";
    type Tools = MailRoom;
    type Output = PublishOutcome;

    async fn run(&self, cx: &JobContext, mail: &MailRoom) -> Result<PublishOutcome, JobError> {
        let mut tx = cx.begin().await?;
        let published = publish(&mut tx, &cx.clock, self.month, &self.by).await?;
        let tells = self.tells && published == Published::Now;
        let stopped = tells && !cx.tenant.enabled;
        let mut mails = 0;
        if tells && !stopped {
            let context = Context { clock: &cx.clock, mail, tenant: &cx.tenant };
            mails = tell(&mut tx, context, self.month).await?;
        }
        let told = PublishOutcome { published, mails, stopped };
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

/// The job that withdraws a month.
#[derive(Debug, Serialize, Deserialize)]
pub struct WithdrawExpenses {
    pub month: Month,
    pub by: String,
    /// True if the result is only computed, and nothing is changed.
    pub dry_run: bool,
    pub consent: Consent<Withdrawn>,
}

impl Job for WithdrawExpenses {
    const NAME: &'static str = "expenses.withdraw";
    type Tools = ();
    type Output = ConsentOutcome<Withdrawn>;

    async fn run(&self, cx: &JobContext, (): &()) -> Result<ConsentOutcome<Withdrawn>, JobError> {
        let mut tx = cx.begin().await?;
        let withdrawn = withdraw(&mut tx, &cx.clock, self.month, &self.by).await?;
        // If the month has no rows and is not published, nothing changes, so no consent is needed.
        let is_nothing = withdrawn.rows == 0 && !withdrawn.published;
        if self.dry_run || is_nothing {
            return Ok(ConsentOutcome::Done(withdrawn));
        }
        if !self.consent.covers(&withdrawn) {
            return Ok(ConsentOutcome::NeedsConsent(withdrawn));
        }
        let output = ConsentOutcome::Done(withdrawn);
        cx.finish(&mut tx, &output).await?;
        tx.commit().await?;
        Ok(output)
    }
}
