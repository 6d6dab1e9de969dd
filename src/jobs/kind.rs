//! Defines what a job is, and lists the kinds of job that a worker can run.

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

/// A kind of job. A value of the type holds what one job of this kind needs to know.
///
/// A job that was begun and not finished runs again from its start, so it must be idempotent: it reads from the
/// database how far it came. When a job is cancelled or its worker stops, the job is dropped at its next `await`, and
/// uncommitted work is lost. A statement that the job waits for then ends within seconds, and its locks are free.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name in the database. It must never change, because queued jobs carry it.
    const NAME: &'static str;
    /// The tools that the job needs besides the database.
    type Tools: Clone + Send + Sync + 'static;

    /// The result, for the person who asked for the job. It is kept as long as the job's row, and others can read
    /// it, so it must not contain anything private.
    type Output: Serialize + DeserializeOwned + Send + Unpin + 'static;

    fn run(
        &self,
        cx: &JobContext,
        tools: &Self::Tools,
    ) -> impl Future<Output = Result<Self::Output, JobError>> + Send;
}

type Running = Pin<Box<dyn Future<Output = Result<Value, JobError>> + Send>>;
type Run = Arc<dyn Fn(Value, JobContext) -> Running + Send + Sync>;

/// The kinds of job that a worker can run.
#[derive(Default, Clone)]
pub struct Kinds(BTreeMap<&'static str, Run>);

impl Kinds {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind of job, and the tools that its jobs get.
    #[must_use]
    pub fn with<J: Job>(mut self, tools: J::Tools) -> Self {
        let run = move |payload: Value, cx: JobContext| -> Running {
            let tools = tools.clone();
            Box::pin(async move {
                // This is retried, since a newer release may have written the payload, and a worker of that release
                // can read it.
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
