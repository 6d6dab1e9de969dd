//! The context of a running job gives it transactions, and reports its progress.

use std::sync::Arc;

use serde::Serialize;

use super::error::JobError;
use super::queue::{self, Hold, written};
use crate::base::clock::Clock;
use crate::base::ids::JobId;
use crate::db::actor::Actor;
use crate::db::{Db, TenantTx};
use crate::tenant::directory::Tenant;

/// Gives a job access to its union's rows, and reports to the people who watch it.
#[derive(Debug)]
pub struct JobContext {
    pub(super) db: Db,
    pub clock: Clock,
    /// The union, with the policy that was in force when the job began.
    pub tenant: Arc<Tenant>,
    pub(super) hold: Hold,
    pub(super) actor: Actor,
}

impl JobContext {
    #[must_use]
    pub fn id(&self) -> JobId {
        self.hold.id
    }

    /// Opens a transaction within the job's union, in the name of the person who asked for the job. While it is
    /// open, no other worker takes the job.
    ///
    /// # Errors
    /// [`JobError::Lost`] if another worker has the job, or the job has ended.
    pub async fn begin(&self) -> Result<TenantTx, JobError> {
        let mut tx = self.db.tenant(self.hold.tenant, &self.actor).await?;
        match queue::keep(&mut tx, self.hold).await? {
            true => Ok(tx),
            false => Err(JobError::Lost),
        }
    }

    /// Reports that `done` units are done, out of `of` if the total is known, and what the next step is.
    ///
    /// # Errors
    /// [`JobError::Lost`] if the job was cancelled, or another worker has it.
    pub async fn progress(&self, done: i64, of: Option<i64>, step: &str) -> Result<(), JobError> {
        let mut tx = self.db.tenant_unflushed(self.hold.tenant, &self.actor).await?;
        let goes_on = queue::progress(&mut tx, &self.clock, self.hold, done, of, step).await?;
        tx.commit().await?;
        if goes_on { Ok(()) } else { Err(JobError::Lost) }
    }

    /// Marks the job as done and keeps its output. It belongs in the transaction of the job's last work, so that this
    /// work is never done twice. Once that transaction is committed, the job may be dropped.
    ///
    /// # Errors
    /// [`JobError::Lost`] if another worker has the job. Then nothing may be committed.
    pub async fn finish(&self, tx: &mut TenantTx, output: &impl Serialize) -> Result<(), JobError> {
        match queue::finish(tx, &self.clock, self.hold, &written(output)?).await? {
            true => Ok(()),
            false => Err(JobError::Lost),
        }
    }
}
