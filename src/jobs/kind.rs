//! What a job is, and the list of those that a worker can run.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::context::JobContext;
use super::error::JobError;
use super::queue::written;

/// A kind of job; its value is what one job of the kind needs to know.
///
/// A job that was begun and not finished runs again from its start, so it asks the facts how far it came. It is dropped
/// at its next `await` when it is cancelled or its worker stops: what it has not committed has not happened.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in the database, which stays.
    const NAME: &'static str;
    /// What it works with besides the database.
    type Tools: Clone + Send + Sync + 'static;

    /// What it came to, for those who asked for it. It is kept as long as the job's row: nothing that only one person may
    /// read belongs in it.
    type Output: Serialize + DeserializeOwned + Send + Unpin + 'static;

    /// Does the work.
    fn run(
        &self,
        cx: &JobContext,
        tools: &Self::Tools,
    ) -> impl Future<Output = Result<Self::Output, JobError>> + Send;
}

type Running = Pin<Box<dyn Future<Output = Result<Value, JobError>> + Send>>;
type Run = Arc<dyn Fn(Value, JobContext) -> Running + Send + Sync>;

/// The kinds that a worker can run.
#[derive(Default, Clone)]
pub struct Kinds(BTreeMap<&'static str, Run>);

impl Kinds {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind, and the tools that its jobs get.
    #[must_use]
    pub fn with<J: Job>(mut self, tools: J::Tools) -> Self {
        let run = move |payload: Value, cx: JobContext| -> Running {
            let tools = tools.clone();
            Box::pin(async move {
                // A newer release may have written it, and another worker of that release can read it.
                let job: J = serde_json::from_value(payload)
                    .map_err(|error| JobError::Passing(format!("payload unreadable: {error}")))?;
                written(&job.run(&cx, &tools).await?)
            })
        };
        self.0.insert(J::NAME, Arc::new(run));
        self
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.keys().map(|name| (*name).to_owned()).collect()
    }

    pub(super) fn run(&self, kind: &str, payload: Value, cx: JobContext) -> Option<Running> {
        self.0.get(kind).map(|run| run(payload, cx))
    }
}
