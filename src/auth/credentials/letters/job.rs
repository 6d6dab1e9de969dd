//! The job that issues letters.

use serde::{Deserialize, Serialize};

use super::draw::Drawing;
use super::store::store;
use super::{LetterRecipients, candidates, waiting};
use crate::auth::credentials::hashing::{HashingError, PasswordHasher};
use crate::base::ids::IssueId;
use crate::base::sealed::Sealer;
use crate::jobs::context::JobContext;
use crate::jobs::error::JobError;
use crate::jobs::kind::Job;

/// A chunk is stored in one transaction. It is small, because a chunk's people can't sign in while it is stored, and its
/// hashes are lost if the worker is killed.
const CHUNK: usize = 100;
const STEP: &str = "letters";

/// The job that makes letters, which then wait for the command that prints them.
///
/// Each chunk is committed on its own. If the job runs again, it leaves out the people who already have a letter of this
/// issue.
#[derive(Debug, Serialize, Deserialize)]
pub struct IssueLetters {
    pub issue: IssueId,
    pub whom: LetterRecipients,
}

/// The tools that the job needs besides the database.
#[derive(Debug, Clone)]
pub struct LetterTools {
    pub hasher: PasswordHasher,
    pub sealer: Sealer,
}

impl Job for IssueLetters {
    const NAME: &'static str = "letters.issue";
    type Tools = LetterTools;
    /// The letters themselves are the result.
    type Output = ();

    async fn run(&self, cx: &JobContext, tools: &LetterTools) -> Result<(), JobError> {
        let Self { issue, whom } = self;
        let named = match whom {
            LetterRecipients::Newcomers => None,
            LetterRecipients::Members { codes, .. } => Some(codes.as_slice()),
        };
        let mut tx = cx.begin().await?;
        let mut done = waiting::count(&mut tx, *issue).await?;
        let due = candidates(&mut tx, named, Some(*issue)).await?;
        tx.commit().await?;
        let due: Vec<String> = due.into_iter().map(|candidate| candidate.code).collect();
        let of = done + count(due.len());
        let LetterTools { hasher, sealer } = tools;
        let drawing = Drawing { clock: &cx.clock, hasher, sealer, union: cx.tenant.id };
        for codes in due.chunks(CHUNK) {
            cx.progress(done, Some(of), STEP).await?;
            let drafts = drawing.draw(codes.to_vec()).await?;
            let mut tx = cx.begin().await?;
            store(&mut tx, &cx.clock, *issue, whom, drafts).await?;
            tx.commit().await?;
            done += count(codes.len());
        }
        Ok(())
    }
}

impl From<HashingError> for JobError {
    fn from(error: HashingError) -> Self {
        Self::Passing(error.to_string())
    }
}

fn count(people: usize) -> i64 {
    i64::try_from(people).unwrap_or(i64::MAX)
}
