//! The job that merges a staged file of members.

use serde::{Deserialize, Serialize};

use super::merge;
use crate::import::{Counts, FileRejection, ImportRun, MERGING};
use crate::jobs::context::JobContext;
use crate::jobs::error::JobError;
use crate::jobs::kind::Job;

/// Merges a file that [`super::MembersImport::stage`] has kept.
#[derive(Debug, Serialize, Deserialize)]
pub struct MergeMembers {
    pub run: ImportRun,
}

impl Job for MergeMembers {
    const NAME: &'static str = "members.import";
    type Tools = ();
    type Output = Result<Counts, FileRejection>;

    async fn run(&self, cx: &JobContext, (): &()) -> Result<Self::Output, JobError> {
        cx.progress(0, None, MERGING).await?;
        let mut tx = cx.begin().await?;
        let counts = match merge(&mut tx, &cx.clock, &self.run).await {
            Ok(counts) => counts,
            Err(error) => return error.into_rejection().map(Err),
        };
        let output = Ok(counts);
        if !self.run.dry_run {
            cx.finish(&mut tx, &output).await?;
            tx.commit().await?;
        }
        Ok(output)
    }
}
