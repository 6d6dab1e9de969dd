//! The job that merges a staged file of expenses.

use serde::{Deserialize, Serialize};

use super::{Imported, Strangers, merge};
use crate::import::{FileRejection, ImportRun, MERGING};
use crate::jobs::consent::{Consent, ConsentOutcome};
use crate::jobs::context::JobContext;
use crate::jobs::error::JobError;
use crate::jobs::kind::Job;

/// Merges a file that [`super::ExpensesImport::stage`] has kept.
#[derive(Debug, Serialize, Deserialize)]
pub struct MergeExpenses {
    pub run: ImportRun,
    pub strangers: Strangers,
    /// A file that changes published months needs consent.
    pub consent: Consent<Imported>,
}

impl Job for MergeExpenses {
    const NAME: &'static str = "expenses.import";
    type Tools = ();
    type Output = Result<ConsentOutcome<Imported>, FileRejection>;

    async fn run(&self, cx: &JobContext, (): &()) -> Result<Self::Output, JobError> {
        cx.progress(0, None, MERGING).await?;
        let mut tx = cx.begin().await?;
        let imported = match merge(&mut tx, &cx.clock, &self.run, self.strangers).await {
            Ok(imported) => imported,
            Err(error) => return error.into_rejection().map(Err),
        };
        if self.run.dry_run {
            return Ok(Ok(ConsentOutcome::Done(imported)));
        }
        if !imported.published.is_empty() && !self.consent.covers(&imported) {
            return Ok(Ok(ConsentOutcome::NeedsConsent(imported)));
        }
        let output = Ok(ConsentOutcome::Done(imported));
        cx.finish(&mut tx, &output).await?;
        tx.commit().await?;
        Ok(output)
    }
}
