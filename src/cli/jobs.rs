//! `kosmo jobs …` shows jobs and their progress.

use clap::Subcommand;

use super::output::{self, Column, JsonList};
use super::{CommandStatus, Operator, UnionArg};
use crate::base::clock::jst;
use crate::jobs::{self, JobState, JobStatus};

/// The number of jobs that are read at once, and shown in one table.
const PAGE: i64 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum JobsCommand {
    /// バックグラウンドの処理を、新しいものから進み具合とともに表示します
    #[command(after_help = "例:\n  kosmo jobs list --tenant klinekenpo")]
    List {
        #[command(flatten)]
        union: UnionArg,
        /// 完了したものも表示します
        #[arg(long)]
        all: bool,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
}

impl JobsCommand {
    pub(super) async fn run(self, operator: &Operator) -> anyhow::Result<CommandStatus> {
        let Self::List { union, all, json } = self;
        list(operator, &union, all, json).await
    }
}

/// Returns the Japanese name of a kind of job. A kind that is not known here keeps its own name.
fn name_of(kind: &str) -> &str {
    match kind {
        "tidy" => "定期的な整理",
        "members.import" => "加入者の取り込み",
        "expenses.import" => "医療費の取り込み",
        "expenses.publish" => "医療費の公開",
        "expenses.withdraw" => "医療費の取り下げ",
        "letters.issue" => "仮パスワードの発行",
        other => other,
    }
}

const fn state(job: &JobStatus) -> &'static str {
    match job.state {
        JobState::Queued if job.attempts > 0 => "再試行待ち",
        JobState::Queued => "待機中",
        JobState::Running => "実行中",
        JobState::Done => "完了",
        JobState::Cancelled => "取り消し",
        JobState::Failed => "失敗",
    }
}

fn progress(job: &JobStatus) -> String {
    match (job.done, job.of) {
        (done, Some(of)) => format!("{done}/{of}"),
        (0, None) => "-".to_owned(),
        (done, None) => done.to_string(),
    }
}

async fn list(
    operator: &Operator,
    union: &UnionArg,
    all: bool,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let tenant = operator.find(union).await?.id;
    let (mut last, mut shown, mut values) = (None, 0, JsonList::default());
    loop {
        let mut tx = operator.begin(tenant).await?;
        let mut page = jobs::list(&mut tx, last, PAGE).await?;
        tx.commit().await?;
        let Some(oldest) = page.last().map(|job| job.id) else { break };
        last = Some(oldest);
        page.retain(|job| all || job.state != JobState::Done);
        shown += page.len();
        if json {
            page.iter().try_for_each(|job| values.add(job))?;
        } else if !page.is_empty() {
            table(&page);
        }
    }
    if json {
        values.end();
    } else {
        println!("{shown}件");
    }
    Ok(CommandStatus::Done)
}

fn table(jobs: &[JobStatus]) {
    let row = |job: &JobStatus| {
        [
            job.id.to_string(),
            name_of(&job.kind).to_owned(),
            state(job).to_owned(),
            progress(job),
            jst(job.created_at).format("%Y-%m-%d %H:%M").to_string(),
            job.attempts.to_string(),
            job.last_error.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    };
    let columns = [
        Column::Left("ID"),
        Column::Left("種類"),
        Column::Left("状態"),
        Column::Right("進み具合"),
        Column::Left("作成日時"),
        Column::Right("実行回数"),
        Column::Left("理由"),
    ];
    output::table(columns, &jobs.iter().map(row).collect::<Vec<_>>(), "");
}
