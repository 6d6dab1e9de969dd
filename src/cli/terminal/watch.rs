//! Runs a job for the operator, who watches until it ends.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::operator::Operator;
use crate::base::ids::{JobId, TenantId};
use crate::jobs::kind::Job;
use crate::jobs::{self, JobState, JobStatus};

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// After a few seconds, the job is checked less often. Nobody notices the delay.
const LOOK_LATER_EVERY: Duration = Duration::from_millis(500);
const LOOK_LATER_AFTER: Duration = Duration::from_secs(3);
/// If no worker has started the job by now, perhaps none is running. A job usually starts within a second.
const WORKER_MISSED_AFTER: Duration = Duration::from_secs(10);

/// The reason why a job's result is not known.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum WatchError {
    /// The job was given up. It changed nothing, unless it commits its work in parts.
    #[error("{0}")]
    Failed(String),
    #[error("取り消しました。何も変えていません")]
    Cancelled,
    /// The job could not be enqueued.
    #[error("{0}")]
    Unasked(#[source] sqlx::Error),
    /// The job may still run and change something.
    #[error(
        "結果を確かめられません。処理は続いているかもしれません（kosmo jobs list --all で確かめられます）"
    )]
    Unknown(#[source] Option<sqlx::Error>),
}

impl WatchError {
    /// Returns true if the job changes nothing any more.
    pub(in crate::cli) const fn is_over(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }
}

/// Enqueues a job, waits until it ends, and returns its result. Ctrl-C cancels it.
pub(in crate::cli) async fn run<J: Job>(
    operator: &Operator,
    union: TenantId,
    job: &J,
    bar: &ProgressBar,
) -> Result<J::Output, WatchError> {
    // It is made before the job, since it hears only what comes later.
    let interrupts = signal(SignalKind::interrupt())
        .map_err(|error| WatchError::Unasked(sqlx::Error::Io(error)))?;
    let asked = async {
        let mut tx = operator.begin(union).await?;
        let id = jobs::enqueue(&mut tx, &operator.clock, job, None).await?;
        Ok((id, tx))
    };
    let (id, tx) = asked.await.map_err(WatchError::Unasked)?;
    tx.commit().await.map_err(unknown)?;
    let watch = Watch { operator, union, id, bar };
    watch.until_done::<J>(interrupts).await
}

fn unknown(error: sqlx::Error) -> WatchError {
    WatchError::Unknown(Some(error))
}

struct Watch<'w> {
    operator: &'w Operator,
    union: TenantId,
    id: JobId,
    bar: &'w ProgressBar,
}

impl Watch<'_> {
    async fn until_done<J: Job>(&self, mut interrupts: Signal) -> Result<J::Output, WatchError> {
        let began = Instant::now();
        let (mut told, mut cancels) = (None, false);
        loop {
            let status = tokio::select! {
                status = self.status() => status.map_err(unknown)?.ok_or(WatchError::Unknown(None))?,
                _ = interrupts.recv() => {
                    self.interrupted(&mut interrupts, &mut cancels).await?;
                    continue;
                }
            };
            match status.state {
                JobState::Done => {
                    let output = self.output::<J>().await.map_err(unknown)?;
                    return output.ok_or(WatchError::Unknown(None));
                }
                JobState::Failed => {
                    return Err(WatchError::Failed(status.last_error.unwrap_or_default()));
                }
                JobState::Cancelled => return Err(WatchError::Cancelled),
                // The job was cancelled before a worker began it.
                JobState::Queued if status.cancel_asked => return Err(WatchError::Cancelled),
                JobState::Queued | JobState::Running => {
                    self.bar.set_position(status.done.unsigned_abs());
                    self.tell(&status, began.elapsed(), &mut told);
                }
            }
            let at_first = began.elapsed() < LOOK_LATER_AFTER;
            tokio::select! {
                () = tokio::time::sleep(if at_first { LOOK_EVERY } else { LOOK_LATER_EVERY }) => {}
                _ = interrupts.recv() => self.interrupted(&mut interrupts, &mut cancels).await?,
            }
        }
    }

    /// Cancels the job at the first Ctrl-C. The second one ends the wait, even if the database does not answer.
    async fn interrupted(
        &self,
        interrupts: &mut Signal,
        cancels: &mut bool,
    ) -> Result<(), WatchError> {
        if *cancels {
            return Err(WatchError::Unknown(None));
        }
        *cancels = true;
        self.bar.suspend(|| {
            eprintln!("取り消しています…（もう一度 Ctrl-C を押すと、待つのをやめます）");
        });
        tokio::select! {
            cancelled = self.cancel() => cancelled.map_err(unknown),
            _ = interrupts.recv() => Err(WatchError::Unknown(None)),
        }
    }

    async fn status(&self) -> Result<Option<JobStatus>, sqlx::Error> {
        let mut tx = self.operator.begin(self.union).await?;
        let status = jobs::status(&mut tx, self.id).await?;
        tx.commit().await?;
        Ok(status)
    }

    async fn output<J: Job>(&self) -> Result<Option<J::Output>, sqlx::Error> {
        let mut tx = self.operator.begin(self.union).await?;
        let output = jobs::output::<J>(&mut tx, self.id).await?;
        tx.commit().await?;
        Ok(output)
    }

    async fn cancel(&self) -> Result<(), sqlx::Error> {
        let mut tx = self.operator.begin(self.union).await?;
        jobs::cancel(&mut tx, &self.operator.clock, self.id).await?;
        tx.commit().await
    }

    /// Says once what the job waits for: a worker, or its next attempt. `told` is the last attempt that was reported.
    fn tell(&self, status: &JobStatus, waited: Duration, told: &mut Option<i16>) {
        let words = match (status.state, status.attempts) {
            (JobState::Queued, 0) if waited > WORKER_MISSED_AFTER => "ワーカーを待っています（kosmo worker が動いているか確かめてください。Ctrl-C で取り消せます）".to_owned(),
            (JobState::Queued, 1..) => {
                let reason = status.last_error.as_deref().unwrap_or_default();
                format!("失敗したため、もう一度実行するのを待っています（{reason}）")
            }
            _ => return,
        };
        if *told < Some(status.attempts) {
            *told = Some(status.attempts);
            self.bar.suspend(|| eprintln!("{words}"));
        }
    }
}

/// Makes a progress bar for work of unknown length.
pub(in crate::cli) fn spinner(words: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    spin(&bar, words);
    bar
}

/// Turns a progress bar into one for work of unknown length.
pub(in crate::cli) fn spin(bar: &ProgressBar, words: &'static str) {
    bar.set_style(ProgressStyle::default_spinner());
    bar.set_message(words);
    bar.enable_steady_tick(Duration::from_millis(100));
}
