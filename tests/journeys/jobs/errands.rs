//! Jobs for tests, and workers that run them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use kosmo::base::ids::JobId;
use kosmo::config::Settings;
use kosmo::db::{Db, DbRole};
use kosmo::jobs::context::JobContext;
use kosmo::jobs::error::JobError;
use kosmo::jobs::kind::{Job, Kinds};
use kosmo::jobs::runner::{self, Runner};
use kosmo::jobs::{self, JobState, JobStatus};
use kosmo::tenant::directory::Directory;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::support::world::{World, tester};

/// The record of what a test's jobs did, and the signal that lets them continue.
#[derive(Clone, Default)]
pub struct Log {
    /// `slug word`, in the order in which the jobs ran.
    pub ran: Arc<Mutex<Vec<String>>>,
    pub at_work: Arc<AtomicUsize>,
    pub most_at_work: Arc<AtomicUsize>,
    pub begun: Arc<Notify>,
    pub go_on: Arc<Notify>,
}

impl Log {
    pub fn ran(&self) -> Vec<String> {
        self.ran.lock().unwrap().clone()
    }
}

/// The work of a job.
#[derive(Clone, Serialize, Deserialize)]
pub enum Errand {
    /// Notes a word.
    Note(String),
    /// Notes a word, and waits until it may continue.
    Wait(String),
    Fail,
    FailForGood,
    Panic,
    /// Reports its progress, and then waits.
    Half,
    /// Runs a statement that takes minutes.
    Sleep,
    /// Notes the union's name.
    Name,
    /// Marks itself as done in a transaction that is never committed.
    FinishUncommitted,
}

impl Job for Errand {
    const NAME: &'static str = "errand";
    type Tools = Log;
    type Output = ();

    async fn run(&self, cx: &JobContext, log: &Log) -> Result<(), JobError> {
        let at_work = log.at_work.fetch_add(1, Ordering::SeqCst) + 1;
        log.most_at_work.fetch_max(at_work, Ordering::SeqCst);
        let done = self.do_it(cx, log).await;
        log.at_work.fetch_sub(1, Ordering::SeqCst);
        done
    }
}

impl Errand {
    async fn do_it(&self, cx: &JobContext, log: &Log) -> Result<(), JobError> {
        let note = |word: &str| {
            log.ran.lock().unwrap().push(format!("{} {word}", cx.tenant.config.slug.as_str()));
        };
        match self {
            Self::Note(word) => note(word),
            Self::Wait(word) => {
                note(word);
                log.begun.notify_one();
                log.go_on.notified().await;
                cx.begin().await?.commit().await?;
                note("on");
            }
            Self::Fail => return Err(JobError::Passing("the file is locked".to_owned())),
            Self::FailForGood => return Err(JobError::Final("there is no such month".to_owned())),
            Self::Panic => panic!("a bug"),
            Self::Half => {
                cx.progress(500, Some(1_000), "rows").await?;
                log.begun.notify_one();
                log.go_on.notified().await;
            }
            Self::Sleep => {
                let mut tx = cx.begin().await?;
                sqlx::query("select pg_sleep(300)").execute(tx.conn()).await?;
            }
            Self::Name => note(&cx.tenant.config.name),
            Self::FinishUncommitted => {
                let mut tx = cx.begin().await?;
                cx.finish(&mut tx, &()).await?;
                drop(tx);
                return Err(JobError::Passing("the commit failed".to_owned()));
            }
        }
        Ok(())
    }
}

pub async fn runner_of(world: &World, kinds: Kinds) -> Runner {
    let db = Db::new(world.database.options.clone(), DbRole::Worker, runner::CONNECTIONS);
    let directory = Directory::load(&db, Settings::default().base_url()).await.unwrap();
    Runner::new(db, world.clock.clone(), Arc::new(directory), kinds)
}

pub async fn runner(world: &World, log: &Log) -> Runner {
    runner_of(world, Kinds::new().with::<Errand>(log.clone())).await
}

pub async fn enqueue(world: &World, slug: &str, errand: Errand) -> JobId {
    let mut tx = world.operator.tenant(world.tenant(slug), &tester()).await.unwrap();
    let id = jobs::enqueue(&mut tx, &world.clock, &errand, None).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub async fn note(world: &World, slug: &str, word: &str) -> JobId {
    // Jobs created at the same instant have no order.
    world.clock.advance(TimeDelta::milliseconds(1));
    enqueue(world, slug, Errand::Note(word.to_owned())).await
}

pub async fn drain(world: &World, log: &Log) {
    runner(world, log).await.drain(&CancellationToken::new()).await.unwrap();
}

pub async fn status(world: &World, slug: &str, id: JobId) -> JobStatus {
    let mut tx = world.operator.tenant(world.tenant(slug), &tester()).await.unwrap();
    jobs::status(&mut tx, id).await.unwrap().expect("a job")
}

/// A worker that runs until it is stopped or killed.
pub struct Worker {
    task: tokio::task::JoinHandle<()>,
    stop: CancellationToken,
}

impl Worker {
    pub async fn start(world: &World, log: &Log) -> Self {
        let (runner, stop) = (runner(world, log).await, CancellationToken::new());
        let until = stop.clone();
        Self { task: tokio::spawn(async move { runner.run(&until).await }), stop }
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    pub async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

pub async fn begun(log: &Log) {
    tokio::time::timeout(Duration::from_secs(10), log.begun.notified()).await.expect("it begins");
}

/// Counts the statements of [`Errand::Sleep`].
pub const SLEEPS: &str = "select count(*) from pg_stat_activity
                          where datname = current_database() and pid <> pg_backend_pid()
                            and state = 'active' and query like '%pg_sleep%'";

/// Waits until a running worker has run a job.
pub async fn run_by_a_worker(log: &Log, job: &str) {
    let ran = async {
        while !log.ran().iter().any(|ran| ran == job) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ran).await.expect("it runs");
}

/// Waits until a running worker has brought a job to a state.
pub async fn reaches(world: &World, slug: &str, id: JobId, state: JobState) {
    let reached = async {
        while status(world, slug, id).await.state != state {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), reached).await.expect("within seconds");
}
